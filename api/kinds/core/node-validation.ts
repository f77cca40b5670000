import {
  type FieldError,
  duplicate,
  eachInvalid,
  forbidden,
  invalid,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { isCIDR } from '#api/meta/ip.ts';
import { labelValue, qualifiedName } from '#api/meta/names.ts';
import { TAINT_EFFECTS } from '#api/podspec/validate-scheduling.ts';
import { validateResourceQuantity } from '#api/podspec/validate-resources.ts';
import type { Node, Taint } from './node.ts';

/** The faults of a Node. Upstream tells those of taints as if they were in metadata. */
export function validateNode({ spec, status }: Node): FieldError[] {
  return [
    ...validateTaints(spec?.taints ?? [], 'metadata.taints'),
    ...(['capacity', 'allocatable'] as const).flatMap((field) =>
      Object.entries(status?.[field] ?? {}).flatMap(([name, value]) =>
        validateResourceQuantity(name, value, `status.${field}[${name}]`),
      ),
    ),
    ...(spec?.podCIDRs ?? []).flatMap((cidr, index) =>
      isCIDR(cidr)
        ? []
        : [invalid(`spec.podCIDRs[${index}]`, cidr, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')],
    ),
  ];
}

function validateTaints(taints: readonly Taint[], path: string): FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, index) => {
    const here = `${path}[${index}]`;
    const { key, value = '', effect } = taint;
    const errors = eachInvalid(`${here}.key`, key, qualifiedName(key));
    const wrong = labelValue(value);
    if (wrong.length > 0) errors.push(invalid(`${here}.value`, value, wrong.join(';')));
    if (!effect) errors.push(requiredValue(`${here}.effect`));
    else if (!TAINT_EFFECTS.includes(effect)) errors.push(notSupported(`${here}.effect`, effect, TAINT_EFFECTS));
    if (seen.has(`${effect}/${key}`)) errors.push(duplicate(here, taint));
    seen.add(`${effect}/${key}`);
    return errors;
  });
}

/** The faults of a change of a Node: what once is known of where it is stays. */
export function validateNodeUpdate({ spec }: Node, { spec: before }: Node): FieldError[] {
  const errors: FieldError[] = [];
  const networks = before?.podCIDRs ?? [];
  if (networks.length > 0 && !deepEqual(spec?.podCIDRs, networks))
    errors.push(forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid'));
  if (before?.providerID && spec?.providerID !== before.providerID)
    errors.push(forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid'));
  return errors;
}
