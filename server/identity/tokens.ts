import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jwtVerify, SignJWT } from 'jose';
import { podKind } from '#api/kinds/core/pod.ts';
import { serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import type { Client } from '#server/store/client.ts';
import type { User } from '#server/store/registry.ts';
import type { Authenticator, ServerTokens, ServiceAccountTokenRequest, TokenIssuer } from './identity.ts';
import { joinTokenHolds, parseJoinToken } from './join-token.ts';

/** The issuer and default audience of service account tokens (kube-apiserver --service-account-issuer). */
export const SERVICE_ACCOUNT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
const NODE_AUDIENCE = 'skep:nodes';
const NODE_TOKEN_DAYS = 365;
/** Not an audience of API tokens: a server's token is nobody there. Others may have it as an audience, but not the subject. */
const SERVER_AUDIENCE = 'skep:servers';
const SERVER_SUBJECT = 'system:server';
const SERVER_TOKEN_LIFE = '1m';
/** Hosts' clocks differ. */
const CLOCK_SKEW = '5m';
/** Verified tokens are remembered, because checking an ES256 signature costs about 0.1 ms. Entries beyond this number drop the oldest. */
const CACHE_ENTRIES = 4096;

/** The keys that tokens are made and checked with. */
export interface TokenKeys {
  readonly adminToken: string;
  readonly signingKey: KeyObject;
}

/** Reads `admin.token` and `service-account.key` under `directory`, making what is missing (mode 0600). */
export async function loadTokenKeys(directory: string): Promise<TokenKeys> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const adminToken = await readOrMake(join(directory, 'admin.token'), () => randomBytes(32).toString('base64url'));
  const pem = await readOrMake(join(directory, 'service-account.key'), () =>
    String(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })),
  );
  return { adminToken: adminToken.trim(), signingKey: createPrivateKey(pem) };
}

async function readOrMake(path: string, make: () => string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    const text = make();
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    await rename(`${path}.new`, path);
    return text;
  }
}

/** A verified token: who it is for, until when (milliseconds), and what must still exist for it to hold. */
interface Verified {
  readonly user: User;
  readonly expiresAt: number;
  readonly binding?: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly pod?: { readonly name: string; readonly uid: string };
  };
}

/** The cluster's tokens: the admin's (opaque), service accounts' and nodes' (JWT, ES256), and join tokens (Secrets). */
export class Tokens implements Authenticator, TokenIssuer, ServerTokens {
  readonly #keys: TokenKeys;
  readonly #client: Client;
  readonly #publicKey: KeyObject;
  readonly #verified = new Map<string, Verified>();
  readonly #current: () => Promise<void> | undefined;

  /** `current` as ObjectStore's: what stands for a token may just have been made by another server. */
  constructor(keys: TokenKeys, client: Client, current: () => Promise<void> | undefined = () => undefined) {
    this.#keys = keys;
    this.#client = client;
    this.#current = current;
    this.#publicKey = createPublicKey(keys.signingKey);
  }

