import {
  type Static,
  described,
  embedded,
  field,
  list,
  object,
  pointer,
  required,
  string,
} from '#api/schema/builders.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';
import { formatLabelSelector } from '#api/meta/selectors.ts';

/** `admissionregistration.v1.ParamKind`. */
export const ParamKind = object(
  'admissionregistration.v1.ParamKind',
  {
    kind: field(2, described('The kind of the objects.', string())),
    apiVersion: field(1, described('Their group and version.', string())),
  },
  { mapType: 'atomic', description: 'The kind of objects that a policy takes its parameters from.' },
);
/** The JSON form of `admissionregistration.v1.ParamKind`. */
export type ParamKind = Static<typeof ParamKind>;

/** `admissionregistration.v1.ParamRef`. */
export const ParamRef = object(
  'admissionregistration.v1.ParamRef',
  {
    name: field(1, described('The object by its name; excludes selector.', string())),
    namespace: field(
      2,
      described('The namespace of the objects. Default: that of the request, for kinds that have one.', string()),
    ),
    parameterNotFoundAction: field(
      4,
      described(
        'What happens when there is no such object. Allow: the policy says nothing. Deny: it fails.',
        pointer(string()),
      ),
    ),
    selector: field(3, described('Objects by their labels, each in turn; excludes name.', LabelSelector)),
  },
  { mapType: 'atomic', description: 'The objects that a policy takes its parameters from.' },
);
/** The JSON form of `admissionregistration.v1.ParamRef`. */
export type ParamRef = Static<typeof ParamRef>;

/** `admissionregistration.v1.NamedRuleWithOperations`. */
export const NamedRuleWithOperations = object(
  'admissionregistration.v1.NamedRuleWithOperations',
  {
    apiGroups: field(1, embedded([2, 2], described('API groups, or * for all.', list(string())))),
    apiVersions: field(2, embedded([2, 2], described('API versions, or * for all.', list(string())))),
    operations: field(1, embedded(2, described('CREATE, UPDATE, DELETE, CONNECT, or * for all.', list(string())))),
    resourceNames: field(1, described('Only objects with these names; none listed: all.', list(string()))),
    resources: field(
      3,
      embedded(
        [2, 2],
        described('Resources: pods, pods/log, */scale, pods/*, * (all but subresources) or */*.', list(string())),
      ),
    ),
    scope: field(
      4,
      embedded([2, 2], described('Cluster, Namespaced, or * (default) for both.', pointer(string({ default: '*' })))),
    ),
  },
  { mapType: 'atomic', description: 'Requests by operation, resource and name of the object.' },
);
/** The JSON form of `admissionregistration.v1.NamedRuleWithOperations`. */
export type NamedRuleWithOperations = Static<typeof NamedRuleWithOperations>;

/** `admissionregistration.v1.MatchResources`. */
export const MatchResources = object(
  'admissionregistration.v1.MatchResources',
  {
    excludeResourceRules: field(
      4,
      described('Requests that are let out, whatever resourceRules say.', list(NamedRuleWithOperations)),
    ),
    matchPolicy: field(
      7,
      described(
        'Equivalent (default): the rules mean other versions of a resource too. Exact: just what they say.',
        pointer(string()),
      ),
    ),
    namespaceSelector: field(1, described('Only requests in namespaces with these labels.', LabelSelector)),
    objectSelector: field(2, described('Only requests whose object, new or old, has these labels.', LabelSelector)),
    resourceRules: field(3, described('The requests that are meant.', list(NamedRuleWithOperations))),
  },
  { mapType: 'atomic', description: 'Which requests are meant.' },
);
/** The JSON form of `admissionregistration.v1.MatchResources`. */
export type MatchResources = Static<typeof MatchResources>;

/** `admissionregistration.v1.Variable`. */
export const Variable = object(
  'admissionregistration.v1.Variable',
  {
    expression: required(2, described('CEL; it may use the variables before it.', string())),
    name: required(1, described('The name by which others see it: variables.name.', string())),
  },
  { mapType: 'atomic', description: 'A value that is computed once, when it is first used.' },
);
/** The JSON form of `admissionregistration.v1.Variable`. */
export type Variable = Static<typeof Variable>;

/** Fills in what the choice of requests does not say. */
export function applyMatchDefaults(match: MatchResources | undefined): void {
  if (match === undefined) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
}

/** `apps/v1/Deployment`, for a column. */
export const paramKindText = (paramKind: ParamKind | undefined): string =>
  paramKind === undefined ? '<unset>' : `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}`;

/** `namespace/name`, for a column; the namespace is a star when the request's is taken. */
export function paramRefText(paramRef: ParamRef | undefined): string {
  if (paramRef === undefined) return '<unset>';
  if (paramRef.name) return `${paramRef.namespace || '*'}/${paramRef.name}`;
  return paramRef.selector === undefined ? '<unset>' : formatLabelSelector(paramRef.selector);
}
