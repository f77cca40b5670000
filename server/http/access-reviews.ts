import type {
  NonResourceAttributes,
  ResourceAttributes,
  SubjectAccessReviewStatus,
} from '#api/kinds/authorization/access-attributes.ts';
import type { LocalSubjectAccessReview } from '#api/kinds/authorization/localsubjectaccessreview.ts';
import type { SelfSubjectAccessReview } from '#api/kinds/authorization/selfsubjectaccessreview.ts';
import type { SelfSubjectRulesReview } from '#api/kinds/authorization/selfsubjectrulesreview.ts';
import type { SubjectAccessReview, SubjectAccessReviewSpec } from '#api/kinds/authorization/subjectaccessreview.ts';
import { type FieldError, invalid, invalidShown, requiredValue } from '#api/meta/field-error.ts';
import type { ObjectMeta } from '#api/meta/object-meta.ts';
import { type FieldTerm, SelectorError, parseFieldSelector } from '#api/meta/selectors.ts';
import { StatusError, badRequest, invalidError } from '#api/meta/status.ts';
import type { Attributes } from '#server/authorization/authorizer.ts';
import type { User } from '#server/store/registry.ts';
import type { ResourceRequest } from './api-context.ts';

/** What may be asked about: one of the two. */
interface Asked {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: NonResourceAttributes;
}

/** May the named user do it. */
export function subjectAccessReview(given: SubjectAccessReview, request: ResourceRequest): SubjectAccessReview {
  refuse([...specFaults(given.spec), ...metadataFaults(given.metadata)]);
  return { ...given, status: judge(subjectOf(given.spec), given.spec, request) };
}

/** May the named user do it in the namespace of the path. */
export function localAccessReview(given: LocalSubjectAccessReview, request: ResourceRequest): LocalSubjectAccessReview {
  const { spec, metadata } = given;
  const { namespace = '', ...rest } = metadata;
  const faults = [...specFaults(spec), ...metadataFaults(rest, 'must be empty except for namespace')];
  const { resourceAttributes: resource, nonResourceAttributes: path } = spec;
  if (resource !== undefined && (resource.namespace ?? '') !== namespace)
    faults.push(
      invalid('spec.resourceAttributes.namespace', resource.namespace ?? '', 'must match metadata.namespace'),
    );
  if (path !== undefined)
    faults.push(invalidShown('spec.nonResourceAttributes', shownPath(path), 'disallowed on this kind of request'));
  refuse(faults);
  return { ...given, status: judge(subjectOf(spec), spec, request) };
}

/** May the asker do it. */
export function selfAccessReview(given: SelfSubjectAccessReview, request: ResourceRequest): SelfSubjectAccessReview {
  refuse([...askedFaults(given.spec), ...selectorFaults(given.spec), ...metadataFaults(given.metadata)]);
  return { ...given, status: judge(request.user, given.spec, request) };
}

/** What the asker may do in a namespace. Of a node not all can be told. */
export function rulesReview(given: SelfSubjectRulesReview, { api, user }: ResourceRequest): SelfSubjectRulesReview {
  const namespace = given.spec.namespace ?? '';
  if (namespace === '') throw badRequest('no namespace on request');
  const { rules, missing } = api.rbac.rightsOf(user, namespace);
  const isNode = user.groups.includes('system:nodes') && user.name.startsWith('system:node:');
  const errors = isNode ? [...missing, 'node authorizer does not support user rule resolution'] : missing;
  const resourceRules = [];
  const nonResourceRules = [];
  for (const { verbs, apiGroups, resources = [], resourceNames, nonResourceURLs = [] } of rules) {
    if (resources.length > 0)
      resourceRules.push({
        verbs,
        ...(apiGroups === undefined ? {} : { apiGroups }),
        resources,
        ...(resourceNames === undefined ? {} : { resourceNames }),
      });
    if (nonResourceURLs.length > 0) nonResourceRules.push({ verbs, nonResourceURLs });
  }
  return {
    ...given,
    status: {
      resourceRules,
      nonResourceRules,
      incomplete: isNode,
      ...(errors.length === 0 ? {} : { evaluationError: errors.join(', ') }),
    },
  };
}

function judge(user: User, asked: Asked, { api }: ResourceRequest): SubjectAccessReviewStatus {
  const { attributes, error } = attributesOf(asked);
  const { allowed, reason = '' } = api.authorizer.authorize(user, attributes);
  return { allowed, ...(reason === '' ? {} : { reason }), ...(error === undefined ? {} : { evaluationError: error }) };
}

