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
import { nodeKind } from '#api/kinds/core/node.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import type { Client } from '#server/store/client.ts';
import type { User } from '#server/store/registry.ts';
import type {
  Authenticator,
  ReviewedToken,
  ServerTokens,
  ServiceAccountTokenRequest,
  TokenIssuer,
  TokenKeySet,
  TokenReviewer,
} from './identity.ts';
import { joinTokenHolds, parseJoinToken } from './join-token.ts';
import {
  LEGACY_ISSUER,
  type SecretTokenRequest,
  type ServiceAccountBinding,
  bindingOf,
  claimsOf,
  legacyBindingOf,
  legacyClaimsOf,
  subjectOf,
  userOf,
  whyInvalid,
} from './service-account-claims.ts';

/** The issuer of service account tokens (kube-apiserver --service-account-issuer). */
export const SERVICE_ACCOUNT_ISSUER = 'https://kubernetes.default.svc.cluster.local';
/** The audience of service account tokens that are asked for without one. */
export const DEFAULT_AUDIENCE = 'https://kubernetes.default.svc';
/** Tokens for one of these are for this API (kube-apiserver --api-audiences). */
const API_AUDIENCES = [DEFAULT_AUDIENCE, SERVICE_ACCOUNT_ISSUER];
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

/** A verified token: who it is for, among whom, until when (milliseconds), and what must still exist for it to hold. */
interface Verified {
  readonly user: User;
  readonly audiences: readonly string[];
  readonly expiresAt: number;
  readonly binding?: ServiceAccountBinding;
}

/** The cluster's tokens: the admin's (opaque), service accounts' and nodes' (JWT, ES256; those that Secrets hold have no end), and join tokens (Secrets). */
export class Tokens implements Authenticator, TokenIssuer, TokenReviewer, TokenKeySet, ServerTokens {
  readonly issuer = SERVICE_ACCOUNT_ISSUER;
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

  /** {@inheritDoc Authenticator.authenticate} A token bound to something that is gone is no token. */
  async authenticate(token: string): Promise<User | undefined> {
    const reviewed = await this.review(token, []);
    return 'user' in reviewed ? reviewed.user : undefined;
  }

  /** {@inheritDoc TokenReviewer.review} */
  async review(token: string, audiences: readonly string[]): Promise<ReviewedToken> {
    const wanted = audiences.length === 0 ? API_AUDIENCES : audiences;
    if (token === this.#keys.adminToken) return { user: ADMIN, audiences: wanted };
    const known = this.#verified.get(token) ?? (await this.#verify(token));
    if (known === undefined) return { error: INVALID };
    if (known.expiresAt < Date.now())
      return this.#forget(token, '[invalid bearer token, service account token has expired]');
    const common = known.binding === undefined ? wanted : wanted.filter((one) => known.audiences.includes(one));
    if (common.length === 0)
      return {
        error: `[${INVALID}, token audiences ${goList(known.audiences)} is invalid for the target audiences ${goList(wanted)}]`,
      };
    let why = this.#whyInvalid(known, token);
    if (why !== undefined && (await this.#holdsNow(() => this.#whyInvalid(known, token) === undefined)))
      why = undefined;
    return why === undefined ? { user: known.user, audiences: common } : this.#forget(token, why);
  }

  /** {@inheritDoc TokenIssuer.serviceAccountToken} A pod's token says which node the pod is on. */
  async serviceAccountToken(
    request: ServiceAccountTokenRequest,
  ): Promise<{ token: string; expirationTimestamp: string }> {
    const { namespace, name, audiences, expirationSeconds } = request;
    const issuedAt = Math.floor(Date.now() / 1000);
    const expiresAt = issuedAt + expirationSeconds;
    const token = await new SignJWT(claimsOf(this.#withNode(request)))
      .setProtectedHeader({ alg: 'ES256', kid: this.#keyId() })
      .setIssuer(SERVICE_ACCOUNT_ISSUER)
      .setAudience(audiences.length === 0 ? [DEFAULT_AUDIENCE] : [...audiences])
      .setSubject(subjectOf(namespace, name))
      .setJti(crypto.randomUUID())
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(expiresAt)
      .sign(this.#keys.signingKey);
    return { token, expirationTimestamp: `${new Date(expiresAt * 1000).toISOString().slice(0, 19)}Z` };
  }

  /** A token for a Secret to hold: it has no end but that of the Secret and of the account. */
  async secretToken(account: SecretTokenRequest): Promise<string> {
    return new SignJWT(legacyClaimsOf(account))
      .setProtectedHeader({ alg: 'ES256', kid: this.#keyId() })
      .setIssuer(LEGACY_ISSUER)
      .setSubject(subjectOf(account.namespace, account.name))
      .sign(this.#keys.signingKey);
  }

  #withNode(request: ServiceAccountTokenRequest): ServiceAccountTokenRequest {
    const { namespace, pod, node } = request;
    if (pod === undefined || node !== undefined) return request;
    const name = this.#client.get(podKind, namespace, pod.name)?.spec?.nodeName ?? '';
    if (name === '') return request;
    return { ...request, node: { name, uid: this.#client.get(nodeKind, '', name)?.metadata.uid ?? '' } };
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
        issuer: [SERVICE_ACCOUNT_ISSUER, LEGACY_ISSUER],
        algorithms: ['ES256'],
      }));
    } catch {
      return undefined; // not ours, expired, or forged: all the same to the caller
    }
    const { sub: subject = '', aud = [], exp = 0, jti } = claims;
    const audiences = typeof aud === 'string' ? [aud] : aud;
    const known = { audiences, expiresAt: exp * 1000 };
    const held = legacyBindingOf(claims);
    let verified: Verified | undefined;
    if (held !== undefined)
      verified = { audiences: API_AUDIENCES, expiresAt: Infinity, user: userOf(held, undefined), binding: held };
    else if (subject.startsWith('system:node:') && audiences.includes(NODE_AUDIENCE))
      verified = { ...known, user: { name: subject, groups: ['system:nodes', 'system:authenticated'] } };
    else {
      const binding = bindingOf(claims);
      if (binding !== undefined) verified = { ...known, user: userOf(binding, jti), binding };
    }
    if (verified !== undefined) this.#remember(token, verified);
    return verified;
  }

  #whyInvalid({ binding }: Verified, token: string): string | undefined {
    const why = binding === undefined ? undefined : whyInvalid(this.#client, binding, token);
    return why === undefined ? undefined : `[${INVALID}, ${why}]`;
  }

  #forget(token: string, error: string): ReviewedToken {
    this.#verified.delete(token);
    return { error };
  }

  #remember(token: string, verified: Verified): void {
    if (this.#verified.size >= CACHE_ENTRIES) {
      const [oldest] = this.#verified.keys();
      if (oldest !== undefined) this.#verified.delete(oldest);
    }
    this.#verified.set(token, verified);
  }

  /** {@inheritDoc TokenKeySet.publicKeys} */
  publicKeys(): readonly Readonly<Record<string, unknown>>[] {
    return [{ ...this.#publicKey.export({ format: 'jwk' }), use: 'sig', kid: this.#keyId(), alg: 'ES256' }];
  }

  #keyId(): string {
    return createHash('sha256')
      .update(this.#publicKey.export({ type: 'spki', format: 'der' }))
      .digest('base64url');
  }
}

const INVALID = 'invalid bearer token';

/** As Go prints a list of strings. */
const goList = (values: readonly string[]): string => `[${values.map((one) => JSON.stringify(one)).join(' ')}]`;

const ADMIN: User = { name: 'system:admin', groups: ['system:masters', 'system:authenticated'] };
