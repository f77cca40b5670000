import {
  type FieldError,
  eachInvalid,
  goStrings,
  invalidShown,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { dns1123Subdomain, pathSegment } from '#api/meta/names.ts';
import { type PolicyRule, RBAC_GROUP, type RoleRef, type Subject } from '#api/kinds/rbac/rules.ts';

/** The faults of a role's rules. `namespaced`: the role is of a namespace, where paths that name no resource mean nothing. */
export const validateRules = (rules: readonly PolicyRule[] | undefined, namespaced: boolean): FieldError[] =>
  (rules ?? []).flatMap((rule, index) => validateRule(rule, namespaced, `rules[${index}]`));

function validateRule(rule: PolicyRule, namespaced: boolean, path: string): FieldError[] {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const errors: FieldError[] = [];
  if (verbs.length === 0) errors.push(requiredValue(`${path}.verbs`, 'verbs must contain at least one value'));
  if (nonResourceURLs.length > 0) {
    const wrong = (why: string): FieldError => invalidShown(`${path}.nonResourceURLs`, goStrings(nonResourceURLs), why);
    if (namespaced) errors.push(wrong('namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length + resources.length + resourceNames.length > 0)
      errors.push(wrong('rules cannot apply to both regular resources and non-resource URLs'));
    return errors;
  }
  if (apiGroups.length === 0)
    errors.push(requiredValue(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
  if (resources.length === 0)
    errors.push(requiredValue(`${path}.resources`, 'resource rules must supply at least one resource'));
  return errors;
}

/** What roles and bindings have in common. */
interface Binding {
  readonly roleRef: RoleRef;
  subjects?: Subject[];
}

/** The faults of a binding. `namespaced`: it is of a namespace, so it may name a Role, and service accounts may lack their namespace. */
export function validateBinding({ roleRef, subjects = [] }: Binding, namespaced: boolean): FieldError[] {
  const errors: FieldError[] = [];
  const kinds = namespaced ? ['Role', 'ClusterRole'] : ['ClusterRole'];
  if (roleRef.apiGroup !== RBAC_GROUP)
    errors.push(notSupported('roleRef.apiGroup', roleRef.apiGroup ?? '', [RBAC_GROUP]));
  if (!kinds.includes(roleRef.kind)) errors.push(notSupported('roleRef.kind', roleRef.kind, kinds));
  if (roleRef.name === '') errors.push(requiredValue('roleRef.name'));
  else errors.push(...eachInvalid('roleRef.name', roleRef.name, pathSegment(roleRef.name)));
  for (const [index, subject] of subjects.entries())
    errors.push(...validateSubject(subject, namespaced, `subjects[${index}]`));
  return errors;
}

function validateSubject(subject: Subject, namespaced: boolean, path: string): FieldError[] {
  const { kind, name, apiGroup = '', namespace = '' } = subject;
  const errors: FieldError[] = [];
  if (name === '') errors.push(requiredValue(`${path}.name`));
  if (kind === 'ServiceAccount') {
    if (name !== '') errors.push(...eachInvalid(`${path}.name`, name, dns1123Subdomain(name)));
    if (apiGroup !== '') errors.push(notSupported(`${path}.apiGroup`, apiGroup, ['']));
    if (!namespaced && namespace === '') errors.push(requiredValue(`${path}.namespace`));
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== RBAC_GROUP) errors.push(notSupported(`${path}.apiGroup`, apiGroup, [RBAC_GROUP]));
  } else errors.push(notSupported(`${path}.kind`, kind, ['ServiceAccount', 'User', 'Group']));
  return errors;
}

/** A binding may change whom it gives a role to, never which. */
export function validateSameRole({ roleRef }: Binding, { roleRef: before }: Binding): FieldError[] {
  const { apiGroup, kind, name } = roleRef;
  if (apiGroup === before.apiGroup && kind === before.kind && name === before.name) return [];
  const quoted = (text: string | undefined): string => JSON.stringify(text ?? '');
  const shown = `rbac.RoleRef{APIGroup:${quoted(apiGroup)}, Kind:${quoted(kind)}, Name:${quoted(name)}}`;
  return [invalidShown('roleRef', shown, 'cannot change roleRef')];
}

/** Fills in the API groups that go without saying. */
export function applyBindingDefaults({ roleRef, subjects }: Binding): void {
  roleRef.apiGroup ||= RBAC_GROUP;
  for (const subject of subjects ?? [])
    if (subject.kind === 'User' || subject.kind === 'Group') subject.apiGroup ||= RBAC_GROUP;
}
