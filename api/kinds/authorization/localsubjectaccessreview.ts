import { type Static, described, field, object, required, string, value } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ANSWER, AUTHORIZATION_GROUP, SubjectAccessReviewStatus } from '#api/kinds/authorization/access-attributes.ts';
import { SubjectAccessReviewSpec } from '#api/kinds/authorization/subjectaccessreview.ts';

/** `authorization.v1.LocalSubjectAccessReview`. */
export const LocalSubjectAccessReview = object(
  'authorization.v1.LocalSubjectAccessReview',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, described('Who would do what in this namespace.', SubjectAccessReviewSpec)),
    status: field(3, described(ANSWER, value(SubjectAccessReviewStatus))),
  },
  { description: 'Asks whether a user or a group may do something in one namespace.' },
);
/** The JSON form of `authorization.v1.LocalSubjectAccessReview`. */
export type LocalSubjectAccessReview = Static<typeof LocalSubjectAccessReview>;

/** LocalSubjectAccessReviews. */
export const localSubjectAccessReviewKind = defineKind<LocalSubjectAccessReview>({
  group: AUTHORIZATION_GROUP,
  version: 'v1',
  kind: 'LocalSubjectAccessReview',
  schema: LocalSubjectAccessReview,
  verbs: ['create'],
});
