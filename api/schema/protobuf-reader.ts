/** Bytes that are no protobuf message, or not the one expected; the message is what gogo's decoder says. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

/** How a field is laid out on the wire. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const decoder = new TextDecoder();
const SAFE_BYTES = 7;
const MAX_VARINT_BYTES = 10;

/** Reads one message from front to back. Every read checks the bounds and throws ProtobufError. */
export class ProtobufReader {
  readonly #data: Uint8Array;
  #at = 0;

  constructor(data: Uint8Array) {
    this.#data = data;
  }

  get done(): boolean {
    return this.#at >= this.#data.length;
  }

  /** The number and wire type of the next field. */
  tag(): { readonly number: number; readonly wire: number } {
    const tag = this.unsigned();
    const number = Math.floor(tag / 8);
    if (number < 1 || number > 0x1fffffff)
      throw new ProtobufError(`proto: illegal tag ${number} (wire type ${tag % 8})`);
    return { number, wire: tag % 8 };
  }

  /** A varint that is never negative (tags, lengths, bools). */
  unsigned(): number {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < SAFE_BYTES; count++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new ProtobufError('proto: integer overflow');
  }

  /** A signed 64-bit varint; beyond 2^53 it loses precision, like all numbers in JSON here. */
  int64(): number {
    let value = 0n;
    for (let count = 0; count < MAX_VARINT_BYTES; count++) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << BigInt(7 * count);
      if (byte < 0x80) return Number(BigInt.asIntN(64, value));
    }
    throw new ProtobufError('proto: integer overflow');
  }

  /** A double. */
  double(): number {
    const bytes = this.#take(8);
    return new DataView(bytes.buffer, bytes.byteOffset, 8).getFloat64(0, true);
  }

  /** A length and that many bytes, as a view. */
  bytes(): Uint8Array {
    return this.#take(this.unsigned());
  }

  /** A length and that many bytes of UTF-8. */
  text(): string {
    return decoder.decode(this.bytes());
  }

  /** Passes over a field of whatever type. */
  skip(wire: number): void {
    if (wire === WIRE.varint) this.int64();
    else if (wire === WIRE.fixed64) this.#take(8);
    else if (wire === WIRE.bytes) this.bytes();
    else if (wire === WIRE.fixed32) this.#take(4);
    else throw new ProtobufError(`proto: illegal wireType ${wire}`);
  }

  #byte(): number {
    const byte = this.#data[this.#at++];
    if (byte === undefined) throw new ProtobufError('unexpected EOF');
    return byte;
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#data.length) throw new ProtobufError('unexpected EOF');
    const view = this.#data.subarray(this.#at, end);
    this.#at = end;
    return view;
  }
}
