import type { Logger } from '#base/logger.ts';
import { plainNotFound } from './status-response.ts';

/** A part whose state decides whether the server is live or ready. */
export interface HealthCheck {
  /** As in `/readyz/<name>`. */
  readonly name: string;
  /** Which of the endpoints it counts for; `healthz` counts all that `livez` does. */
  readonly endpoints: readonly ('livez' | 'readyz')[];
  /** Rejects or throws when the part is not well. The reason goes to the log, not to the client. */
  check(): void | Promise<void>;
}

const PING: HealthCheck = { name: 'ping', endpoints: ['livez', 'readyz'], check: () => undefined };
/** A check that takes longer has failed: whoever asks is told in time. */
const DEADLINE_MS = 1_000;

/** The answers to /healthz, /livez, /readyz, their single checks, `?verbose` and `?exclude=`. Texts as upstream's healthz package. */
export class Health {
  readonly #checks: readonly HealthCheck[];
  readonly #log: Logger;
  readonly #deadlineMs: number;
  readonly #failing = new Set<string>();

  constructor(checks: readonly HealthCheck[], log: Logger, deadlineMs = DEADLINE_MS) {
    this.#checks = [PING, ...checks];
    this.#log = log;
    this.#deadlineMs = deadlineMs;
  }

  /** `parts` of the path: the endpoint, and perhaps the name of a check. */
  async answer(url: URL, parts: readonly string[]): Promise<Response> {
    const [endpoint = '', name] = parts;
    const counted = endpoint === 'readyz' ? 'readyz' : 'livez';
    const checks = this.#checks.filter(({ endpoints }) => endpoints.includes(counted));
    if (name !== undefined) {
      const one = checks.find((check) => check.name === name);
      if (one === undefined || parts.length > 2) return plainNotFound();
      return (await this.#passes(one)) ? text('ok', 200) : text('internal server error: reason withheld\n', 500);
    }
    const excluded = new Set(url.searchParams.getAll('exclude'));
    const outcomes = await Promise.all(checks.map(async (one) => excluded.has(one.name) || (await this.#passes(one))));
    const lines = checks.map((one, index) => {
      if (excluded.delete(one.name)) return `[+]${one.name} excluded: ok`;
      return outcomes[index] === true ? `[+]${one.name} ok` : `[-]${one.name} failed: reason withheld`;
    });
    if (excluded.size > 0) {
      const unknown = [...excluded].sort().map((one) => JSON.stringify(one));
      lines.push(`warn: some health checks cannot be excluded: no matches for ${unknown.join(',')}`);
    }
    if (outcomes.includes(false)) return text(`${lines.join('\n')}\n${endpoint} check failed\n`, 500);
    const verbose = url.searchParams.has('verbose');
    return text(verbose ? `${lines.join('\n')}\n${endpoint} check passed\n` : 'ok', 200);
  }

  /** Tells the log when a check begins or ceases to fail. */
  async #passes(one: HealthCheck): Promise<boolean> {
    const { name } = one;
    try {
      await inTime(one, this.#deadlineMs);
      if (this.#failing.delete(name)) this.#log.info({ check: name }, 'health check passes again');
      return true;
    } catch (error) {
      if (!this.#failing.has(name)) this.#log.warn({ check: name, err: error }, 'health check fails');
      this.#failing.add(name);
      return false;
    }
  }
}

async function inTime(one: HealthCheck, deadlineMs: number): Promise<void> {
  const pending = one.check();
  if (pending === undefined) return;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  try {
    await Promise.race([pending, late]);
  } finally {
    clearTimeout(timer);
  }
}

const text = (body: string, status: number): Response =>
  new Response(body, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  });
