import { WebSocket } from 'ws';
import type { AgentFrame, HelloFrame, HubFrame, WelcomeFrame } from '#api/wire/frames.ts';
import { decodeStreamData } from '#api/wire/stream-frame.ts';
import { PROTOCOL_VERSION } from '#api/wire/version.ts';
import { StreamTable } from '#api/wire/wire-stream.ts';
import type { LinkOptions } from './link-options.ts';
import type { Outbox } from './outbox.ts';

/** How one connection ended. */
export interface LinkEnding {
  readonly welcomed: boolean;
  readonly reason: string;
  readonly refused?: string;
}

/** What a session tells its link. */
export interface LinkSessionListener {
  welcome(welcome: WelcomeFrame): void;
  response(id: number, result: unknown, error: string | undefined): void;
}

/** How long the hub may take for its welcome: it waits for the node's pod network to be allotted. */
const WELCOME_DEADLINE_MS = 20_000;
/** Streams wait while more than this is in the socket's buffer. */
const SOCKET_FULL_BYTES = 1024 * 1024;

/** One connection, from socket to end. */
export class LinkSession {
  readonly ended: Promise<LinkEnding>;
  readonly #settleEnd: (ending: LinkEnding) => void;
  readonly #socket: WebSocket;
  readonly #options: LinkOptions;
  readonly #outbox: Outbox;
  readonly #on: LinkSessionListener;
  readonly #streams: StreamTable;
  welcomed = false;
  #reason = '';
  #refused: string | undefined;
  #over = false;
  #heartbeatMs = WELCOME_DEADLINE_MS;
  #heardAt = Date.now();
  #saidAt = Date.now();
  #pingedAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #flushing = false;

