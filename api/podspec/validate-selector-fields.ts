import { type FieldError, eachInvalid, invalid, notSupported, requiredValue } from '#api/meta/field-error.ts';
import { qualifiedName } from '#api/meta/names.ts';
import { compareQuantity, parseQuantity } from '#api/meta/quantity.ts';
import type { ObjectFieldSelector, ResourceFieldSelector } from '#api/podspec/env.ts';

/** Fields of the pod that an environment variable may show. */
export const ENV_FIELDS: readonly string[] = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
/** Fields of the pod that a file of a downwardAPI volume may show. */
export const VOLUME_FIELDS: readonly string[] = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];
/** Resources of a container that a variable or a file may show. */
const RESOURCE_FIELDS: readonly string[] = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const POD_FIELDS = new Set([
  ...ENV_FIELDS,
  ...VOLUME_FIELDS,
  'spec.restartPolicy',
  'spec.schedulerName',
  'status.phase',
  'spec.host',
]);

/** The faults of a reference to a field of the pod; `allowed` are the fields that it may name. */
export function validateFieldRef(
  selector: ObjectFieldSelector,
  allowed: readonly string[],
  path: string,
): FieldError[] {
  const { apiVersion = '', fieldPath } = selector;
  if (apiVersion === '') return [requiredValue(`${path}.apiVersion`)];
  if (!fieldPath) return [requiredValue(`${path}.fieldPath`)];
  const wrong = (why: string): FieldError[] => [
    invalid(`${path}.fieldPath`, fieldPath, `error converting fieldPath: ${why}`),
  ];
  if (apiVersion !== 'v1') return wrong(`unsupported pod version: ${apiVersion}`);
  const [, map, key] = /^(.*)\['(.*)'\]$/.exec(fieldPath) ?? [];
  if (map !== undefined && key !== undefined) {
    if (map === 'metadata.labels') return eachInvalid(path, key, qualifiedName(key));
    if (map === 'metadata.annotations') return eachInvalid(path, key, qualifiedName(key.toLowerCase()));
    return wrong(`field label does not support subscript: ${fieldPath}`);
  }
  if (!POD_FIELDS.has(fieldPath)) return wrong(`field label not supported: ${fieldPath}`);
  return allowed.includes(fieldPath) ? [] : [notSupported(`${path}.fieldPath`, fieldPath, allowed)];
}

/** The faults of a reference to a container's resources; files name the container, variables mean their own. */
export function validateResourceRef(selector: ResourceFieldSelector, path: string, inVolume: boolean): FieldError[] {
  const { containerName = '', resource, divisor } = selector;
  if (inVolume && containerName === '') return [requiredValue(`${path}.containerName`)];
  if (!resource) return [requiredValue(`${path}.resource`)];
  const huge = /^(requests|limits)\.hugepages-/.test(resource);
  const errors =
    RESOURCE_FIELDS.includes(resource) || huge ? [] : [notSupported(`${path}.resource`, resource, RESOURCE_FIELDS)];
  return [...errors, ...validateDivisor(resource, divisor, `${path}.divisor`)];
}

const CPU_DIVISORS = ['1m', '1'];
const BYTE_DIVISORS = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

function validateDivisor(resource: string, divisor: string | undefined, path: string): FieldError[] {
  if (divisor === undefined || (parseQuantity(divisor)?.nano ?? 0n) === 0n) return [];
  const name = resource.slice(resource.indexOf('.') + 1);
  const among = (list: readonly string[]): boolean => list.some((one) => compareQuantity(one, divisor) === 0);
  if (name === 'cpu' && !among(CPU_DIVISORS))
    return [invalid(path, name, "only divisor's values 1m and 1 are supported with the cpu resource")];
  if (['memory', 'ephemeral-storage'].includes(name) && !among(BYTE_DIVISORS))
    return [
      invalid(
        path,
        name,
        `only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with the ${name === 'memory' ? 'memory' : 'local ephemeral storage'} resource`,
      ),
    ];
  return [];
}
