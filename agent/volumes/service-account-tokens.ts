import { createHash } from 'node:crypto';
import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { VolumeFailure } from './volume-type.ts';

/** What the hub is asked: RequestFrame `serviceAccountToken`. */
export interface TokenParams {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly podName: string;
  readonly podUid: string;
}

/** What the hub answers; the time in RFC 3339. */
export interface TokenAnswer {
  readonly token: string;
  readonly expirationTimestamp: string;
}

/** Asks the hub; rejects when there is no link. */
export type RequestToken = (params: TokenParams) => Promise<TokenAnswer>;

/** What ServiceAccountTokens needs. */
export interface ServiceAccountTokensOptions {
  readonly directory: string;
  readonly requestToken: RequestToken;
  readonly clock: Clock;
  readonly log: Logger;
}

interface KeptToken extends TokenAnswer {
  readonly issuedAt: number;
}

/** kubelet: a token is renewed when 80 % of its life or 24 hours have passed. */
const LIFE_PART = 0.8;
const LONGEST_LIFE_MS = 24 * 3600 * 1000;
/** How soon to ask again while the hub is away. */
const RETRY_MS = 30_000;

/**
 * Tokens of pods, kept beside the Secrets on disk. With no hub in reach the last one is used, even when it has run out: a pod must start after
 * a power cut, and whom it would show the token to is as far away as the hub.
 */
export class ServiceAccountTokens {
  readonly #options: ServiceAccountTokensOptions;

  constructor(options: ServiceAccountTokensOptions) {
    this.#options = options;
  }

  /** A token for the pod's service account, and when to ask for the next. @throws VolumeFailure */
  async token(pod: Pod, audience: string, expirationSeconds: number): Promise<{ token: string; refreshAt: number }> {
    const { clock } = this.#options;
    const path = this.#path(pod, audience);
    const kept = await this.#read(path);
    const refreshAt = kept === undefined ? 0 : refreshTime(kept);
    if (kept !== undefined && refreshAt > clock.now()) return { token: kept.token, refreshAt };
    try {
      const answer = await this.#options.requestToken(paramsOf(pod, audience, expirationSeconds));
      const fresh = { ...answer, issuedAt: clock.now() };
      await this.#write(path, fresh);
      return { token: fresh.token, refreshAt: refreshTime(fresh) };
    } catch (error) {
      if (kept !== undefined) return { token: kept.token, refreshAt: clock.now() + RETRY_MS };
      throw new VolumeFailure(`failed to fetch token: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  }

  /** Drops the tokens of a pod that is gone. */
  async forget(podUid: string): Promise<void> {
    await rm(join(this.#options.directory, podUid), { recursive: true, force: true });
  }

  #path(pod: Pod, audience: string): string {
    const account = `${pod.spec?.serviceAccountName ?? 'default'}\n${audience}`;
    const name = createHash('sha256').update(account).digest('hex').slice(0, 16);
    return join(this.#options.directory, pod.metadata.uid ?? '', name);
  }

  async #read(path: string): Promise<KeptToken | undefined> {
    try {
      return JSON.parse(await readFile(path, 'utf8')) as KeptToken;
    } catch {
      return undefined;
    }
  }

  async #write(path: string, token: KeptToken): Promise<void> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await chmod(dirname(path), 0o700);
      await writeFile(`${path}.tmp`, JSON.stringify(token), { mode: 0o600 });
      await rename(`${path}.tmp`, path);
    } catch (error) {
      this.#options.log.warn({ err: error, path }, 'cannot keep a token for a start without the server');
    }
  }
}

const paramsOf = (pod: Pod, audience: string, expirationSeconds: number): TokenParams => ({
  namespace: pod.metadata.namespace ?? '',
  serviceAccount: pod.spec?.serviceAccountName ?? 'default',
  audiences: audience === '' ? [] : [audience],
  expirationSeconds,
  podName: pod.metadata.name ?? '',
  podUid: pod.metadata.uid ?? '',
});

function refreshTime(token: KeptToken): number {
  const life = Date.parse(token.expirationTimestamp) - token.issuedAt;
  return token.issuedAt + Math.min(LONGEST_LIFE_MS, life * LIFE_PART);
}
