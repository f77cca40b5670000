import { Elysia } from 'elysia';
import { StatusError } from '#api/meta/status.ts';
import type { OpenStreamFrame } from '#api/wire/frames.ts';
import { StreamTable, type WireStream } from '#api/wire/wire-stream.ts';
import type { Metrics } from '#base/metrics.ts';
import { type AgentSocket, MAX_WAITING_BYTES, OrderedSender } from './agent-socket.ts';
import { PEER_PATH, PEER_PING_MS, PEER_SILENT_MS, type PeerFrame, takeStreamData } from './peer-frames.ts';
import type { NodeSessions } from './sessions.ts';

/** What a PeerGateway needs. */
export interface PeerGatewayOptions {
  readonly sessions: NodeSessions;
  /** Is this token one that a server of this cluster has made for another. */
  readonly isServerToken: (token: string) => Promise<boolean>;
  readonly metrics?: Metrics | undefined;
}

const LINKS = {
  name: 'skep_server_links',
  help: 'Calls of clients of other servers that reach a node by way of this one',
};
const BYTES = {
  name: 'skep_server_link_waiting_bytes_max',
  help: `Bytes that wait for the slowest of these calls; a link with more than ${MAX_WAITING_BYTES} is cut`,
};

/**
 * Where other servers of the cluster ask for streams to the nodes that are linked here. The asking one has decided whether its client may; here
 * only a server's token gets in, only to nodes linked to this very server, and only to what an agent takes as a stream.
 */
export class PeerGateway {
  readonly #options: PeerGatewayOptions;
  readonly #links = new Map<string, PeerConnection>();

  constructor(options: PeerGatewayOptions) {
    this.#options = options;
    const links = this.#links;
    options.metrics?.gauge(LINKS, [], () => links.size);
    options.metrics?.gauge(BYTES, [], () => Math.max(0, ...[...links.values()].map((link) => link.waitingBytes)));
  }

  /** The servers' WebSocket, as an Elysia plugin. */
  routes() {
    return new Elysia().ws(PEER_PATH, {
      idleTimeout: 0,
      maxPayloadLength: 1024 * 1024,
      open: (ws) => {
        const { headers, query } = ws.data;
        const link = new PeerConnection(ws.raw, query['node'] ?? '', this.#options.sessions);
        this.#links.set(ws.id, link);
        void this.#admit(link, /^Bearer (.+)$/.exec(headers['authorization'] ?? '')?.[1] ?? '');
      },
      message: (ws, message) => this.#links.get(ws.id)?.heard(message),
      drain: (ws) => this.#links.get(ws.id)?.drained(),
      close: (ws) => {
        this.#links.get(ws.id)?.ended();
        this.#links.delete(ws.id);
      },
    });
  }

  async #admit(link: PeerConnection, token: string): Promise<void> {
    const known = token !== '' && (await this.#options.isServerToken(token));
    if (known) link.begin();
    else link.refuse('does not take this server for one of its cluster');
  }
}

/** The answering side of a link between servers. States: opened → ready, or refused → over. Nothing is heard before it is ready. */
class PeerConnection {
  readonly #socket: AgentSocket;
  readonly #nodeName: string;
  readonly #sessions: NodeSessions;
  readonly #sender: OrderedSender;
  readonly #streams: StreamTable;
  #state: 'opened' | 'ready' | 'over' = 'opened';
  #watching: ReturnType<typeof setInterval> | undefined;
  #heardAt = Date.now();

  constructor(socket: AgentSocket, nodeName: string, sessions: NodeSessions) {
    this.#socket = socket;
    this.#nodeName = nodeName;
    this.#sessions = sessions;
    this.#sender = new OrderedSender(socket, (reason) => this.#end(1011, reason));
    this.#streams = new StreamTable({
      sendBinary: async (message) => {
        this.#sender.send(message);
        await this.#sender.room();
      },
      sendFrame: (frame) => this.#send(frame),
    });
  }

  get waitingBytes(): number {
    return this.#sender.waitingBytes;
  }

  /** The other side is a server of this cluster. */
  begin(): void {
    if (this.#state !== 'opened') return;
    if (this.#sessions.find(this.#nodeName) === undefined) return this.refuse('does not have it any more');
    this.#state = 'ready';
    this.#heardAt = Date.now();
    this.#watching = setInterval(() => {
      if (Date.now() - this.#heardAt >= PEER_SILENT_MS) this.#end(1001, 'nothing heard');
    }, PEER_PING_MS);
    this.#send({ type: 'ready' });
  }

  refuse(reason: string): void {
    this.#send({ type: 'refused', reason });
    this.#end(1008, 'refused');
  }

  heard(message: unknown): void {
    if (this.#state !== 'ready') return;
    this.#heardAt = Date.now();
    if (message instanceof Uint8Array) return takeStreamData(this.#streams, message);
    const frame = message as PeerFrame;
    switch (frame.type) {
      case 'openStream':
        return this.#open(frame);
      case 'credit':
        return this.#streams.find(frame.stream)?.receiveCredit(frame.bytes);
      case 'closeStream':
        return this.#streams.find(frame.stream)?.receiveClose(frame);
      case 'ping':
        return this.#send({ type: 'ping' });
      case 'ready':
      case 'refused':
        return;
    }
  }

  drained(): void {
    this.#sender.drained();
  }

  /** The socket is gone: what its client was doing on the node ends. */
  ended(): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    clearInterval(this.#watching);
    this.#sender.close();
    this.#streams.abort('the server that asked is gone');
  }

  #end(code: number, reason: string): void {
    this.ended();
    this.#socket.close(code, reason);
  }

  #open({ stream, request }: OpenStreamFrame): void {
    const near = this.#streams.add(stream);
    try {
      joinStreams(near, this.#sessions.open(this.#nodeName, request));
    } catch (error) {
      const { message, code } = error instanceof StatusError ? error : { message: String(error), code: 500 };
      near.close({ error: message, code });
    }
  }

  #send(frame: PeerFrame): void {
    if (this.#state !== 'over') this.#sender.send(JSON.stringify(frame));
  }
}

/**
 * Makes one stream of two. Each side's data wait for the other's credit, and its own credit is given back when they have gone: what is on its way
 * is bounded from end to end. What the node said last still reaches the client; when the client is gone, the node is told at once.
 */
function joinStreams(near: WireStream, far: WireStream): void {
  void near.ended.then(() => far.close());
  void pour(near, far);
  void pour(far, near).then(async () => near.close(await far.ended));
}

/** Until the end of `from`, or until `to` takes no more. */
async function pour(from: WireStream, to: WireStream): Promise<void> {
  for await (const message of from) {
    if (message.eof) to.closeChannel(message.channel);
    else if (!(await to.write(message.channel, message.data))) return;
  }
}
