import { StatusError, badRequest } from '#api/meta/status.ts';

/** Upstream: --request-timeout. */
export const REQUEST_TIMEOUT_MS = 60_000;
/** A client that neither sends its body nor reads its answer is cut off after so long, s; later than the request's own deadline. */
export const CONNECTION_TIMEOUT_SECONDS = 68;
/** A kept connection without a request is closed after so long, s (upstream: 90; a client that keeps them as long must not meet the end of one). */
export const IDLE_TIMEOUT_SECONDS = 120;

const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** The request's deadline: its `timeout` parameter (a Go duration), at most REQUEST_TIMEOUT_MS. Throws 400 (upstream: WithRequestDeadline). */
export function deadlineOf(url: URL): number {
  const text = url.search === '' ? null : url.searchParams.get('timeout');
  if (text === null || text === '') return REQUEST_TIMEOUT_MS;
  const asked = parseDuration(text);
  if (typeof asked === 'string') throw badRequest(`invalid timeout specified in the request URL - ${asked}`);
  return asked > 0 && asked < REQUEST_TIMEOUT_MS ? asked : REQUEST_TIMEOUT_MS;
}

/** A Go duration such as `1m30s` in milliseconds, or what Go says of it. */
export function parseDuration(text: string): number | string {
  const quoted = JSON.stringify(text);
  const bare = text.replace(/^[-+]/, '');
  const sign = text.startsWith('-') ? -1 : 1;
  if (bare === '0') return 0;
  if (bare === '') return `time: invalid duration ${quoted}`;
  let total = 0;
  for (let rest = bare; rest !== '';) {
    const number = /^(?:\d+\.?\d*|\.\d+)/.exec(rest)?.[0];
    if (number === undefined) return `time: invalid duration ${quoted}`;
    rest = rest.slice(number.length);
    const unit = /^[^\d.]*/.exec(rest)?.[0] ?? '';
    if (unit === '') return `time: missing unit in duration ${quoted}`;
    const ms = UNITS[unit];
    if (ms === undefined) return `time: unknown unit ${JSON.stringify(unit)} in duration ${quoted}`;
    total += Number(number) * ms;
    rest = rest.slice(unit.length);
  }
  return sign * total;
}

/** What `work` comes to, or 504 after `timeoutMs`: the work may still go on and succeed then, as upstream's may. */
export async function within<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(timedOut()), timeoutMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const timedOut = (): StatusError =>
  new StatusError('Timeout', 'Timeout: request did not complete within the allotted timeout', {});
