import { createSocket } from 'node:dgram';
import { connect } from 'node:net';

/** A resolver to which questions go that are not the cluster's own. */
export interface Upstream {
  readonly address: string;
  readonly port: number;
}

const TIMEOUT_MS = 2000;
const ROUNDS = 2;
const DNS_PORT = 53;

/** The nameservers of a resolv.conf, but not this one's own address: a question would come back for ever. */
export const upstreamsOf = (resolvConf: string, ownAddress: string): Upstream[] =>
  resolvConf
    .split('\n')
    .flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? [])
    .filter((address) => address !== ownAddress)
    .map((address) => ({ address, port: DNS_PORT }));

/**
 * Passes a question on as it came and returns the answer as it came, or undefined when no resolver answers: two rounds, each resolver
 * 2 seconds. Over TCP when the client asked over TCP, so that a long answer is whole.
 */
export async function forward(
  query: Uint8Array,
  upstreams: readonly Upstream[],
  transport: 'udp' | 'tcp',
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const upstream of upstreams) {
      if (signal.aborted) return undefined;
      const answer = await (transport === 'udp' ? askUdp : askTcp)(query, upstream, signal);
      if (answer !== undefined) return answer;
    }
  }
  return undefined;
}

function askUdp(query: Uint8Array, { address, port }: Upstream, signal: AbortSignal): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const done = (answer?: Uint8Array): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      socket.removeAllListeners();
      socket.on('error', () => {});
      try {
        socket.close();
      } catch {
        // It was closed by its own error.
      }
      resolve(answer);
    };
    const stop = (): void => done();
    const timer = setTimeout(done, TIMEOUT_MS);
    signal.addEventListener('abort', stop);
    socket.on('error', stop);
    // The socket's own port and the query's id are the guard against forged answers.
    socket.on('message', (message, from) => {
      if (from.address === address && from.port === port && sameId(message, query)) done(message);
    });
    socket.send(query, port, address, (error) => {
      if (error !== null) done();
    });
  });
}

function askTcp(query: Uint8Array, { address, port }: Upstream, signal: AbortSignal): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let received = Buffer.alloc(0);
    const done = (answer?: Uint8Array): void => {
      signal.removeEventListener('abort', stop);
      socket.destroy();
      resolve(answer);
    };
    const stop = (): void => done();
    signal.addEventListener('abort', stop);
    socket.setTimeout(TIMEOUT_MS, stop);
    socket.on('error', stop);
    socket.on('close', stop);
    socket.on('connect', () => socket.write(withLength(query)));
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, typeof chunk === 'string' ? Buffer.from(chunk) : chunk]);
      const [message] = splitMessages(received);
      if (message !== undefined) done(message);
    });
  });
}

const sameId = (a: Uint8Array, b: Uint8Array): boolean => a.length >= 12 && a[0] === b[0] && a[1] === b[1];

/** A message as it goes over TCP: two bytes of length before it (RFC 1035, 4.2.2). */
export function withLength(message: Uint8Array): Uint8Array {
  const framed = new Uint8Array(message.length + 2);
  new DataView(framed.buffer).setUint16(0, message.length);
  framed.set(message, 2);
  return framed;
}

/** The whole messages at the beginning of what came over TCP. */
export function splitMessages(bytes: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 2 <= bytes.length;) {
    const end = at + 2 + view.getUint16(at);
    if (end > bytes.length) break;
    messages.push(bytes.subarray(at + 2, end));
    at = end;
  }
  return messages;
}