const subjectOf = ({ user = '', groups = [], uid, extra }: SubjectAccessReviewSpec): User => ({
  name: user,
  groups,
  ...(uid === undefined ? {} : { uid }),
  ...(extra === undefined ? {} : { extra }),
});

function attributesOf({ resourceAttributes: asked, nonResourceAttributes: path }: Asked): {
  readonly attributes: Attributes;
  readonly error?: string;
} {
  const nothing = { verb: '', path: '', group: '', namespace: '', resource: '', name: '', subresource: '' };
  if (asked === undefined)
    return { attributes: { ...nothing, isResourceRequest: false, verb: path?.verb ?? '', path: path?.path ?? '' } };
  const { verb = '', group = '', namespace = '', resource = '', name = '', subresource = '' } = asked;
  const attributes = { ...nothing, isResourceRequest: true, verb, group, namespace, resource, name, subresource };
  try {
    const fields = fieldTerms(asked);
    return { attributes: fields === undefined ? attributes : { ...attributes, fields } };
  } catch (error) {
    // A selector that is not understood limits nothing, which is the stricter question.
    if (error instanceof SelectorError)
      return {
        attributes,
        error: `spec.resourceAttributes.fieldSelector ignored due to parse error: ${error.message}`,
      };
    throw error;
  }
}

function fieldTerms({ fieldSelector }: ResourceAttributes): readonly FieldTerm[] | undefined {
  if (fieldSelector === undefined) return undefined;
  const { rawSelector = '', requirements = [] } = fieldSelector;
  if (rawSelector !== '') return parseFieldSelector(rawSelector);
  return requirements.flatMap(({ key, operator, values = [] }): FieldTerm[] => {
    const [value] = values;
    if (value === undefined || values.length > 1) return [];
    if (operator !== 'In' && operator !== 'NotIn') return [];
    return [{ field: key, operator: operator === 'In' ? '=' : '!=', value }];
  });
}

function specFaults(spec: SubjectAccessReviewSpec): FieldError[] {
  const faults = askedFaults(spec);
  const { user = '', groups = [] } = spec;
  if (user === '' && groups.length === 0)
    faults.push(invalid('spec.user', '', 'at least one of user or group must be specified'));
  return [...faults, ...selectorFaults(spec)];
}

function askedFaults({ resourceAttributes, nonResourceAttributes: path }: Asked): FieldError[] {
  if (resourceAttributes !== undefined && path !== undefined)
    return [
      invalidShown(
        'spec.nonResourceAttributes',
        shownPath(path),
        'cannot be specified in combination with resourceAttributes',
      ),
    ];
  if (resourceAttributes === undefined && path === undefined)
    return [
      invalid(
        'spec.resourceAttributes',
        'null',
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    ];
  return [];
}

function selectorFaults({ resourceAttributes }: Asked): FieldError[] {
  const faults: FieldError[] = [];
  for (const which of ['fieldSelector', 'labelSelector'] as const) {
    const selector = resourceAttributes?.[which];
    if (selector === undefined) continue;
    const path = `spec.resourceAttributes.${which}`;
    const { rawSelector = '', requirements = [] } = selector;
    if (rawSelector !== '' && requirements.length > 0)
      faults.push(invalid(`${path}.rawSelector`, rawSelector, 'may not specified at the same time as requirements'));
    if (rawSelector === '' && requirements.length === 0)
      faults.push(
        requiredValue(`${path}.requirements`, `when ${path} is specified, requirements or rawSelector is required`),
      );
  }
  return faults;
}

function metadataFaults(given: ObjectMeta, why = 'must be empty'): FieldError[] {
  const { managedFields: _, ...metadata } = given;
  return Object.keys(metadata).length === 0 ? [] : [invalid('metadata', metadata, why)];
}

/** As Go prints the struct. */
const shownPath = ({ path = '', verb = '' }: NonResourceAttributes): string =>
  `authorization.NonResourceAttributes{Path:${JSON.stringify(path)}, Verb:${JSON.stringify(verb)}}`;

/** Upstream names no kind in these refusals. */
function refuse(faults: readonly FieldError[]): void {
  if (faults.length === 0) return;
  const { message, details } = invalidError('authorization.k8s.io', '', '', faults);
  const { kind: _, ...rest } = details ?? {};
  throw new StatusError('Invalid', message, rest);
}
