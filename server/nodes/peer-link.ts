import { StatusError } from '#api/meta/status.ts';
import type { StreamRequest } from '#api/wire/frames.ts';
import { StreamTable, type WireStream } from '#api/wire/wire-stream.ts';
import type { NodePath } from './node-path.ts';
import { PEER_PATH, PEER_PING_MS, PEER_SILENT_MS, type PeerFrame, takeStreamData } from './peer-frames.ts';

/** What a link to another server needs. */
export interface PeerLinkOptions {
  /** Where it answers, HOST:PORT. */
  readonly address: string;
  readonly nodeName: string;
  /** The cluster's CA in PEM: the other server has a certificate of it. */
  readonly caCertificate: string;
  /** A credential by which servers of this cluster know each other. */
  readonly serverToken: () => Promise<string>;
  /** How long connecting may take until the other server is ready. Default 5 s. */
  readonly deadlineMs?: number;
}

const DEADLINE_MS = 5_000;

/** Connects to the server that a node is linked to, for one call. Rejects with ServiceUnavailable that names the server, after the deadline at the latest. */
export async function linkToPeer(options: PeerLinkOptions): Promise<NodePath> {
  const { address, nodeName, caCertificate, serverToken, deadlineMs = DEADLINE_MS } = options;
  const socket = new WebSocket(`wss://${address}${PEER_PATH}?node=${encodeURIComponent(nodeName)}`, {
    headers: { authorization: `Bearer ${await serverToken()}` },
    tls: { ca: caCertificate },
  });
  const link = new PeerLink(
    socket,
    `the server at https://${address}, which node ${JSON.stringify(nodeName)} is connected to`,
  );
  const late = setTimeout(() => link.end(`does not answer within ${deadlineMs / 1000} s`), deadlineMs);
  try {
    await link.ready;
    return link;
  } finally {
    clearTimeout(late);
  }
}

/**
 * The asking side of a link between servers. States: connecting → ready (the other side has the node) → over. What is on its way is bounded by
 * the streams' credit, INITIAL_CREDIT_BYTES each, so the socket needs no limit of its own.
 */
class PeerLink implements NodePath {
  readonly ready: Promise<void>;
  readonly #socket: WebSocket;
  readonly #peer: string;
  readonly #settle: { resolve(): void; reject(error: Error): void };
  readonly #streams: StreamTable;
  readonly #pinging: ReturnType<typeof setInterval>;
  #streamId = 0;
  #heardAt = Date.now();
  #over = false;

  /** `peer` says in messages who the other side is. */
  constructor(socket: WebSocket, peer: string) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.ready = promise;
    this.#settle = { resolve, reject };
    this.#socket = socket;
    this.#peer = peer;
    this.#streams = new StreamTable({
      sendBinary: async (message) => {
        if (!this.#over) socket.send(message);
      },
      sendFrame: (frame) => this.#send(frame),
    });
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => this.#heard(data));
    socket.addEventListener('error', (event) =>
      this.end('message' in event ? `does not answer: ${String(event.message)}` : 'does not answer'),
    );
    socket.addEventListener('close', ({ reason }) =>
      this.end(`has closed the connection${reason === '' ? '' : `: ${reason}`}`),
    );
    this.#pinging = setInterval(() => this.#ping(), PEER_PING_MS);
  }

  get isOver(): boolean {
    return this.#over;
  }

  open(request: StreamRequest): WireStream {
    const stream = this.#streams.add(++this.#streamId);
    if (this.#over) stream.abort(`${this.#peer}, is gone`);
    else this.#send({ type: 'openStream', stream: stream.id, request });
    return stream;
  }

  close(): void {
    this.end('is no longer needed');
  }

  /** Ends the link and its streams. */
  end(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#pinging);
    const text = `${this.#peer}, ${reason}`;
    this.#settle.reject(new StatusError('ServiceUnavailable', text));
    this.#streams.abort(text);
    this.#socket.close(1000);
  }

  #heard(data: string | ArrayBuffer): void {
    this.#heardAt = Date.now();
    if (typeof data !== 'string') return takeStreamData(this.#streams, new Uint8Array(data));
    const frame = JSON.parse(data) as PeerFrame;
    switch (frame.type) {
      case 'ready':
        return this.#settle.resolve();
      case 'refused':
        return this.end(frame.reason);
      case 'credit':
        return this.#streams.find(frame.stream)?.receiveCredit(frame.bytes);
      case 'closeStream':
        return this.#streams.find(frame.stream)?.receiveClose(frame);
      case 'openStream':
      case 'ping':
        return;
    }
  }

  #ping(): void {
    if (Date.now() - this.#heardAt >= PEER_SILENT_MS) this.end('is silent');
    else if (this.#socket.readyState === WebSocket.OPEN) this.#send({ type: 'ping' });
  }

  #send(frame: PeerFrame): void {
    if (!this.#over) this.#socket.send(JSON.stringify(frame));
  }
}
