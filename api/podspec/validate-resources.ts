import { type FieldError, eachInvalid, forbidden, invalid, requiredValue } from '#api/meta/field-error.ts';
import { qualifiedName } from '#api/meta/names.ts';
import { compareQuantity, milliValue, parseQuantity, quantityValue } from '#api/meta/quantity.ts';
import type { ResourceRequirements } from '#api/podspec/resources.ts';

const CONTAINER_RESOURCES = new Set(['cpu', 'memory', 'ephemeral-storage']);
const STANDARD_RESOURCES = new Set([
  ...CONTAINER_RESOURCES,
  'storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'persistentvolumeclaims',
  'configmaps',
  'services.nodeports',
  'services.loadbalancers',
]);
/** Counted things, whatever their prefix. */
const COUNTED = new Set([
  'pods',
  'services',
  'secrets',
  'configmaps',
  'resourcequotas',
  'replicationcontrollers',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);

/** `hugepages-2Mi` and the like. */
export const isHugePage = (name: string): boolean => name.startsWith('hugepages-');
/** `hugepages-2Mi`, or `requests.hugepages-2Mi` as quotas may say, too. */
export const isQuotaPage = (name: string): boolean => isHugePage(name) || name.startsWith('requests.hugepages-');
/** Names without a domain, and those of kubernetes.io. */
const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');
/** A resource of someone else's, such as `example.com/gpu`; whole numbers, never overcommitted. */
export const isExtendedResource = (name: string): boolean =>
  !isNative(name) && !name.startsWith('requests.') && qualifiedName(`requests.${name}`).length === 0;

/** The faults of what a container or pod asks for and is limited to. */
export function validateResources(resources: ResourceRequirements | undefined, path: string): FieldError[] {
  const limits = Object.entries(resources?.limits ?? {});
  const requests = Object.entries(resources?.requests ?? {});
  const errors = limits.flatMap(([name, value]) => validateAmount(name, value, `${path}.limits[${name}]`));
  for (const [name, value] of requests) {
    errors.push(...validateAmount(name, value, `${path}.requests[${name}]`));
    const limit = resources?.limits?.[name];
    const fixed = !isNative(name) || isHugePage(name);
    if (limit === undefined) {
      if (fixed) errors.push(requiredValue(`${path}.limits`, 'Limit must be set for non overcommitable resources'));
    } else if (fixed && compareQuantity(value, limit) !== 0)
      errors.push(invalid(`${path}.requests`, value, `must be equal to ${name} limit`));
    else if (compareQuantity(value, limit) > 0)
      errors.push(invalid(`${path}.requests`, value, `must be less than or equal to ${name} limit`));
  }
  const names = [...limits, ...requests].map(([name]) => name);
  if (names.some(isHugePage) && !names.includes('cpu') && !names.includes('memory'))
    errors.push(forbidden(path, 'HugePages require cpu or memory'));
  return errors;
}

function validateAmount(name: string, value: string, path: string): FieldError[] {
  const errors = validateResourceName(name, path);
  errors.push(...validateResourceQuantity(name, value, path));
  if (isHugePage(name)) {
    const page = quantityValue(parseQuantity(name.slice('hugepages-'.length)));
    const amount = quantityValue(value);
    if (page === 0 || amount % page !== 0)
      errors.push(invalid(path, value, `${value} is not positive integer multiple of ${name}`));
  }
  return errors;
}

/** The faults of the name of a resource that containers have (core validation: ValidateContainerResourceName). */
export function validateResourceName(name: string, path: string): FieldError[] {
  const wrong = eachInvalid(path, name, qualifiedName(name));
  if (wrong.length > 0) return wrong;
  if (name.includes('/'))
    return !isNative(name) && !isExtendedResource(name)
      ? [invalid(path, name, "doesn't follow extended resource name standard")]
      : [];
  const errors: FieldError[] = [];
  if (!STANDARD_RESOURCES.has(name) && !isHugePage(name))
    errors.push(invalid(path, name, 'must be a standard resource type or fully qualified'));
  if (!CONTAINER_RESOURCES.has(name) && !isHugePage(name))
    errors.push(invalid(path, name, 'must be a standard resource for containers'));
  return errors;
}

/** The faults of the name of a resource of any sort, as quotas and bounds name them (core validation: validateResourceName). */
export function validateAnyResourceName(name: string, path: string): FieldError[] {
  const wrong = eachInvalid(path, name, qualifiedName(name));
  if (wrong.length > 0 || name.includes('/') || STANDARD_RESOURCES.has(name) || isQuotaPage(name)) return wrong;
  return [invalid(path, name, 'must be a standard resource type or fully qualified')];
}

/** An amount of a resource: not below zero, and whole where it counts things. */
export function validateResourceQuantity(name: string, value: string, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (compareQuantity(value, '0') < 0) errors.push(invalid(path, value, 'must be greater than or equal to 0'));
  if ((COUNTED.has(name) || isExtendedResource(name)) && milliValue(value) % 1000 !== 0)
    errors.push(invalid(path, value, 'must be an integer'));
  return errors;
}