  /** {@inheritDoc Authenticator.authenticate} A token bound to a pod or service account that is gone is no token. */
  async authenticate(token: string): Promise<User | undefined> {
    if (token === this.#keys.adminToken) return ADMIN;
    const known = this.#verified.get(token) ?? (await this.#verify(token));
    if (known === undefined) return undefined;
    if (known.expiresAt < Date.now() || !(this.#holds(known) || (await this.#holdsNow(() => this.#holds(known))))) {
      this.#verified.delete(token);
      return undefined;
    }
    return known.user;
  }

  /** {@inheritDoc TokenIssuer.serviceAccountToken} */
  async serviceAccountToken(
    request: ServiceAccountTokenRequest,
  ): Promise<{ token: string; expirationTimestamp: string }> {
    const issuedAt = Math.floor(Date.now() / 1000);
    const expiresAt = issuedAt + request.expirationSeconds;
    const token = await new SignJWT({
      'kubernetes.io': {
        namespace: request.namespace,
        serviceaccount: { name: request.name, uid: request.uid },
        ...(request.pod === undefined ? {} : { pod: request.pod }),
      },
    })
      .setProtectedHeader({ alg: 'ES256', kid: this.#keyId() })
      .setIssuer(SERVICE_ACCOUNT_ISSUER)
      .setAudience(request.audiences.length === 0 ? [SERVICE_ACCOUNT_ISSUER] : [...request.audiences])
      .setSubject(`system:serviceaccount:${request.namespace}:${request.name}`)
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(this.#keys.signingKey);
    return { token, expirationTimestamp: `${new Date(expiresAt * 1000).toISOString().slice(0, 19)}Z` };
  }

  /** {@inheritDoc TokenIssuer.nodeToken} It holds for a year and is given anew at each registration. */
  async nodeToken(nodeName: string): Promise<string> {
    return new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: this.#keyId() })
      .setIssuer(SERVICE_ACCOUNT_ISSUER)
      .setAudience(NODE_AUDIENCE)
      .setSubject(`system:node:${nodeName}`)
      .setIssuedAt()
      .setExpirationTime(`${NODE_TOKEN_DAYS}d`)
      .sign(this.#keys.signingKey);
  }

  /** {@inheritDoc ServerTokens.serverToken} */
  async serverToken(): Promise<string> {
    return new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: this.#keyId() })
      .setIssuer(SERVICE_ACCOUNT_ISSUER)
      .setAudience(SERVER_AUDIENCE)
      .setSubject(SERVER_SUBJECT)
      .setIssuedAt()
      .setExpirationTime(SERVER_TOKEN_LIFE)
      .sign(this.#keys.signingKey);
  }

  /** {@inheritDoc ServerTokens.isServerToken} */
  async isServerToken(token: string): Promise<boolean> {
    try {
      await jwtVerify(token, this.#publicKey, {
        issuer: SERVICE_ACCOUNT_ISSUER,
        audience: SERVER_AUDIENCE,
        subject: SERVER_SUBJECT,
        algorithms: ['ES256'],
        clockTolerance: CLOCK_SKEW,
      });
      return true;
    } catch {
      return false;
    }
  }

  /** {@inheritDoc TokenIssuer.isJoinToken} */
  async isJoinToken(token: string): Promise<boolean> {
    const holds = (): boolean => joinTokenHolds(this.#client, token, new Date());
    return holds() || (parseJoinToken(token) !== undefined && (await this.#holdsNow(holds)));
  }

  /** The same question when memory has caught up, if it can be behind. */
  async #holdsNow(holds: () => boolean): Promise<boolean> {
    const behind = this.#current();
    if (behind === undefined) return false;
    await behind;
    return holds();
  }

  async #verify(token: string): Promise<Verified | undefined> {
    let claims;
    try {
      ({ payload: claims } = await jwtVerify(token, this.#publicKey, {
        issuer: SERVICE_ACCOUNT_ISSUER,
        audience: [SERVICE_ACCOUNT_ISSUER, NODE_AUDIENCE],
        algorithms: ['ES256'],
      }));
    } catch {
      return undefined; // not ours, expired, or forged: all the same to the caller
    }
    const subject = claims.sub ?? '';
    const expiresAt = (claims.exp ?? 0) * 1000;
    const verified: Verified | undefined = subject.startsWith('system:node:')
      ? { user: { name: subject, groups: ['system:nodes', 'system:authenticated'] }, expiresAt }
      : serviceAccountOf(subject, claims['kubernetes.io'], expiresAt);
    if (verified !== undefined) this.#remember(token, verified);
    return verified;
  }

  #holds({ binding }: Verified): boolean {
    if (binding === undefined) return true;
    const account = this.#client.get(serviceAccountKind, binding.namespace, binding.name);
    if (account?.metadata.uid !== binding.uid) return false;
    if (binding.pod === undefined) return true;
    return this.#client.get(podKind, binding.namespace, binding.pod.name)?.metadata.uid === binding.pod.uid;
  }

  #remember(token: string, verified: Verified): void {
    if (this.#verified.size >= CACHE_ENTRIES) {
      const [oldest] = this.#verified.keys();
      if (oldest !== undefined) this.#verified.delete(oldest);
    }
    this.#verified.set(token, verified);
  }

  #keyId(): string {
    return createHash('sha256')
      .update(this.#publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64url');
  }
}

const ADMIN: User = { name: 'system:admin', groups: ['system:masters', 'system:authenticated'] };

function serviceAccountOf(subject: string, bound: unknown, expiresAt: number): Verified | undefined {
  const [, , namespace = '', name = ''] = subject.split(':');
  const claim = bound as { serviceaccount?: { uid?: string }; pod?: { name?: string; uid?: string } } | undefined;
  const uid = claim?.serviceaccount?.uid;
  if (!subject.startsWith('system:serviceaccount:') || uid === undefined) return undefined;
  const pod =
    claim?.pod?.name === undefined || claim.pod.uid === undefined
      ? undefined
      : { name: claim.pod.name, uid: claim.pod.uid };
  return {
    user: {
      name: subject,
      uid,
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      ...(pod === undefined
        ? {}
        : {
            extra: {
              'authentication.kubernetes.io/pod-name': [pod.name],
              'authentication.kubernetes.io/pod-uid': [pod.uid],
            },
          }),
    },
    expiresAt,
    binding: { namespace, name, uid, ...(pod === undefined ? {} : { pod }) },
  };
}
