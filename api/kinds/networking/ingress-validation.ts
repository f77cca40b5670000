import {
  type FieldError,
  eachInvalid,
  invalid,
  invalidShown,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { IP_MESSAGE, isIP } from '#api/meta/ip.ts';
import {
  dns1035Label,
  dns1123Subdomain,
  pathSegment,
  portName,
  portNumber,
  wildcardSubdomain,
} from '#api/meta/names.ts';
import type { HTTPIngressPath, Ingress, IngressBackend, IngressRule, IngressTLS } from './ingress.ts';

const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';
const PATH_TYPES = ['Exact', 'ImplementationSpecific', 'Prefix'];
const BAD_SEQUENCES = ['//', '/./', '/../', '%2f', '%2F'];
const BAD_ENDS = ['/..', '/.'];

/** What faults of an older object stay allowed, because it has them already. */
interface Tolerated {
  readonly secretNames: boolean;
  readonly wildcardRules: boolean;
}

/** The faults of a new Ingress (networking validation: ValidateIngressCreate). */
export function validateIngressCreate(ingress: Ingress): FieldError[] {
  const errors = validateSpec(ingress, { secretNames: false, wildcardRules: false });
  const annotated = ingress.metadata.annotations?.[CLASS_ANNOTATION];
  const name = ingress.spec?.ingressClassName;
  if (annotated !== undefined && name !== undefined && annotated !== name)
    // Upstream's path has no `metadata.` in front.
    errors.push(
      invalid(`annotations.${CLASS_ANNOTATION}`, annotated, 'must match `ingressClassName` when both are specified'),
    );
  return errors;
}

/** The faults of an Ingress in place of `old`. */
export const validateIngress = (ingress: Ingress, old: Ingress): FieldError[] =>
  validateSpec(ingress, {
    secretNames: (old.spec?.tls ?? []).some(({ secretName }) => secretNameFaults(secretName).length > 0),
    wildcardRules: (old.spec?.rules ?? []).some(
      (rule) => rule.host?.includes('*') === true && validateRuleValue(rule, '').length > 0,
    ),
  });

/** The faults of what a controller says of an Ingress. */
export const validateIngressStatus = ({ status }: Ingress, old: Ingress): FieldError[] => {
  const known = new Set((old.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip));
  return (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }, index) => {
    const here = `status.loadBalancer.ingress[${index}]`;
    const errors: FieldError[] = [];
    if (ip && !known.has(ip) && !isIP(ip)) errors.push(invalid(`${here}.ip`, ip, IP_MESSAGE));
    if (hostname) {
      errors.push(...eachInvalid(`${here}.hostname`, hostname, dns1123Subdomain(hostname)));
      if (isIP(hostname)) errors.push(invalid(`${here}.hostname`, hostname, 'must be a DNS name, not an IP address'));
    }
    return errors;
  });
};

function validateSpec({ spec = {} }: Ingress, tolerated: Tolerated): FieldError[] {
  const { rules = [], tls = [], defaultBackend, ingressClassName } = spec;
  const errors: FieldError[] = [];
  if (rules.length === 0 && defaultBackend === undefined)
    errors.push(
      invalidShown('spec', '[]networking.IngressRule(nil)', 'either `defaultBackend` or `rules` must be specified'),
    );
  if (defaultBackend !== undefined) errors.push(...validateBackend(defaultBackend, 'spec.defaultBackend'));
  for (const [index, rule] of rules.entries()) errors.push(...validateRule(rule, tolerated, `spec.rules[${index}]`));
  for (const [index, one] of tls.entries()) errors.push(...validateTLS(one, tolerated, `spec.tls[${index}]`));
  if (ingressClassName !== undefined)
    errors.push(...eachInvalid('spec.ingressClassName', ingressClassName, dns1123Subdomain(ingressClassName)));
  return errors;
}

const hostFaults = (host: string): string[] => (host.includes('*') ? wildcardSubdomain(host) : dns1123Subdomain(host));

