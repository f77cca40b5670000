import { type Static, described, field, object, required, string, value } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { UserInfo } from '#api/kinds/authentication/tokenreview.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `authentication.v1.SelfSubjectReviewStatus`. */
export const SelfSubjectReviewStatus = object(
  'authentication.v1.SelfSubjectReviewStatus',
  { userInfo: field(1, described('Who the asker is to the server.', value(UserInfo))) },
  { description: 'Who asks.' },
);
/** The JSON form of `authentication.v1.SelfSubjectReviewStatus`. */
export type SelfSubjectReviewStatus = Static<typeof SelfSubjectReviewStatus>;

/** `authentication.v1.SelfSubjectReview`. */
export const SelfSubjectReview = object(
  'authentication.v1.SelfSubjectReview',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    status: field(2, described('Who asks. Filled in by the server.', value(SelfSubjectReviewStatus))),
  },
  { description: 'Asks who the asker is to the server, impersonation included.' },
);
/** The JSON form of `authentication.v1.SelfSubjectReview`. */
export type SelfSubjectReview = Static<typeof SelfSubjectReview>;

/** SelfSubjectReviews. */
export const selfSubjectReviewKind = defineKind<SelfSubjectReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  schema: SelfSubjectReview,
  scope: 'Cluster',
  verbs: ['create'],
});
