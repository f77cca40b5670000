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

/** The answer to /healthz, /livez, /readyz, their single checks, `?verbose` and `?exclude=`. Texts as upstream's healthz package. */
export async function healthResponse(
  url: URL,
  parts: readonly string[],
  given: readonly HealthCheck[],
): Promise<Response> {
  const [endpoint = '', name] = parts;
  const counted = endpoint === 'readyz' ? 'readyz' : 'livez';
  const all = [PING, ...given].filter(({ endpoints }) => endpoints.includes(counted));
  const excluded = new Set(url.searchParams.getAll('exclude'));
  const checks = all.filter((one) => (name === undefined ? !excluded.has(one.name) : one.name === name));
  if (parts.length > 2 || checks.length === 0) return plainNotFound();
  const lines: string[] = [];
  let failed = false;
  for (const one of checks) {
    try {
      await one.check();
      lines.push(`[+]${one.name} ok`);
    } catch {
      failed = true;
      lines.push(`[-]${one.name} failed: reason withheld`);
    }
  }
  const outcome = `${endpoint} check ${failed ? 'failed' : 'passed'}`;
  if (failed) return text(`${lines.join('\n')}\n${outcome}\n`, 500);
  return text(url.searchParams.has('verbose') ? `${lines.join('\n')}\n${outcome}\n` : 'ok', 200);
}

const text = (body: string, status: number): Response =>
  new Response(body, {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  });