function validateRule(rule: IngressRule, tolerated: Tolerated, path: string): FieldError[] {
  const { host = '' } = rule;
  const errors: FieldError[] = [];
  if (host !== '') {
    if (isIP(host)) errors.push(invalid(`${path}.host`, host, 'must be a DNS name, not an IP address'));
    errors.push(...eachInvalid(`${path}.host`, host, hostFaults(host)));
  }
  if (!host.includes('*') || !tolerated.wildcardRules) errors.push(...validateRuleValue(rule, path));
  return errors;
}

function validateRuleValue({ http }: IngressRule, path: string): FieldError[] {
  if (http === undefined) return [];
  const paths = http.paths ?? [];
  if (paths.length === 0) return [requiredValue(`${path}.http.paths`)];
  return paths.flatMap((one, index) => validatePath(one, `${path}.http.paths[${index}]`));
}

function validatePath({ path: given = '', pathType, backend }: HTTPIngressPath, path: string): FieldError[] {
  if (pathType === undefined) return [requiredValue(`${path}.pathType`, 'pathType must be specified')];
  const errors: FieldError[] = [];
  const fault = (why: string): number => errors.push(invalid(`${path}.path`, given, why));
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (!given.startsWith('/')) fault('must be an absolute path');
    for (const one of BAD_SEQUENCES) if (given.includes(one)) fault(`must not contain '${one}'`);
    for (const one of BAD_ENDS) if (given.endsWith(one)) fault(`cannot end with '${one}'`);
  } else if (pathType === 'ImplementationSpecific') {
    if (given !== '' && !given.startsWith('/')) fault('must be an absolute path');
  } else errors.push(notSupported(`${path}.pathType`, pathType, PATH_TYPES));
  return [...errors, ...validateBackend(backend ?? {}, `${path}.backend`)];
}

function validateBackend({ resource, service }: IngressBackend, path: string): FieldError[] {
  if (resource !== undefined && service !== undefined)
    return [invalid(path, '', 'cannot set both resource and service backends')];
  if (resource !== undefined) return validateObjectReference(resource, `${path}.resource`);
  if (service === undefined) return [invalid(path, '', 'resource or service backend is required')];
  const errors: FieldError[] = [];
  const here = `${path}.service`;
  if (!service.name) errors.push(requiredValue(`${here}.name`));
  else errors.push(...eachInvalid(`${here}.name`, service.name, dns1035Label(service.name)));
  const { name = '', number = 0 } = service.port ?? {};
  if (name !== '' && number !== 0) errors.push(invalid(path, '', 'cannot set both port name & port number'));
  else if (name !== '') errors.push(...eachInvalid(`${here}.port.name`, name, portName(name)));
  else if (number !== 0) errors.push(...eachInvalid(`${here}.port.number`, number, portNumber(number)));
  else errors.push(requiredValue(path, 'port name or number is required'));
  return errors;
}

function validateTLS({ hosts = [], secretName }: IngressTLS, tolerated: Tolerated, path: string): FieldError[] {
  const errors = hosts.flatMap((host, index) => eachInvalid(`${path}.hosts[${index}]`, host, hostFaults(host)));
  if (!tolerated.secretNames)
    errors.push(...eachInvalid(`${path}.secretName`, secretName, secretNameFaults(secretName)));
  return errors;
}

const secretNameFaults = (name: string | undefined): string[] => (name ? dns1123Subdomain(name) : []);

/** The faults of a reference to an object by group, kind and name. */
export function validateObjectReference(
  { apiGroup, kind, name }: { readonly apiGroup?: string; readonly kind?: string; readonly name?: string },
  path: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (apiGroup !== undefined) errors.push(...eachInvalid(`${path}.apiGroup`, apiGroup, dns1123Subdomain(apiGroup)));
  if (!kind) errors.push(requiredValue(`${path}.kind`, 'kind is required'));
  else errors.push(...eachInvalid(`${path}.kind`, kind, pathSegment(kind)));
  if (!name) errors.push(requiredValue(`${path}.name`, 'name is required'));
  else errors.push(...eachInvalid(`${path}.name`, name, pathSegment(name)));
  return errors;
}
