import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** What a probe found. */
export interface ProbeOutcome {
  readonly healthy: boolean;
  /** What is said of a failure. */
  readonly output: string;
}

/** An HTTP GET as a probe or a hook asks for it. */
export interface HttpGet {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'connect: connection timed out',
};

/** Healthy when a TCP connection comes up in time. */
export function probeTcp(host: string, port: number, timeoutMs: number): Promise<ProbeOutcome> {
  const address = join(host, port);
  return talk(connectTcp({ host, port }), timeoutMs, {
    connected: (finish) => finish({ healthy: true, output: '' }),
    timedOut: `dial tcp ${address}: i/o timeout`,
    failed: (error) => `dial tcp ${address}: ${REASONS[error.code ?? ''] ?? error.message}`,
  });
}

/**
 * Healthy when the answer's status is 200–399. Certificates are not verified, redirects count as healthy and are not followed.
 * Not by `fetch`: that would obey the agent's proxy settings, and hide which error it was.
 */
export function probeHttp(get: HttpGet, timeoutMs: number): Promise<ProbeOutcome> {
  const { host, port, scheme } = get;
  const url = `${scheme}://${join(host, port)}${get.path}`;
  const socket =
    scheme === 'https' ? connectTls({ host, port, rejectUnauthorized: false }) : connectTcp({ host, port });
  let head = '';
  return talk(socket, timeoutMs, {
    connected: () => void socket.write(request(get)),
    received: (chunk, finish) => {
      head = `${head}${chunk.toString('latin1')}`.slice(0, 64);
      const status = /^HTTP\/\d(?:\.\d)? (\d{3})/.exec(head)?.[1];
      if (status === undefined) {
        if (head.length >= 64)
          finish({
            healthy: false,
            output: `Get "${url}": net/http: HTTP/1.x transport connection broken: malformed HTTP response`,
          });
        return;
      }
      const healthy = Number(status) >= 200 && Number(status) < 400;
      finish({ healthy, output: healthy ? '' : `HTTP probe failed with statuscode: ${status}` });
    },
    timedOut: `Get "${url}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
    failed: (error) => {
      const reason = REASONS[error.code ?? ''];
      if (reason !== undefined) return `Get "${url}": dial tcp ${join(host, port)}: ${reason}`;
      return `Get "${url}": ${error.code === 'ECONNRESET' ? 'read tcp: read: connection reset by peer' : error.message}`;
    },
    ended: `Get "${url}": EOF`,
  });
}

interface Talk {
  readonly connected: (finish: (outcome: ProbeOutcome) => void) => void;
  readonly received?: (chunk: Buffer, finish: (outcome: ProbeOutcome) => void) => void;
  readonly timedOut: string;
  readonly failed: (error: NodeJS.ErrnoException) => string;
  readonly ended?: string;
}

async function talk(socket: Socket, timeoutMs: number, script: Talk): Promise<ProbeOutcome> {
  const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
  const timer = setTimeout(() => resolve({ healthy: false, output: script.timedOut }), timeoutMs);
  socket.on('connect', () => script.connected(resolve));
  socket.on('data', (chunk: Buffer) => script.received?.(chunk, resolve));
  socket.on('error', (error: NodeJS.ErrnoException) => resolve({ healthy: false, output: script.failed(error) }));
  socket.on('close', () => resolve({ healthy: false, output: script.ended ?? 'EOF' }));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

function request({ host, port, path, headers }: HttpGet): string {
  const own = new Map([
    ['host', `Host: ${join(host, port)}`],
    ['user-agent', 'User-Agent: kube-probe/1.33'],
    ['accept', 'Accept: */*'],
    ['connection', 'Connection: close'],
  ]);
  for (const { name, value } of headers) own.set(name.toLowerCase(), `${name}: ${value}`);
  const target = path.startsWith('/') ? path : `/${path}`;
  return `${[`GET ${clean(target)} HTTP/1.1`, ...[...own.values()].map(clean)].join('\r\n')}\r\n\r\n`;
}

/** A value with a line break in it must not become a second header. */
const clean = (text: string): string => text.replace(/[\r\n]/g, '');

const join = (host: string, port: number): string => (host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`);
