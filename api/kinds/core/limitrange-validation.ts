import type { LimitRange, LimitRangeItem } from '#api/kinds/core/limitrange.ts';
import { type FieldError, duplicate, eachInvalid, forbidden, invalid, requiredValue } from '#api/meta/field-error.ts';
import { qualifiedName } from '#api/meta/names.ts';
import { compareQuantity, milliValue } from '#api/meta/quantity.ts';
import {
  isExtendedResource,
  isHugePage,
  validateAnyResourceName,
  validateResourceName,
} from '#api/podspec/validate-resources.ts';

type Amounts = Readonly<Record<string, string>>;

const TYPES = ['Container', 'PersistentVolumeClaim', 'Pod'];

/** The faults of a LimitRange (core validation: ValidateLimitRange). */
export function validateLimitRange({ spec }: LimitRange): FieldError[] {
  const seen = new Set<string>();
  return (spec?.limits ?? []).flatMap((item, index) => {
    const path = `spec.limits[${index}]`;
    const errors = validateType(item.type, `${path}.type`);
    if (seen.has(item.type)) errors.push(duplicate(`${path}.type`, item.type));
    seen.add(item.type);
    return [...errors, ...validateItem(item, path)];
  });
}

function validateType(type: string, path: string): FieldError[] {
  const wrong = eachInvalid(path, type, qualifiedName(type));
  if (wrong.length > 0 || type.includes('/') || TYPES.includes(type)) return wrong;
  return [invalid(path, type, 'must be a standard limit type or fully qualified')];
}

function validateItem(item: LimitRangeItem, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const forContainers = item.type === 'Pod' || item.type === 'Container';
  const named = (field: 'max' | 'min' | 'default' | 'defaultRequest' | 'maxLimitRequestRatio'): Amounts => {
    const amounts = item[field] ?? {};
    const check = forContainers ? validateResourceName : validateAnyResourceName;
    for (const name of Object.keys(amounts)) errors.push(...check(name, `${path}.${field}[${name}]`));
    return amounts;
  };
  const max = named('max');
  const min = named('min');
  let limits: Amounts = {};
  let requests: Amounts = {};
  if (item.type === 'Pod') {
    for (const field of ['default', 'defaultRequest'] as const)
      if (Object.keys(item[field] ?? {}).length > 0)
        errors.push(forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'"));
  } else {
    limits = named('default');
    requests = named('defaultRequest');
  }
  if (item.type === 'PersistentVolumeClaim' && min['storage'] === undefined && max['storage'] === undefined)
    errors.push(
      requiredValue(`${path}.limits`, 'either minimum or maximum storage value is required, but neither was provided'),
    );
  const ratios = named('maxLimitRequestRatio');
  for (const name of Object.keys({ ...max, ...min, ...limits, ...requests, ...ratios }))
    errors.push(
      ...validateOrder(
        name,
        { max: max[name], min: min[name], limit: limits[name], request: requests[name], ratio: ratios[name] },
        path,
      ),
    );
  return errors;
}

/** What an item says of one resource. */
interface Bounds {
  readonly max: string | undefined;
  readonly min: string | undefined;
  readonly limit: string | undefined;
  readonly request: string | undefined;
  readonly ratio: string | undefined;
}

const above = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && compareQuantity(a, b) > 0;

/** min ≤ default request ≤ default limit ≤ max, and a ratio that can be met. */
function validateOrder(name: string, { max, min, limit, request, ratio }: Bounds, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const fault = (field: string, value: string | undefined, text: string): void => {
    errors.push(invalid(`${path}.${field}[${name}]`, value, text));
  };
  if (above(min, max)) fault('min', min, `min value ${min} is greater than max value ${max}`);
  if (above(min, request))
    fault('defaultRequest', request, `min value ${min} is greater than default request value ${request}`);
  if (above(request, max))
    fault('defaultRequest', request, `default request value ${request} is greater than max value ${max}`);
  if (above(request, limit))
    fault('defaultRequest', request, `default request value ${request} is greater than default limit value ${limit}`);
  if (above(min, limit)) fault('default', min, `min value ${min} is greater than default value ${limit}`);
  if (above(limit, max)) fault('default', max, `default value ${limit} is greater than max value ${max}`);
  if (ratio !== undefined && compareQuantity(ratio, '1') < 0)
    fault('maxLimitRequestRatio', ratio, `ratio ${ratio} is less than 1`);
  if (ratio !== undefined && min !== undefined && max !== undefined) {
    const most = milliValue(max) / milliValue(min);
    if (milliValue(ratio) / 1000 > most)
      fault('maxLimitRequestRatio', ratio, `ratio ${ratio} is greater than max/min = ${most.toFixed(6)}`);
  }
  const fixed = isExtendedResource(name) || isHugePage(name);
  if (fixed && limit !== undefined && request !== undefined && compareQuantity(limit, request) !== 0)
    fault('defaultRequest', request, `default value ${limit} must equal to defaultRequest value ${request} in ${name}`);
  return errors;
}
