import type { StreamRequest } from '#api/wire/frames.ts';
import type { WireStream } from '#api/wire/wire-stream.ts';

/** A way to a node, for one call of a client. */
export interface NodePath {
  /** Nothing gets through any more: another path is to be asked for. */
  readonly isOver: boolean;
  /** Opens a stream on the node. Throws StatusError when it is no longer there or has too many. */
  open(request: StreamRequest): WireStream;
  /** The call is over. Streams that are still open end. */
  close(): void;
}