  constructor(socket: WebSocket, options: LinkOptions, outbox: Outbox, on: LinkSessionListener) {
    const { promise, resolve } = Promise.withResolvers<LinkEnding>();
    this.ended = promise;
    this.#settleEnd = resolve;
    this.#socket = socket;
    this.#options = options;
    this.#outbox = outbox;
    this.#on = on;
    this.#streams = new StreamTable({
      sendBinary: (message) => this.#sendBinary(message),
      sendFrame: (frame) => this.#send(frame),
    });
    socket.on('open', () => void this.#greet());
    socket.on('message', (data: Buffer, isBinary: boolean) => this.#heard(data, isBinary));
    socket.on('error', (error: Error) => {
      this.#reason = error.message;
      this.#finish();
    });
    socket.on('unexpected-response', (_request: unknown, response: { statusCode?: number }) => {
      this.#reason = `the server answers ${response.statusCode}`;
      this.#finish();
    });
    socket.on('close', (_code: number, reason: Buffer) => {
      if (this.#reason === '') this.#reason = reason.toString() || 'the connection was closed';
      this.#finish();
    });
    this.#timer = setTimeout(() => this.#watchdog(), WELCOME_DEADLINE_MS);
  }

  /** Closes the connection. */
  end(reason: string): void {
    if (this.#reason === '') this.#reason = reason;
    this.#socket.close(1000, reason);
    // A half-open connection never confirms the close.
    this.#finish();
  }

  /** Sends what waits, once the hub has welcomed us and as fast as the socket takes it. */
  flush(): void {
    if (this.#flushing || !this.welcomed || this.#over) return;
    this.#flushing = true;
    // After this turn: what is said in one turn about one pod is one frame.
    setTimeout(() => void this.#drain(), 0);
  }

  async #drain(): Promise<void> {
    try {
      for (let frame = this.#outbox.next(); frame !== undefined; frame = this.#over ? undefined : this.#outbox.next()) {
        this.#send(frame);
        if (this.#socket.bufferedAmount > SOCKET_FULL_BYTES) await this.#room();
      }
    } finally {
      this.#flushing = false;
    }
  }

  async #greet(): Promise<void> {
    const { state, nodeName, agentVersion, node } = this.#options;
    try {
      const object = await node();
      const hello: HelloFrame = {
        type: 'hello',
        protocol: PROTOCOL_VERSION,
        agentVersion,
        nodeName,
        node: object,
        known: state.known(),
      };
      this.#send(hello);
    } catch (error) {
      this.end(`cannot describe this node: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #heard(data: Buffer, isBinary: boolean): void {
    this.#heardAt = Date.now();
    if (isBinary) {
      const piece = decodeStreamData(data);
      // A copy: the socket reuses its buffer.
      if (piece !== undefined) this.#streams.find(piece.stream)?.receive(piece.channel, piece.data.slice());
      return;
    }
    try {
      this.#take(JSON.parse(data.toString()) as HubFrame);
    } catch (error) {
      this.#options.log.error({ err: error }, 'cannot handle a frame of the hub');
    }
  }

  #take(frame: HubFrame): void {
    const { state } = this.#options;
    switch (frame.type) {
      case 'welcome':
        this.#heartbeatMs = frame.heartbeatMs;
        this.welcomed = true;
        this.#watchdog();
        this.#on.welcome(frame);
        return this.flush();
      case 'upsert':
        if (frame.resource === 'pods') {
          const { namespace = '', name = '', uid } = frame.object.metadata;
          this.#outbox.forget(namespace, name, uid);
        }
        return state.upsert(frame.resource, frame.object);
      case 'remove':
        if (frame.resource === 'pods') {
          const [namespace = '', name = ''] = frame.key.split('/');
          this.#outbox.forget(namespace, name);
        }
        return state.remove(frame.resource, frame.key);
      case 'synced':
        return state.synced();
      case 'response':
        return this.#on.response(frame.id, frame.result, frame.error);
      case 'openStream':
        return this.#options.openStream(frame.request, this.#streams.add(frame.stream));
      case 'credit':
        return this.#streams.find(frame.stream)?.receiveCredit(frame.bytes);
      case 'closeStream':
        return this.#streams.find(frame.stream)?.receiveClose(frame);
      case 'refused':
        this.#refused = frame.reason;
        return this.end('refused');
      case 'ping':
        return;
    }
  }

  #send(frame: AgentFrame): void {
    if (this.#over || this.#socket.readyState !== WebSocket.OPEN) return;
    this.#saidAt = Date.now();
    this.#socket.send(JSON.stringify(frame));
  }

  async #sendBinary(message: Uint8Array<ArrayBuffer>): Promise<void> {
    if (this.#over || this.#socket.readyState !== WebSocket.OPEN) return;
    this.#saidAt = Date.now();
    this.#socket.send(message);
    if (this.#socket.bufferedAmount > SOCKET_FULL_BYTES) await this.#room();
  }

  /** `ws` has no event for a buffer that has emptied. */
  async #room(): Promise<void> {
    while (!this.#over && this.#socket.bufferedAmount > SOCKET_FULL_BYTES / 2) await Bun.sleep(5);
  }

  #watchdog(): void {
    clearTimeout(this.#timer);
    if (this.#over) return;
    const now = Date.now();
    if (!this.welcomed && now - this.#heardAt >= WELCOME_DEADLINE_MS) return this.end('no welcome from the hub');
    if (this.welcomed && now - this.#heardAt >= 3 * this.#heartbeatMs) return this.end('nothing heard from the hub');
    if (this.welcomed && now >= this.#pingDue()) {
      this.#pingedAt = now;
      this.#send({ type: 'ping' });
    }
    const next = this.welcomed ? this.#pingDue() - now : WELCOME_DEADLINE_MS;
    this.#timer = setTimeout(() => this.#watchdog(), Math.max(next, 10));
  }

  /** Not only when we are silent: to much of what we say, events for one, the hub has no answer. */
  #pingDue(): number {
    const silent = this.#saidAt + this.#heartbeatMs;
    const unanswered = Math.max(this.#heardAt + 2 * this.#heartbeatMs, this.#pingedAt + this.#heartbeatMs);
    return Math.min(silent, unanswered);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#streams.abort('the link to the hub is lost');
    this.#socket.terminate();
    this.#settleEnd({
      welcomed: this.welcomed,
      reason: this.#reason,
      ...(this.#refused === undefined ? {} : { refused: this.#refused }),
    });
  }
}
