import type { JWTPayload } from 'jose';
import { nodeKind } from '#api/kinds/core/node.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { secretKind } from '#api/kinds/core/secret.ts';
import { serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import { notFoundError } from '#api/meta/status.ts';
import type { Client } from '#server/store/client.ts';
import type { User } from '#server/store/registry.ts';
import type { ObjectIdentity, ServiceAccountTokenRequest } from './identity.ts';

const PREFIX = 'system:serviceaccount:';
const EXTRA = 'authentication.kubernetes.io';

/** What of a service account token is the account's, and which objects its life hangs on. */
export interface ServiceAccountBinding {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly pod?: ObjectIdentity;
  readonly secret?: ObjectIdentity;
  /** Beside a pod it only tells where that ran. */
  readonly node?: ObjectIdentity;
  /** The Secret that holds the token itself; such a token names no other object. */
  readonly holder?: string;
}

/** The issuer of the tokens that Secrets hold. */
export const LEGACY_ISSUER = 'kubernetes/serviceaccount';
const LEGACY_CLAIM = 'kubernetes.io/serviceaccount/';

/** A token to be made that the Secret `secretName` is to hold. */
export interface SecretTokenRequest {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly secretName: string;
}

/** The claims of a token that a Secret holds, as upstream writes them. */
export const legacyClaimsOf = ({ namespace, name, uid, secretName }: SecretTokenRequest): JWTPayload => ({
  [`${LEGACY_CLAIM}namespace`]: namespace,
  [`${LEGACY_CLAIM}secret.name`]: secretName,
  [`${LEGACY_CLAIM}service-account.name`]: name,
  [`${LEGACY_CLAIM}service-account.uid`]: uid,
});

/** Whose token it is that a Secret holds; undefined when it is none of that kind. */
export function legacyBindingOf(claims: JWTPayload): ServiceAccountBinding | undefined {
  const [namespace, holder, name, uid] = [
    'namespace',
    'secret.name',
    'service-account.name',
    'service-account.uid',
  ].map((key) => claims[`${LEGACY_CLAIM}${key}`]);
  if (claims.iss !== LEGACY_ISSUER || typeof namespace !== 'string' || typeof name !== 'string') return undefined;
  if (typeof uid !== 'string' || typeof holder !== 'string' || claims.sub !== subjectOf(namespace, name))
    return undefined;
  return { namespace, name, uid, holder };
}

/** The private claims of a token, as upstream writes them. */
export function claimsOf({ namespace, name, uid, pod, secret, node }: ServiceAccountTokenRequest): JWTPayload {
  return {
    'kubernetes.io': {
      namespace,
      serviceaccount: { name, uid },
      ...(pod === undefined ? {} : { pod }),
      ...(secret === undefined ? {} : { secret }),
      ...(node === undefined ? {} : { node }),
    },
  };
}

/** The subject of a service account's tokens, which is its user name too. */
export const subjectOf = (namespace: string, name: string): string => `${PREFIX}${namespace}:${name}`;

/** Whose token it is; undefined when it is none of a service account. */
export function bindingOf({ sub = '', 'kubernetes.io': claim }: JWTPayload): ServiceAccountBinding | undefined {
  if (!sub.startsWith(PREFIX) || typeof claim !== 'object' || claim === null) return undefined;
  const { namespace, serviceaccount, pod, secret, node } = claim as Record<string, unknown>;
  const account = identityOf(serviceaccount);
  if (typeof namespace !== 'string' || account === undefined || sub !== subjectOf(namespace, account.name))
    return undefined;
  const [onPod, onSecret, onNode] = [identityOf(pod), identityOf(secret), identityOf(node)];
  return {
    namespace,
    ...account,
    ...(onPod === undefined ? {} : { pod: onPod }),
    ...(onSecret === undefined ? {} : { secret: onSecret }),
    ...(onNode === undefined ? {} : { node: onNode }),
  };
}

function identityOf(claim: unknown): ObjectIdentity | undefined {
  if (typeof claim !== 'object' || claim === null) return undefined;
  const { name, uid } = claim as { name?: unknown; uid?: unknown };
  return typeof name === 'string' ? { name, uid: typeof uid === 'string' ? uid : '' } : undefined;
}

/** The user that a service account's token stands for; `id` is the token's own (`jti`). */
export function userOf({ namespace, name, uid, pod, node }: ServiceAccountBinding, id: string | undefined): User {
  const extra = {
    ...(id === undefined ? {} : { [`${EXTRA}/credential-id`]: [`JTI=${id}`] }),
    ...(node === undefined ? {} : { [`${EXTRA}/node-name`]: [node.name], [`${EXTRA}/node-uid`]: [node.uid] }),
    ...(pod === undefined ? {} : { [`${EXTRA}/pod-name`]: [pod.name], [`${EXTRA}/pod-uid`]: [pod.uid] }),
  };
  return {
    name: subjectOf(namespace, name),
    uid,
    groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
}

const INVALIDATED = 'service account token has been invalidated';

/** Why the token no longer holds (upstream: pkg/serviceaccount/claims.go, legacy.go); undefined when it does. */
export function whyInvalid(
  client: Pick<Client, 'get'>,
  binding: ServiceAccountBinding,
  token: string,
): string | undefined {
  if (binding.holder !== undefined) return whyNotHeld(client, binding, binding.holder, token);
  const { namespace, name, uid, pod, secret, node } = binding;
  const account = client.get(serviceAccountKind, namespace, name);
  if (account === undefined) return notFoundError(serviceAccountKind, name).message;
  if (account.metadata.uid !== uid)
    return `service account UID (${account.metadata.uid ?? ''}) does not match claim (${uid})`;
  return (
    (secret === undefined ? undefined : whyGone('secret', secret, client.get(secretKind, namespace, secret.name))) ??
    (pod === undefined ? undefined : whyGone('pod', pod, client.get(podKind, namespace, pod.name))) ??
    (node === undefined || pod !== undefined ? undefined : whyGone('node', node, client.get(nodeKind, '', node.name)))
  );
}

function whyGone(
  kind: string,
  { uid }: ObjectIdentity,
  found: { readonly metadata: { readonly uid?: string } } | undefined,
): string | undefined {
  if (found === undefined) return INVALIDATED;
  const { uid: there = '' } = found.metadata;
  return there === uid ? undefined : `${kind} UID (${there}) does not match service account ${kind} ref claim (${uid})`;
}

function whyNotHeld(
  client: Pick<Client, 'get'>,
  { namespace, name, uid }: ServiceAccountBinding,
  holder: string,
  token: string,
): string | undefined {
  const secret = client.get(secretKind, namespace, holder);
  if (secret === undefined || secret.metadata.deletionTimestamp !== undefined) return 'Token has been invalidated';
  if (Buffer.from(secret.data?.['token'] ?? '', 'base64').toString() !== token)
    return "Token does not match server's copy";
  const account = client.get(serviceAccountKind, namespace, name);
  if (account === undefined) return notFoundError(serviceAccountKind, name).message;
  const { uid: there = '', deletionTimestamp } = account.metadata;
  if (deletionTimestamp !== undefined) return `ServiceAccount ${namespace}/${name} has been deleted`;
  return there === uid ? undefined : `ServiceAccount UID (${there}) does not match claim (${uid})`;
}
