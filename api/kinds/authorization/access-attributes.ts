import { type Static, boolean, described, field, list, object, required, string } from '#api/schema/builders.ts';
import { FieldSelectorRequirement } from '#api/meta/field-selector.ts';
import { LabelSelectorRequirement } from '#api/meta/label-selector.ts';

const RAW = 'The selector as a query parameter would have it; not beside requirements.';

/** `authorization.v1.FieldSelectorAttributes`. */
export const FieldSelectorAttributes = object(
  'authorization.v1.FieldSelectorAttributes',
  {
    rawSelector: field(1, described(RAW, string())),
    requirements: field(2, described('The conditions of the selector.', list(FieldSelectorRequirement))),
  },
  { description: 'A field selector that limits a list, a watch or a deletion of many.' },
);
/** The JSON form of `authorization.v1.FieldSelectorAttributes`. */
export type FieldSelectorAttributes = Static<typeof FieldSelectorAttributes>;

/** `authorization.v1.LabelSelectorAttributes`. */
export const LabelSelectorAttributes = object(
  'authorization.v1.LabelSelectorAttributes',
  {
    rawSelector: field(1, described(RAW, string())),
    requirements: field(2, described('The conditions of the selector.', list(LabelSelectorRequirement))),
  },
  { description: 'A label selector that limits a list, a watch or a deletion of many.' },
);
/** The JSON form of `authorization.v1.LabelSelectorAttributes`. */
export type LabelSelectorAttributes = Static<typeof LabelSelectorAttributes>;

/** `authorization.v1.ResourceAttributes`. */
export const ResourceAttributes = object(
  'authorization.v1.ResourceAttributes',
  {
    namespace: field(1, described('The namespace; empty means all of them, or that there is none.', string())),
    verb: field(2, described('get, list, create, … or * for all.', string())),
    group: field(3, described('The API group; empty is the core group, * is all.', string())),
    version: field(4, described('The API version; * is all.', string())),
    resource: field(5, described('The resource, such as pods; * is all.', string())),
    subresource: field(6, described('The subresource, such as log; empty is none.', string())),
    name: field(7, described('The name of the object; empty means all of them.', string())),
    fieldSelector: field(8, described('Limits the objects by their fields.', FieldSelectorAttributes)),
    labelSelector: field(9, described('Limits the objects by their labels.', LabelSelectorAttributes)),
  },
  { description: 'What would be done with which resource.' },
);
/** The JSON form of `authorization.v1.ResourceAttributes`. */
export type ResourceAttributes = Static<typeof ResourceAttributes>;

/** `authorization.v1.NonResourceAttributes`. */
export const NonResourceAttributes = object(
  'authorization.v1.NonResourceAttributes',
  {
    path: field(1, described('The path, such as /metrics.', string())),
    verb: field(2, described('The HTTP method in lower case.', string())),
  },
  { description: 'What would be done with which path that names no resource.' },
);
/** The JSON form of `authorization.v1.NonResourceAttributes`. */
export type NonResourceAttributes = Static<typeof NonResourceAttributes>;

/** `authorization.v1.SubjectAccessReviewStatus`. */
export const SubjectAccessReviewStatus = object(
  'authorization.v1.SubjectAccessReviewStatus',
  {
    allowed: required(1, described('May it be done.', boolean())),
    reason: field(2, described('Why, or why not.', string())),
    evaluationError: field(3, described('What went wrong in finding out.', string())),
    denied: field(4, described('It was refused for good, not only not allowed.', boolean())),
  },
  { description: 'The answer.' },
);
/** The JSON form of `authorization.v1.SubjectAccessReviewStatus`. */
export type SubjectAccessReviewStatus = Static<typeof SubjectAccessReviewStatus>;

/** The API group of the reviews. */
export const AUTHORIZATION_GROUP = 'authorization.k8s.io';
/** What all three access reviews say of their status. */
export const ANSWER = 'Whether it is allowed. Filled in by the server.';
/** What reviews say of attributes of either kind. */
export const ASKED_RESOURCE = 'What would be done with a resource.';
/** What reviews say of attributes of either kind. */
export const ASKED_PATH = 'What would be done with a path that names no resource.';
