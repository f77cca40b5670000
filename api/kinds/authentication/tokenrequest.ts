import {
  type Static,
  field,
  int64,
  list,
  object,
  pointer,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `authentication.v1.BoundObjectReference`. */
export const BoundObjectReference = object('authentication.v1.BoundObjectReference', {
  kind: field(1, string()),
  apiVersion: field(2, string()),
  name: field(3, string()),
  uid: field(4, string()),
});
/** The JSON form of `authentication.v1.BoundObjectReference`. */
export type BoundObjectReference = Static<typeof BoundObjectReference>;

/** `authentication.v1.TokenRequestSpec`. */
export const TokenRequestSpec = object('authentication.v1.TokenRequestSpec', {
  audiences: field(1, list(string())),
  boundObjectRef: field(3, BoundObjectReference),
  expirationSeconds: field(4, pointer(int64())),
});
/** The JSON form of `authentication.v1.TokenRequestSpec`. */
export type TokenRequestSpec = Static<typeof TokenRequestSpec>;

/** `authentication.v1.TokenRequestStatus`. */
export const TokenRequestStatus = object('authentication.v1.TokenRequestStatus', {
  token: field(1, string()),
  expirationTimestamp: field(2, time()),
});
/** The JSON form of `authentication.v1.TokenRequestStatus`. */
export type TokenRequestStatus = Static<typeof TokenRequestStatus>;

/** `authentication.v1.TokenRequest`. */
export const TokenRequest = object('authentication.v1.TokenRequest', {
  kind: required(0, string()),
  apiVersion: required(0, string()),
  metadata: required(1, ObjectMeta),
  spec: field(2, value(TokenRequestSpec)),
  status: field(3, value(TokenRequestStatus)),
});
/** The JSON form of `authentication.v1.TokenRequest`. */
export type TokenRequest = Static<typeof TokenRequest>;

/** TokenRequests: ask for a token of a ServiceAccount. */
export const tokenRequestKind = defineKind<TokenRequest>({
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'TokenRequest',
  schema: TokenRequest,
  verbs: ['create'],
});
