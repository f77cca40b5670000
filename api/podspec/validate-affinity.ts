import { type FieldError, eachInvalid, forbidden, invalid, requiredValue } from '#api/meta/field-error.ts';
import { dns1123Label, dns1123Subdomain, qualifiedName } from '#api/meta/names.ts';
import { validateLabelSelector } from '#api/meta/selectors.ts';
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
} from '#api/podspec/affinity.ts';

/** The faults of a pod's affinity at `path`. */
export function validateAffinity(affinity: Affinity | undefined, path: string): FieldError[] {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity ?? {};
  const errors: FieldError[] = [];
  if (nodeAffinity !== undefined) {
    const here = `${path}.nodeAffinity`;
    const {
      requiredDuringSchedulingIgnoredDuringExecution: needed,
      preferredDuringSchedulingIgnoredDuringExecution: liked,
    } = nodeAffinity;
    if (needed !== undefined)
      errors.push(...validateNodeSelector(needed, `${here}.requiredDuringSchedulingIgnoredDuringExecution`));
    for (const [index, { weight, preference }] of (liked ?? []).entries()) {
      const at = `${here}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      errors.push(...validateWeight(weight, at), ...validateTerm(preference, `${at}.preference`));
    }
  }
  errors.push(...validatePodAffinity(podAffinity, `${path}.podAffinity`));
  errors.push(...validatePodAffinity(podAntiAffinity, `${path}.podAntiAffinity`));
  return errors;
}

const validateWeight = (weight: number, path: string): FieldError[] =>
  weight >= 1 && weight <= 100 ? [] : [invalid(`${path}.weight`, weight ?? 0, 'must be in the range 1-100')];

/** The faults of a selector of nodes. */
export function validateNodeSelector(selector: NodeSelector, path: string): FieldError[] {
  const here = `${path}.nodeSelectorTerms`;
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) return [requiredValue(here, 'must have at least one node selector term')];
  return terms.flatMap((term, index) => validateTerm(term, `${here}[${index}]`));
}

function validateTerm(term: NodeSelectorTerm, path: string): FieldError[] {
  return [
    ...(term.matchExpressions ?? []).flatMap((one, index) =>
      validateRequirement(one, `${path}.matchExpressions[${index}]`),
    ),
    ...(term.matchFields ?? []).flatMap((one, index) => validateFieldRequirement(one, `${path}.matchFields[${index}]`)),
  ];
}

function validateRequirement({ key, operator, values = [] }: NodeSelectorRequirement, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0)
      errors.push(requiredValue(`${path}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(forbidden(`${path}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1)
      errors.push(requiredValue(`${path}.values`, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else errors.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'));
  return [...errors, ...eachInvalid(`${path}.key`, key ?? '', qualifiedName(key ?? ''))];
}

function validateFieldRequirement({ key, operator, values = [] }: NodeSelectorRequirement, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn')
    errors.push(invalid(`${path}.operator`, operator ?? '', 'not a valid selector operator'));
  else if (values.length !== 1)
    errors.push(
      requiredValue(
        `${path}.values`,
        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
      ),
    );
  if (key !== 'metadata.name') errors.push(invalid(`${path}.key`, key ?? '', 'not a valid field selector key'));
  else
    for (const [index, value] of values.entries())
      errors.push(...eachInvalid(`${path}.values[${index}]`, value, dns1123Subdomain(value)));
  return errors;
}

function validatePodAffinity(affinity: PodAffinity | undefined, path: string): FieldError[] {
  const needed = affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? [];
  const liked = affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  return [
    ...needed.flatMap((term, index) =>
      validatePodTerm(term, `${path}.requiredDuringSchedulingIgnoredDuringExecution[${index}]`),
    ),
    ...liked.flatMap(({ weight, podAffinityTerm }, index) => {
      const here = `${path}.preferredDuringSchedulingIgnoredDuringExecution[${index}]`;
      return [...validateWeight(weight, here), ...validatePodTerm(podAffinityTerm, `${here}.podAffinityTerm`)];
    }),
  ];
}

function validatePodTerm(term: PodAffinityTerm, path: string): FieldError[] {
  const { topologyKey } = term;
  return [
    ...validateLabelSelector(term.labelSelector, `${path}.labelSelector`),
    ...validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`),
    ...(term.namespaces ?? []).flatMap((name) => eachInvalid(`${path}.namespace`, name, dns1123Label(name))),
    ...(topologyKey ? [] : [requiredValue(`${path}.topologyKey`, 'can not be empty')]),
    ...eachInvalid(`${path}.topologyKey`, topologyKey ?? '', qualifiedName(topologyKey ?? '')),
  ];
}
