import type { CloseStreamFrame, CreditFrame, OpenStreamFrame, PingFrame, RefusedFrame } from '#api/wire/frames.ts';
import { decodeStreamData } from '#api/wire/stream-frame.ts';
import type { StreamTable } from '#api/wire/wire-stream.ts';

/** The path on the API port where a server asks another one for streams to a node that is linked there; `?node=` names it. */
export const PEER_PATH = '/skep/v1/server';
/** The side that asks pings so often, and the other one answers at once. */
export const PEER_PING_MS = 5_000;
/** Either side gives up a link over which nothing has come for so long: the other host may have vanished. */
export const PEER_SILENT_MS = 15_000;

/** The first word of the server that was asked: the node is linked here. */
export interface ReadyFrame {
  readonly type: 'ready';
}

/** What servers say to each other: control frames as JSON texts, stream data as binary messages, as between hub and agent. */
export type PeerFrame = ReadyFrame | RefusedFrame | OpenStreamFrame | CreditFrame | CloseStreamFrame | PingFrame;

/** Gives stream data to the stream that they are for; what is for none is dropped. */
export function takeStreamData(streams: StreamTable, message: Uint8Array): void {
  const piece = decodeStreamData(message);
  // A copy: the socket reuses its buffer.
  if (piece !== undefined) streams.find(piece.stream)?.receive(piece.channel, piece.data.slice());
}
