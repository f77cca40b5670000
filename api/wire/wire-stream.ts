import { type CloseStreamFrame, type CreditFrame, INITIAL_CREDIT_BYTES } from './frames.ts';
import { encodeStreamData } from './stream-frame.ts';

/** What carries streams: the link's socket, as either side has it. */
export interface StreamCarrier {
  /** Sends a binary message; resolves when the socket will take the next one. */
  sendBinary(message: Uint8Array<ArrayBuffer>): Promise<void>;
  sendFrame(frame: CreditFrame | CloseStreamFrame): void;
}

/** What a reader gets: data of a channel, or word that the channel has no more. */
export type StreamMessage =
  | { readonly channel: number; readonly data: Uint8Array; readonly eof: false }
  | { readonly channel: number; readonly eof: true };

/** How a stream ended. No error = all was said. */
export interface StreamEnding {
  readonly error?: string;
  /** The HTTP code that fits the error. */
  readonly code?: number;
}

/** Data go in pieces of this size, so that streams take turns on the socket. */
const PIECE_BYTES = 32 * 1024;

/**
 * One end of a stream; both sides of the link have one. States: open → ended (by us, by the other side, or because the link broke).
 * `write` waits for credit, so no more than INITIAL_CREDIT_BYTES are ever on their way unread; credit is given back as the reader takes data.
 * Iterating reads until the end; `ended` tells how it came. Only one reader may iterate.
 */
export class WireStream implements AsyncIterable<StreamMessage> {
  readonly id: number;
  readonly ended: Promise<StreamEnding>;
  readonly #carrier: StreamCarrier;
  readonly #release: () => void;
  readonly #end: (ending: StreamEnding) => void;
  readonly #inbox: StreamMessage[] = [];
  #inboxBytes = 0;
  #wakeReader: (() => void) | undefined;
  #credit = INITIAL_CREDIT_BYTES;
  #wakeWriters: (() => void)[] = [];
  #ending: StreamEnding | undefined;

  /** `release` is called once, when the stream has ended and its id means nothing any more. */
  constructor(id: number, carrier: StreamCarrier, release: () => void) {
    this.id = id;
    this.#carrier = carrier;
    this.#release = release;
    const { promise, resolve } = Promise.withResolvers<StreamEnding>();
    this.ended = promise;
    this.#end = resolve;
  }

  /** Has the stream ended. */
  get isOver(): boolean {
    return this.#ending !== undefined;
  }

  /** Sends data on a channel; resolves false when the stream has ended and nobody will read it. */
  async write(channel: number, data: Uint8Array): Promise<boolean> {
    for (let offset = 0; offset < data.length;) {
      while (this.#credit <= 0 && this.#ending === undefined)
        await new Promise<void>((resolve) => this.#wakeWriters.push(resolve));
      if (this.#ending !== undefined) return false;
      const piece = data.subarray(offset, offset + Math.min(PIECE_BYTES, this.#credit));
      this.#credit -= piece.length;
      offset += piece.length;
      await this.#carrier.sendBinary(encodeStreamData(this.id, channel, piece));
    }
    return this.#ending === undefined;
  }

  /** Says that a channel has no more data. */
  closeChannel(channel: number): void {
    if (this.#ending === undefined) this.#carrier.sendFrame({ type: 'closeStream', stream: this.id, channel });
  }

  /** Ends the stream. Data not yet taken by the other side's reader still reach it. */
  close(ending: StreamEnding = {}): void {
    if (this.#ending !== undefined) return;
    this.#carrier.sendFrame({ type: 'closeStream', stream: this.id, ...ending });
    this.#finish(ending);
  }

  /** The link's: data have come. */
  receive(channel: number, data: Uint8Array): void {
    if (this.#ending !== undefined) return;
    this.#inboxBytes += data.length;
    if (this.#inboxBytes > 2 * INITIAL_CREDIT_BYTES) return this.close({ error: 'sent more than it had credit for' });
    this.#deliver({ channel, data, eof: false });
  }

  /** The link's: the other side has taken `bytes`. */
  receiveCredit(bytes: number): void {
    this.#credit += bytes;
    for (const wake of this.#wakeWriters.splice(0)) wake();
  }

  /** The link's: the other side has closed a channel, or the stream. */
  receiveClose(frame: CloseStreamFrame): void {
    if (frame.channel !== undefined) return this.#deliver({ channel: frame.channel, eof: true });
    this.#finish({
      ...(frame.error === undefined ? {} : { error: frame.error }),
      ...(frame.code === undefined ? {} : { code: frame.code }),
    });
  }

  /** The link's: the socket is gone. */
  abort(error: string): void {
    this.#finish({ error });
  }

  /** What comes in, in order, until the end. Leaving the loop early does not end the stream. */
  async *[Symbol.asyncIterator](): AsyncGenerator<StreamMessage> {
    for (;;) {
      const message = this.#inbox.shift();
      if (message !== undefined) {
        yield message;
        // Back here, the reader is done with it.
        if (!message.eof) this.#taken(message.data.length);
        continue;
      }
      if (this.#ending !== undefined) return;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
  }

  #taken(bytes: number): void {
    this.#inboxBytes -= bytes;
    if (this.#ending === undefined) this.#carrier.sendFrame({ type: 'credit', stream: this.id, bytes });
  }

  #deliver(message: StreamMessage): void {
    this.#inbox.push(message);
    this.#wake();
  }

  #finish(ending: StreamEnding): void {
    if (this.#ending !== undefined) return;
    this.#ending = ending;
    this.#end(ending);
    for (const wake of this.#wakeWriters.splice(0)) wake();
    this.#wake();
    this.#release();
  }

  #wake(): void {
    const wake = this.#wakeReader;
    this.#wakeReader = undefined;
    wake?.();
  }
}

/** The streams of one link by id: finds the one a message is for. Messages for an unknown id are dropped. */
export class StreamTable {
  readonly #carrier: StreamCarrier;
  readonly #streams = new Map<number, WireStream>();

  constructor(carrier: StreamCarrier) {
    this.#carrier = carrier;
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  /** A new stream with this id. */
  add(id: number): WireStream {
    const stream = new WireStream(id, this.#carrier, () => this.#streams.delete(id));
    this.#streams.set(id, stream);
    return stream;
  }

  /** The stream with this id. */
  find(id: number): WireStream | undefined {
    return this.#streams.get(id);
  }

  /** The socket is gone: ends every stream. */
  abort(error: string): void {
    for (const stream of this.#streams.values()) stream.abort(error);
  }
}
