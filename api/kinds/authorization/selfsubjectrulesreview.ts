import { type Static, boolean, described, field, list, object, required, string, value } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { AUTHORIZATION_GROUP } from '#api/kinds/authorization/access-attributes.ts';

/** `authorization.v1.ResourceRule`. */
export const ResourceRule = object(
  'authorization.v1.ResourceRule',
  {
    verbs: required(1, described('What may be done; * is all.', list(string()))),
    apiGroups: field(2, described('In which API groups; * is all.', list(string()))),
    resources: field(3, described('With which resources; * is all, */scale a subresource of all.', list(string()))),
    resourceNames: field(4, described('With objects of which names; empty means all.', list(string()))),
  },
  { description: 'What may be done with which resources.' },
);
/** The JSON form of `authorization.v1.ResourceRule`. */
export type ResourceRule = Static<typeof ResourceRule>;

/** `authorization.v1.NonResourceRule`. */
export const NonResourceRule = object(
  'authorization.v1.NonResourceRule',
  {
    verbs: required(1, described('What may be done; * is all.', list(string()))),
    nonResourceURLs: field(2, described('With which paths; a * stands for the rest.', list(string()))),
  },
  { description: 'What may be done with which paths that name no resource.' },
);
/** The JSON form of `authorization.v1.NonResourceRule`. */
export type NonResourceRule = Static<typeof NonResourceRule>;

/** `authorization.v1.SubjectRulesReviewStatus`. */
export const SubjectRulesReviewStatus = object(
  'authorization.v1.SubjectRulesReviewStatus',
  {
    resourceRules: required(1, described('What the asker may do with resources; in no order.', list(ResourceRule))),
    nonResourceRules: required(2, described('What the asker may do with other paths.', list(NonResourceRule))),
    incomplete: required(3, described('There may be more rights than are listed.', boolean())),
    evaluationError: field(4, described('Why the list may lack something.', string())),
  },
  { description: 'The rights of the asker.' },
);
/** The JSON form of `authorization.v1.SubjectRulesReviewStatus`. */
export type SubjectRulesReviewStatus = Static<typeof SubjectRulesReviewStatus>;

/** `authorization.v1.SelfSubjectRulesReviewSpec`. */
export const SelfSubjectRulesReviewSpec = object(
  'authorization.v1.SelfSubjectRulesReviewSpec',
  { namespace: field(1, described('The namespace that is asked about.', string())) },
  { description: 'Which rights are asked for.' },
);
/** The JSON form of `authorization.v1.SelfSubjectRulesReviewSpec`. */
export type SelfSubjectRulesReviewSpec = Static<typeof SelfSubjectRulesReviewSpec>;

/** `authorization.v1.SelfSubjectRulesReview`. */
export const SelfSubjectRulesReview = object(
  'authorization.v1.SelfSubjectRulesReview',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, described('The namespace that is asked about.', SelfSubjectRulesReviewSpec)),
    status: field(3, described('The rights of the asker. Filled in by the server.', value(SubjectRulesReviewStatus))),
  },
  {
    description: 'Asks what the asker may do in a namespace, for display; a review of one access is the way to decide.',
  },
);
/** The JSON form of `authorization.v1.SelfSubjectRulesReview`. */
export type SelfSubjectRulesReview = Static<typeof SelfSubjectRulesReview>;

/** SelfSubjectRulesReviews. */
export const selfSubjectRulesReviewKind = defineKind<SelfSubjectRulesReview>({
  group: AUTHORIZATION_GROUP,
  version: 'v1',
  kind: 'SelfSubjectRulesReview',
  schema: SelfSubjectRulesReview,
  scope: 'Cluster',
  verbs: ['create'],
});
