import { type Static, described, field, list, map, object, required, string, value } from '#api/schema/builders.ts';
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

/** `authorization.v1.SubjectAccessReviewSpec`. */
export const SubjectAccessReviewSpec = object(
  'authorization.v1.SubjectAccessReviewSpec',
  {
    resourceAttributes: field(1, described(ASKED_RESOURCE, ResourceAttributes)),
    nonResourceAttributes: field(2, described(ASKED_PATH, NonResourceAttributes)),
    user: field(3, described('The name of who would do it.', string())),
    groups: field(4, described('The groups of who would do it.', list(string()))),
    extra: field(5, described('What else is known of who would do it.', map(list(string())))),
    uid: field(6, described('The uid of who would do it.', string())),
  },
  { description: 'Who would do what. One of the two kinds of attributes is given.' },
);
/** The JSON form of `authorization.v1.SubjectAccessReviewSpec`. */
export type SubjectAccessReviewSpec = Static<typeof SubjectAccessReviewSpec>;

/** `authorization.v1.SubjectAccessReview`. */
export const SubjectAccessReview = object(
  'authorization.v1.SubjectAccessReview',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, described('Who would do what.', SubjectAccessReviewSpec)),
    status: field(3, described(ANSWER, value(SubjectAccessReviewStatus))),
  },
  { description: 'Asks whether a user or a group may do something.' },
);
/** The JSON form of `authorization.v1.SubjectAccessReview`. */
export type SubjectAccessReview = Static<typeof SubjectAccessReview>;

/** SubjectAccessReviews. */
export const subjectAccessReviewKind = defineKind<SubjectAccessReview>({
  group: AUTHORIZATION_GROUP,
  version: 'v1',
  kind: 'SubjectAccessReview',
  schema: SubjectAccessReview,
  scope: 'Cluster',
  verbs: ['create'],
});
