/** The channels of a stream, as in the Kubernetes WebSocket protocol. */
export const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

/** A piece of stream data: a binary message of the link. */
export interface StreamData {
  readonly stream: number;
  readonly channel: number;
  readonly data: Uint8Array;
}

const HEADER_BYTES = 5;

/** As bytes: the stream's id (4, big-endian), the channel (1), the data. */
export function encodeStreamData(stream: number, channel: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(HEADER_BYTES + data.length);
  new DataView(message.buffer).setUint32(0, stream);
  message[4] = channel;
  message.set(data, HEADER_BYTES);
  return message;
}

/** The reverse; `data` is a view of `message`. Undefined when the message is too short to be one. */
export function decodeStreamData(message: Uint8Array): StreamData | undefined {
  const channel = message[4];
  if (channel === undefined) return undefined;
  const stream = new DataView(message.buffer, message.byteOffset, message.byteLength).getUint32(0);
  return { stream, channel, data: message.subarray(HEADER_BYTES) };
}
