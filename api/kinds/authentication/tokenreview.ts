import { type Static, boolean, field, list, map, object, required, string, value } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `authentication.v1.UserInfo`. */
export const UserInfo = object('authentication.v1.UserInfo', {
  username: field(1, string()),
  uid: field(2, string()),
  groups: field(3, list(string())),
  extra: field(4, map(list(string()))),
});
/** The JSON form of `authentication.v1.UserInfo`. */
export type UserInfo = Static<typeof UserInfo>;

/** `authentication.v1.TokenReviewSpec`. */
export const TokenReviewSpec = object('authentication.v1.TokenReviewSpec', {
  token: required(1, string()),
  audiences: field(2, list(string())),
});
/** The JSON form of `authentication.v1.TokenReviewSpec`. */
export type TokenReviewSpec = Static<typeof TokenReviewSpec>;

/** `authentication.v1.TokenReviewStatus`. */
export const TokenReviewStatus = object('authentication.v1.TokenReviewStatus', {
  authenticated: field(1, boolean()),
  user: field(2, value(UserInfo)),
  error: field(3, string()),
  audiences: field(4, list(string())),
});
/** The JSON form of `authentication.v1.TokenReviewStatus`. */
export type TokenReviewStatus = Static<typeof TokenReviewStatus>;

/** `authentication.v1.TokenReview`. */
export const TokenReview = object('authentication.v1.TokenReview', {
  kind: required(0, string()),
  apiVersion: required(0, string()),
  metadata: required(1, ObjectMeta),
  spec: required(2, TokenReviewSpec),
  status: field(3, value(TokenReviewStatus)),
});
/** The JSON form of `authentication.v1.TokenReview`. */
export type TokenReview = Static<typeof TokenReview>;

/** TokenReviews: ask whose a token is. */
export const tokenReviewKind = defineKind<TokenReview>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenReview',
  schema: TokenReview,
  scope: 'Cluster',
  verbs: ['create'],
});
