import { type FieldError, duplicate, eachInvalid, notSupported, requiredValue } from '#api/meta/field-error.ts';
import { portName, portNumber } from '#api/meta/names.ts';
import type { Container, ContainerPort } from '#api/podspec/container.ts';

/** The transport protocols, in the order that messages name them. */
export const PROTOCOLS: readonly string[] = ['SCTP', 'TCP', 'UDP'];

/** The faults of a container's ports. */
export function validatePorts(ports: readonly ContainerPort[] | undefined, path: string): FieldError[] {
  const names = new Set<string>();
  return (ports ?? []).flatMap((port, index) => {
    const here = `${path}[${index}]`;
    const errors: FieldError[] = [];
    if (port.name) {
      const wrong = portName(port.name);
      errors.push(...eachInvalid(`${here}.name`, port.name, wrong));
      if (wrong.length === 0) {
        if (names.has(port.name)) errors.push(duplicate(`${here}.name`, port.name));
        names.add(port.name);
      }
    }
    if (!port.containerPort) errors.push(requiredValue(`${here}.containerPort`));
    else errors.push(...eachInvalid(`${here}.containerPort`, port.containerPort, portNumber(port.containerPort)));
    if (port.hostPort) errors.push(...eachInvalid(`${here}.hostPort`, port.hostPort, portNumber(port.hostPort)));
    if (!port.protocol) errors.push(requiredValue(`${here}.protocol`));
    else if (!PROTOCOLS.includes(port.protocol))
      errors.push(notSupported(`${here}.protocol`, port.protocol, PROTOCOLS));
    return errors;
  });
}

/** Two containers that run side by side cannot have the same port of the host. `path` is that of the list of containers. */
export function validateHostPortConflicts(containers: readonly Pick<Container, 'ports'>[], path: string): FieldError[] {
  const taken = new Set<string>();
  return containers.flatMap(({ ports }, container) =>
    (ports ?? []).flatMap(({ hostPort, hostIP = '', protocol = '' }, index) => {
      if (!hostPort) return [];
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) return [duplicate(`${path}[${container}].ports[${index}].hostPort`, key)];
      taken.add(key);
      return [];
    }),
  );
}
