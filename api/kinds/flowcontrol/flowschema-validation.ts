import { deepEqual } from '#api/meta/deep-equal.ts';
import {
  type FieldError,
  duplicate,
  eachInvalid,
  forbidden,
  goStrings,
  invalid,
  invalidShown,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { dns1123Label, dns1123Subdomain } from '#api/meta/names.ts';
import { DEFAULT_FLOW_SCHEMAS } from './default-objects.ts';
import type {
  FlowSchema,
  NonResourcePolicyRule,
  PolicyRulesWithSubjects,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from './flowschema.ts';

const METHODS = ['ByNamespace', 'ByUser'];
const MAX_PRECEDENCE = 10_000;
const SUBJECT_KINDS = ['Group', 'ServiceAccount', 'User'];
const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];
const EXEMPT = 'exempt';

/** The faults of a FlowSchema (flowcontrol validation: ValidateFlowSchema). */
export function validateFlowSchema(schema: FlowSchema): FieldError[] {
  const { metadata, spec } = schema;
  const { matchingPrecedence: precedence = 0, distinguisherMethod, rules = [] } = spec ?? {};
  const errors: FieldError[] = [];
  const fault = (why: string): number => errors.push(invalid('spec.matchingPrecedence', precedence, why));
  if (precedence <= 0) fault('must be a positive value');
  if (precedence > MAX_PRECEDENCE) fault(`must not be greater than ${MAX_PRECEDENCE}`);
  if (precedence === 1 && metadata.name !== EXEMPT)
    fault("only the schema named 'exempt' may have matchingPrecedence 1");
  if (distinguisherMethod !== undefined && !METHODS.includes(distinguisherMethod.type))
    errors.push(notSupported('spec.distinguisherMethod.type', distinguisherMethod, METHODS));
  const level = spec?.priorityLevelConfiguration.name ?? '';
  const here = 'spec.priorityLevelConfiguration.name';
  if (level === '') errors.push(requiredValue(here, 'must reference a priority level'));
  else errors.push(...eachInvalid(here, level, dns1123Subdomain(level)));
  for (const [index, rule] of rules.entries()) errors.push(...validateRules(rule, `spec.rules[${index}]`));
  const fixed = DEFAULT_FLOW_SCHEMAS.find(({ name, mandatory }) => mandatory && name === metadata.name);
  if (fixed !== undefined && !deepEqual(spec, fixed.spec))
    errors.push(invalid('spec', spec, `spec of '${fixed.name}' must equal the fixed value`));
  return [...errors, ...validateFlowSchemaStatus(schema)];
}

/** The faults of what is said of a FlowSchema. */
export const validateFlowSchemaStatus = ({ status }: FlowSchema): FieldError[] =>
  validateConditionTypes(status?.conditions ?? []);

/** Conditions have types, each its own. */
export const validateConditionTypes = (conditions: readonly { readonly type?: string }[]): FieldError[] =>
  conditions.flatMap(({ type = '' }, index) => {
    const here = `status.conditions[${index}].type`;
    return [
      ...(conditions.findIndex((one) => (one.type ?? '') === type) < index ? [duplicate(here, type)] : []),
      ...(type === '' ? [requiredValue(here, 'must not be empty')] : []),
    ];
  });

function validateRules(rule: PolicyRulesWithSubjects, path: string): FieldError[] {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rule as Partial<PolicyRulesWithSubjects>;
  const errors =
    subjects.length === 0
      ? [requiredValue(`${path}.subjects`, 'subjects must contain at least one value')]
      : subjects.flatMap((subject, index) => validateSubject(subject, `${path}.subjects[${index}]`));
  if (resourceRules.length === 0 && nonResourceRules.length === 0)
    errors.push(requiredValue(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  for (const [index, one] of resourceRules.entries())
    errors.push(...validateResourceRule(one, `${path}.resourceRules[${index}]`));
  for (const [index, one] of nonResourceRules.entries())
    errors.push(...validateNonResourceRule(one, `${path}.nonResourceRules[${index}]`));
  return errors;
}

const FIELD_OF = { ServiceAccount: 'serviceAccount', User: 'user', Group: 'group' } as const;

function validateSubject(subject: Subject, path: string): FieldError[] {
  const { kind } = subject;
  if (!isSubjectKind(kind)) return [notSupported(`${path}.kind`, kind, SUBJECT_KINDS)];
  const own = FIELD_OF[kind];
  const given = subject[own];
  const errors: FieldError[] = [];
  if (given === undefined)
    errors.push(requiredValue(`${path}.${own}`, `${own} is required when subject kind is '${kind}'`));
  else if (subject.serviceAccount !== undefined && own === 'serviceAccount')
    errors.push(...validateServiceAccount(subject.serviceAccount, `${path}.${own}`));
  else if (given.name === '') errors.push(requiredValue(`${path}.${own}.name`));
  for (const [other, field] of Object.entries(FIELD_OF))
    if (field !== own && subject[field] !== undefined)
      errors.push(forbidden(`${path}.${field}`, `${field} is forbidden when subject kind is not '${other}'`));
  return errors;
}

const isSubjectKind = (kind: string): kind is keyof typeof FIELD_OF => SUBJECT_KINDS.includes(kind);

function validateServiceAccount({ namespace, name }: ServiceAccountSubject, path: string): FieldError[] {
  const errors: FieldError[] = [];
  if (name === '') errors.push(requiredValue(`${path}.name`));
  else if (name !== '*') errors.push(...eachInvalid(`${path}.name`, name, dns1123Subdomain(name)));
  if (namespace === '') errors.push(requiredValue(`${path}.namespace`, 'must specify namespace for service account'));
  else errors.push(...eachInvalid(`${path}.namespace`, namespace, dns1123Label(namespace)));
  return errors;
}

/** A star stands alone. */
const crowdedStar = (values: readonly string[], path: string, what: string): FieldError[] =>
  values.length > 1 && values.includes('*')
    ? [invalidShown(path, goStrings(values), `if '*' is present, must not specify other ${what}`)]
    : [];

function validateVerbs(verbs: readonly string[], path: string): FieldError[] {
  if (verbs.length === 0) return [requiredValue(path, 'verbs must contain at least one value')];
  if (verbs.includes('*')) return crowdedStar(verbs, path, 'verbs');
  return verbs.every((verb) => VERBS.includes(verb)) ? [] : [notSupported(path, verbs, VERBS)];
}

function validateResourceRule(rule: ResourcePolicyRule, path: string): FieldError[] {
  const { verbs = [], apiGroups = [], resources = [], namespaces = [] } = rule as Partial<ResourcePolicyRule>;
  const errors = validateVerbs(verbs, `${path}.verbs`);
  if (apiGroups.length === 0)
    errors.push(requiredValue(`${path}.apiGroups`, 'resource rules must supply at least one api group'));
  errors.push(...crowdedStar(apiGroups, `${path}.apiGroups`, 'api groups'));
  if (resources.length === 0)
    errors.push(requiredValue(`${path}.resources`, 'resource rules must supply at least one resource'));
  errors.push(...crowdedStar(resources, `${path}.resources`, 'resources'));
  if (namespaces.length === 0 && rule.clusterScope !== true)
    errors.push(
      requiredValue(
        `${path}.namespaces`,
        'resource rules that are not cluster scoped must supply at least one namespace',
      ),
    );
  if (namespaces.includes('*')) return [...errors, ...crowdedStar(namespaces, `${path}.namespaces`, 'namespaces')];
  for (const [index, namespace] of namespaces.entries()) {
    const texts = dns1123Label(namespace).map(
      (text) => `each member of this list must be '*' or a DNS-1123 label; ${text}`,
    );
    errors.push(...eachInvalid(`${path}.namespaces[${index}]`, namespace, texts));
  }
  return errors;
}

function validateNonResourceRule(rule: NonResourcePolicyRule, path: string): FieldError[] {
  const { verbs = [], nonResourceURLs: urls = [] } = rule as Partial<NonResourcePolicyRule>;
  const errors = validateVerbs(verbs, `${path}.verbs`);
  const here = `${path}.nonResourceURLs`;
  if (urls.length === 0) return [...errors, requiredValue(here, 'nonResourceURLs must contain at least one value')];
  if (urls.includes('*')) return [...errors, ...crowdedStar(urls, here, 'non-resource URLs')];
  for (const [index, url] of urls.entries()) errors.push(...eachInvalid(`${here}[${index}]`, url, urlFaults(url)));
  return errors;
}

/** The first thing wrong with a path. */
function urlFaults(url: string): string[] {
  if (url === '') return ['must not be empty'];
  if (url === '/') return [];
  if (!url.startsWith('/')) return ['must start with slash'];
  if (url.includes(' ')) return ['must not contain white-space'];
  if (url.includes('//')) return ['must not contain double slash'];
  const stars = url.split('*').length - 1;
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? ['wildcard can only do suffix matching'] : [];
}
