import { randomBytes } from 'node:crypto';

/** A whole message of a WebSocket, or one of its control frames. */
export interface WebSocketMessage {
  readonly type: 'text' | 'binary' | 'ping' | 'pong' | 'close';
  readonly data: Uint8Array;
}

const OPCODES = { text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const;
const TYPES: ReadonlyMap<number, WebSocketMessage['type']> = new Map(
  (Object.keys(OPCODES) as WebSocketMessage['type'][]).map((type) => [OPCODES[type], type]),
);
/** A message that is longer ends the connection. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/** One message as the frame of a client, which is masked (RFC 6455, 5.2). */
export function clientFrame({ type, data }: WebSocketMessage): Uint8Array {
  const long = data.length > 0xffff ? 8 : data.length > 125 ? 2 : 0;
  const frame = Buffer.alloc(2 + long + 4 + data.length);
  frame[0] = 0x80 | OPCODES[type];
  frame[1] = 0x80 | (long === 8 ? 127 : long === 2 ? 126 : data.length);
  if (long === 2) frame.writeUInt16BE(data.length, 2);
  if (long === 8) frame.writeBigUInt64BE(BigInt(data.length), 2);
  const mask = randomBytes(4);
  mask.copy(frame, 2 + long);
  const start = 6 + long;
  for (let at = 0; at < data.length; at += 1) frame[start + at] = (data[at] ?? 0) ^ (mask[at & 3] ?? 0);
  return frame;
}

/** Puts a server's frames together to messages; bytes come in any pieces. Throws for what is no WebSocket. */
export class WebSocketReader {
  #waiting: Buffer = Buffer.alloc(0);
  #parts: Uint8Array[] = [];
  #type: WebSocketMessage['type'] | undefined;

  push(bytes: Uint8Array): WebSocketMessage[] {
    this.#waiting = this.#waiting.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#waiting, bytes]);
    const messages: WebSocketMessage[] = [];
    for (let next = this.#frame(); next !== undefined; next = this.#frame()) {
      const message = this.#whole(next.opcode, next.fin, next.data);
      if (message !== undefined) messages.push(message);
    }
    return messages;
  }

  #frame(): { readonly opcode: number; readonly fin: boolean; readonly data: Uint8Array } | undefined {
    const bytes = this.#waiting;
    const [first, second] = bytes;
    if (first === undefined || second === undefined) return undefined;
    if ((second & 0x80) !== 0) throw new Error('a server masked its frame');
    const short = second & 0x7f;
    const start = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < start) return undefined;
    const length = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (length > MAX_MESSAGE_BYTES) throw new Error(`a frame of ${length} bytes is too long`);
    if (bytes.length < start + length) return undefined;
    this.#waiting = bytes.subarray(start + length);
    return { opcode: first & 0x0f, fin: (first & 0x80) !== 0, data: bytes.subarray(start, start + length) };
  }

  #whole(opcode: number, fin: boolean, data: Uint8Array): WebSocketMessage | undefined {
    const type = TYPES.get(opcode);
    if (opcode >= 8) {
      if (type === undefined) throw new Error(`unknown frame ${opcode}`);
      return { type, data };
    }
    if (type !== undefined) this.#type = type;
    this.#parts.push(data);
    if (this.#parts.reduce((sum, part) => sum + part.length, 0) > MAX_MESSAGE_BYTES)
      throw new Error('a message is too long');
    if (!fin || this.#type === undefined) return undefined;
    const message = { type: this.#type, data: Buffer.concat(this.#parts) };
    this.#parts = [];
    return message;
  }
}
