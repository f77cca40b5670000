import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as httpRequest,
} from 'node:http';
import { isIP } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { checkServerIdentity, connect as tlsConnect } from 'node:tls';

/** How the other end proves who it is. */
export interface TlsTrust {
  /** The name its certificate must be for: `NAME.NAMESPACE.svc`. */
  readonly serverName: string;
  /** PEM; default: the roots of this host. */
  readonly ca?: string | undefined;
  /** Accept any certificate. */
  readonly insecure?: boolean | undefined;
}

/** One request over a connection that is made for it. */
export interface HttpExchange {
  /** Makes the connection. */
  readonly dial: () => Promise<Duplex>;
  /** Absent: plain HTTP. */
  readonly tls?: TlsTrust | undefined;
  /** `https://NAME.NAMESPACE.svc:443/path?query`: what the Host header and the request line are made of. */
  readonly url: URL;
  readonly method: string;
  readonly headers?: Readonly<Record<string, string | readonly string[]>> | undefined;
  readonly body?: Uint8Array | Readable | undefined;
  /** Ends the exchange, also while the answer is read. */
  readonly signal?: AbortSignal | undefined;
}

/** What came back. Whoever does not read `body` to its end destroys it. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
  /** Present after `101 Switching Protocols`: the connection itself. */
  readonly upgraded?: Duplex | undefined;
}

/** Sends one request; resolves with the head of its answer. Rejects with what went wrong, in Go's words where tools know those. */
export async function exchange(options: HttpExchange): Promise<HttpAnswer> {
  const { signal } = options;
  const link = await cancellable(options.dial(), signal);
  try {
    const socket = options.tls === undefined ? link : await secured(link, options.tls, signal);
    return await ask(socket, options);
  } catch (error) {
    link.destroy();
    throw error;
  }
}

/** The whole body of an answer. Rejects when it is longer than `maxBytes`. */
export async function readBody({ body }: HttpAnswer, maxBytes: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of body) {
    pieces.push(piece as Uint8Array);
    bytes += (piece as Uint8Array).length;
    if (bytes > maxBytes) {
      body.destroy();
      throw new Error(`http: response body too large: more than ${maxBytes} bytes`);
    }
  }
  return Buffer.concat(pieces);
}

/** As the connection may come when nobody waits any more, it is closed then. */
async function cancellable(link: Promise<Duplex>, signal: AbortSignal | undefined): Promise<Duplex> {
  if (signal === undefined) return link;
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(reasonOf(signal));
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([link, aborted.promise]);
  } catch (error) {
    link.then(
      (late) => late.destroy(),
      () => undefined,
    );
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

const reasonOf = ({ reason }: AbortSignal): Error => (reason instanceof Error ? reason : new Error(String(reason)));

function secured(link: Duplex, trust: TlsTrust, signal: AbortSignal | undefined): Promise<Duplex> {
  const host = trust.serverName.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve, reject) => {
    const socket = tlsConnect({
      socket: link,
      // The handshake names no addresses; the certificate is checked all the same.
      ...(isIP(host) === 0 ? { servername: host } : { host }),
      checkServerIdentity: (_, certificate) => checkServerIdentity(host, certificate),
      ...(trust.ca === undefined ? {} : { ca: trust.ca }),
      rejectUnauthorized: trust.insecure !== true,
    });
    const onAbort = (): void => {
      socket.destroy();
      if (signal !== undefined) reject(reasonOf(signal));
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    // Later than the socket's own word, which says more.
    const lost = (error?: Error): void => void setImmediate(() => reject(error ?? new Error('EOF')));
    const fail = (error: Error): void => reject(inGoWords(error, trust.serverName));
    link.once('error', lost);
    link.once('close', lost);
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      signal?.removeEventListener('abort', onAbort);
      link.off('error', lost);
      link.off('close', lost);
      socket.off('error', fail);
      // The inner stream's end is the outer one's.
      link.once('error', (error) => socket.destroy(error));
      resolve(socket);
    });
  });
}

/** What Go's TLS says to the same fault. */
function inGoWords(error: Error, serverName: string): Error {
  const code = 'code' in error ? String(error.code) : '';
  const said = (words: string): Error =>
    new Error(`tls: failed to verify certificate: x509: ${words}`, { cause: error });
  switch (code) {
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
    case 'CERT_SIGNATURE_FAILURE':
      return said('certificate signed by unknown authority');
    case 'CERT_HAS_EXPIRED':
    case 'CERT_NOT_YET_VALID':
      return said('certificate has expired or is not yet valid');
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return said(`certificate is not valid for ${serverName}`);
    default:
      return error;
  }
}

/** An agent with this one connection. With `agent: false` Bun would look the name up and dial by itself. */
function agentOf(socket: Duplex): Agent {
  const agent = new Agent({ keepAlive: false, maxSockets: 1 });
  agent.createConnection = () => socket;
  return agent;
}

function ask(socket: Duplex, { url, method, headers = {}, body, signal }: HttpExchange): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    let answered: IncomingMessage | undefined;
    const request: ClientRequest = httpRequest({
      host: url.hostname,
      port: url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      method,
      headers: { host: url.host, ...headers },
      agent: agentOf(socket),
    });
    const onAbort = (): void => {
      const reason = signal === undefined ? undefined : reasonOf(signal);
      request.destroy(reason);
      answered?.destroy(reason);
      socket.destroy();
      if (reason !== undefined) reject(reason);
    };
    if (signal?.aborted === true) return onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    const done = (): void => {
      signal?.removeEventListener('abort', onAbort);
      socket.destroy();
    };
    request.once('error', (error) => {
      done();
      reject(error);
    });
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('EOF')));
    request.once('upgrade', (answer, upgraded: Duplex, head: Buffer) => {
      if (head.length > 0) upgraded.unshift(head);
      upgraded.once('close', done);
      resolve({ status: answer.statusCode ?? 101, headers: answer.headers, body: answer, upgraded });
    });
    request.once('response', (answer) => {
      answered = answer;
      answer.once('close', done);
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: answer });
    });
    if (body === undefined || body instanceof Uint8Array) request.end(body);
    else body.pipe(request);
  });
}
