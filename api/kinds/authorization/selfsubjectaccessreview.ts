import { type Static, described, field, object, required, string, value } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import {
  ANSWER,
  ASKED_PATH,
  ASKED_RESOURCE,
  AUTHORIZATION_GROUP,
  NonResourceAttributes,
  ResourceAttributes,
  SubjectAccessReviewStatus,
} from '#api/kinds/authorization/access-attributes.ts';

/** `authorization.v1.SelfSubjectAccessReviewSpec`. */
export const SelfSubjectAccessReviewSpec = object(
  'authorization.v1.SelfSubjectAccessReviewSpec',
  {
    resourceAttributes: field(1, described(ASKED_RESOURCE, ResourceAttributes)),
    nonResourceAttributes: field(2, described(ASKED_PATH, NonResourceAttributes)),
  },
  { description: 'What the asker would do. One of the two kinds of attributes is given.' },
);
/** The JSON form of `authorization.v1.SelfSubjectAccessReviewSpec`. */
export type SelfSubjectAccessReviewSpec = Static<typeof SelfSubjectAccessReviewSpec>;

/** `authorization.v1.SelfSubjectAccessReview`. */
export const SelfSubjectAccessReview = object(
  'authorization.v1.SelfSubjectAccessReview',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, described('What the asker would do.', SelfSubjectAccessReviewSpec)),
    status: field(3, described(ANSWER, value(SubjectAccessReviewStatus))),
  },
  { description: 'Asks whether the asker may do something.' },
);
/** The JSON form of `authorization.v1.SelfSubjectAccessReview`. */
export type SelfSubjectAccessReview = Static<typeof SelfSubjectAccessReview>;

/** SelfSubjectAccessReviews. */
export const selfSubjectAccessReviewKind = defineKind<SelfSubjectAccessReview>({
  group: AUTHORIZATION_GROUP,
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  schema: SelfSubjectAccessReview,
  scope: 'Cluster',
  verbs: ['create'],
});
