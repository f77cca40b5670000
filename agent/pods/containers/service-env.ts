import type { Service } from '#api/kinds/core/service.ts';

const envName = (name: string): string => name.toUpperCase().replaceAll('-', '_');

/**
 * The variables by which a pod finds Services: `<NAME>_SERVICE_HOST`, `<NAME>_SERVICE_PORT` and Docker's old link variables. Those of the
 * pod's own namespace come with `links`; `kubernetes` of `default` always (kubelet: getServiceEnvVarMap, envvars.FromServices).
 */
export function serviceEnvironment(
  services: readonly Service[],
  namespace: string,
  links: boolean,
): Map<string, string> {
  const chosen = new Map<string, Service>();
  for (const service of services) {
    const name = service.metadata.name ?? '';
    const clusterIP = service.spec?.clusterIP ?? '';
    if (clusterIP === '' || clusterIP === 'None') continue;
    const master = service.metadata.namespace === 'default' && name === 'kubernetes';
    if (links && service.metadata.namespace === namespace) chosen.set(name, service);
    else if (master && !chosen.has(name)) chosen.set(name, service);
  }
  const variables = new Map<string, string>();
  for (const [name, service] of [...chosen].sort(([a], [b]) => (a < b ? -1 : 1))) addService(variables, name, service);
  return variables;
}

function addService(variables: Map<string, string>, serviceName: string, service: Service): void {
  const name = envName(serviceName);
  const address = service.spec?.clusterIP ?? '';
  const host = address.includes(':') ? `[${address}]` : address;
  const ports = service.spec?.ports ?? [];
  variables.set(`${name}_SERVICE_HOST`, address);
  for (const [index, port] of ports.entries()) {
    if (index === 0) variables.set(`${name}_SERVICE_PORT`, String(port.port));
    if (port.name !== undefined && port.name !== '')
      variables.set(`${name}_SERVICE_PORT_${envName(port.name)}`, String(port.port));
  }
  for (const [index, port] of ports.entries()) {
    const protocol = (port.protocol ?? 'TCP').toLowerCase();
    const url = `${protocol}://${host}:${port.port}`;
    const prefix = `${name}_PORT_${port.port}_${protocol.toUpperCase()}`;
    if (index === 0) variables.set(`${name}_PORT`, url);
    variables.set(prefix, url);
    variables.set(`${prefix}_PROTO`, protocol);
    variables.set(`${prefix}_PORT`, String(port.port));
    variables.set(`${prefix}_ADDR`, address);
  }
}
