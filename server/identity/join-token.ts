import { randomInt, timingSafeEqual } from 'node:crypto';
import { type Secret, secretKind } from '#api/kinds/core/secret.ts';
import type { Client } from '#server/store/client.ts';

/** The type and name prefix that kubeadm's bootstrap tokens have, so that they can be listed and deleted with kubectl. */
export const JOIN_TOKEN_TYPE = 'bootstrap.kubernetes.io/token';
const NAMESPACE = 'kube-system';
const NAME_PREFIX = 'bootstrap-token-';
const ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';

const random = (length: number): string =>
  Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)] ?? 'a').join('');
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const decoded = (secret: Secret, key: string): string => Buffer.from(secret.data?.[key] ?? '', 'base64').toString();

/** A join token in its parts. As text: `skep1.<SHA-256 of the CA certificate, hex>.<id: 6 characters>.<secret: 16 characters>`. */
export interface JoinToken {
  readonly caHash: string;
  readonly id: string;
  readonly secret: string;
}

/** Reads a join token's text; undefined when it is none. */
export function parseJoinToken(text: string): JoinToken | undefined {
  const match = /^skep1\.([0-9a-f]{64})\.([a-z0-9]{6})\.([a-z0-9]{16})$/.exec(text);
  const [, caHash, id, secret] = match ?? [];
  return caHash === undefined || id === undefined || secret === undefined ? undefined : { caHash, id, secret };
}

/** The Secret that stands for a new join token, and the token's text. `ttlSeconds` 0 = it never ends. */
export function newJoinToken(caHash: string, ttlSeconds: number, now: Date): { token: string; secret: Secret } {
  const id = random(6);
  const value = random(16);
  const expiration =
    ttlSeconds === 0
      ? {}
      : { expiration: base64(`${new Date(now.getTime() + ttlSeconds * 1000).toISOString().slice(0, 19)}Z`) };
  return {
    token: `skep1.${caHash}.${id}.${value}`,
    secret: {
      kind: 'Secret',
      apiVersion: 'v1',
      metadata: { name: `${NAME_PREFIX}${id}`, namespace: NAMESPACE },
      type: JOIN_TOKEN_TYPE,
      data: {
        'token-id': base64(id),
        'token-secret': base64(value),
        'usage-bootstrap-authentication': base64('true'),
        description: base64('lets an agent join this cluster'),
        ...expiration,
      },
    },
  };
}

/** Is `text` a join token whose Secret is there, has the same value and has not expired. */
export function joinTokenHolds(client: Client, text: string, now: Date): boolean {
  const token = parseJoinToken(text);
  if (token === undefined) return false;
  const secret = client.get(secretKind, NAMESPACE, `${NAME_PREFIX}${token.id}`);
  if (secret === undefined || secret.type !== JOIN_TOKEN_TYPE) return false;
  const expected = Buffer.from(decoded(secret, 'token-secret'));
  const given = Buffer.from(token.secret);
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) return false;
  const expiration = decoded(secret, 'expiration');
  return expiration === '' || Date.parse(expiration) > now.getTime();
}
