import {
  type FieldError,
  duplicate,
  eachInvalid,
  invalid,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { labelValue, qualifiedName } from '#api/meta/names.ts';
import { validateLabelSelector } from '#api/meta/selectors.ts';
import type { PodSpec, Toleration, TopologySpreadConstraint } from '#api/podspec/pod-spec.ts';

/** What a taint does to pods that do not tolerate it. */
export const TAINT_EFFECTS: readonly string[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** The faults of tolerations at `path`. */
export const validateTolerations = (tolerations: readonly Toleration[] | undefined, path: string): FieldError[] =>
  (tolerations ?? []).flatMap((toleration, index) => validateToleration(toleration, `${path}[${index}]`));

function validateToleration(toleration: Toleration, path: string): FieldError[] {
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
  const errors = key === '' ? [] : eachInvalid(`${path}.key`, key, qualifiedName(key));
  if (key === '' && operator !== 'Exists')
    errors.push(
      invalid(
        `${path}.operator`,
        operator,
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    );
  if (tolerationSeconds !== undefined && effect !== 'NoExecute')
    errors.push(invalid(`${path}.effect`, effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
  if (operator === 'Equal' || operator === '') {
    const wrong = labelValue(value);
    if (wrong.length > 0) errors.push(invalid(`${path}.operator`, value, wrong.join(';')));
  } else if (operator === 'Exists') {
    if (value !== '')
      errors.push(invalid(`${path}.operator`, toleration, "value must be empty when `operator` is 'Exists'"));
  } else errors.push(notSupported(`${path}.operator`, operator, ['Equal', 'Exists']));
  if (effect !== '' && !TAINT_EFFECTS.includes(effect))
    errors.push(notSupported(`${path}.effect`, effect, TAINT_EFFECTS));
  return errors;
}

/** The faults of how pods spread, at `path`. */
export function validateTopologySpread(
  constraints: readonly TopologySpreadConstraint[] | undefined,
  path: string,
): FieldError[] {
  const seen = new Set<string>();
  return (constraints ?? []).flatMap((constraint, index) => {
    const here = `${path}[${index}]`;
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains } = constraint;
    const errors: FieldError[] = [];
    if (!(maxSkew > 0)) errors.push(invalid(`${here}.maxSkew`, maxSkew ?? 0, 'must be greater than zero'));
    if (!topologyKey) errors.push(requiredValue(`${here}.topologyKey`, 'can not be empty'));
    else errors.push(...eachInvalid(`${here}.topologyKey`, topologyKey, qualifiedName(topologyKey)));
    if (whenUnsatisfiable !== 'DoNotSchedule' && whenUnsatisfiable !== 'ScheduleAnyway')
      errors.push(
        notSupported(`${here}.whenUnsatisfiable`, whenUnsatisfiable ?? '', ['DoNotSchedule', 'ScheduleAnyway']),
      );
    const pair = `{${topologyKey}, ${whenUnsatisfiable}}`;
    if (seen.has(pair)) errors.push(duplicate(`${here}.{topologyKey, whenUnsatisfiable}`, pair));
    seen.add(pair);
    if (minDomains !== undefined) {
      if (minDomains <= 0) errors.push(invalid(`${here}.minDomains`, minDomains, 'must be greater than zero'));
      if (whenUnsatisfiable !== 'DoNotSchedule')
        errors.push(
          invalid(
            `${here}.minDomains`,
            minDomains,
            `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`,
          ),
        );
    }
    for (const field of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = constraint[field];
      if (policy !== undefined && policy !== 'Ignore' && policy !== 'Honor')
        errors.push(notSupported(`${here}.${field}`, policy, ['Honor', 'Ignore']));
    }
    return [...errors, ...validateLabelSelector(constraint.labelSelector, `${here}.labelSelector`)];
  });
}

/** The faults of a pod's gates, at `path` (the spec's). */
export function validateGates({ readinessGates = [], schedulingGates = [] }: PodSpec, path: string): FieldError[] {
  const errors = readinessGates.flatMap(({ conditionType }, index) =>
    eachInvalid(
      `${path}.readinessGates[${index}].conditionType`,
      conditionType ?? '',
      qualifiedName(conditionType ?? ''),
    ),
  );
  const seen = new Set<string>();
  for (const [index, { name }] of schedulingGates.entries()) {
    const here = `${path}.schedulingGates[${index}]`;
    errors.push(...eachInvalid(here, name, qualifiedName(name)));
    if (seen.has(name)) errors.push(duplicate(here, name));
    seen.add(name);
  }
  return errors;
}
