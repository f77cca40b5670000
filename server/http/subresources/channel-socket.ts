import { CHANNEL } from '#api/wire/stream-frame.ts';
import type { StreamRequest } from '#api/wire/frames.ts';
import type { StreamEnding, WireStream } from '#api/wire/wire-stream.ts';
import { OrderedSender } from '#server/nodes/agent-socket.ts';
import type { NodePath } from '#server/nodes/node-path.ts';
import { MAX_SOCKET_WAITING_BYTES, type Socket, type SocketHandler } from './subresource.ts';

/** The subprotocols of exec and attach, the best first: v5 (KEP-4006) can close stdin. */
export const CHANNEL_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;

/** v5: `255, <channel>` = this channel has no more data. */
const CLOSE_CHANNEL = 255;

/**
 * Joins a client's WebSocket with a stream to a node: the first byte of every message is the channel, both ways.
 * The node ends with a Status on the error channel; when it could not begin, the Status is made here. The socket is closed after it,
 * and the path to the node with it.
 */
export function channelSocket(path: NodePath, request: StreamRequest): SocketHandler {
  let sender: OrderedSender | undefined;
  let stream: WireStream | undefined;
  let waitingBytes = 0;
  let writes: Promise<unknown> = Promise.resolve();

  async function forward(from: WireStream, to: OrderedSender, socket: Socket): Promise<void> {
    let sawStatus = false;
    for await (const message of from) {
      if (message.eof) continue;
      if (message.channel === CHANNEL.error) sawStatus = true;
      to.send(prefixed(message.channel, message.data));
      await to.room();
    }
    if (!sawStatus) to.send(prefixed(CHANNEL.error, statusBytes(await from.ended)));
    await to.room();
    socket.close(1000, '');
  }

  return {
    open(socket) {
      sender = new OrderedSender(
        { send: (data) => socket.send(data), close: (code, reason) => socket.close(code, reason) },
        (reason) => socket.close(1011, reason),
      );
      try {
        stream = path.open(request);
        void forward(stream, sender, socket);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        sender.send(prefixed(CHANNEL.error, statusBytes({ error: text })));
        socket.close(1000, '');
      }
    },
    message(socket, data) {
      const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
      const [channel, closed] = bytes;
      if (stream === undefined || channel === undefined) return;
      const to = stream;
      if (channel === CLOSE_CHANNEL) {
        writes = writes.then(() => to.closeChannel(closed ?? CHANNEL.stdin));
        return;
      }
      if (channel !== CHANNEL.stdin && channel !== CHANNEL.resize) return;
      // A copy: the server reuses its buffer.
      const payload = bytes.slice(1);
      waitingBytes += payload.length;
      if (waitingBytes > MAX_SOCKET_WAITING_BYTES) return socket.close(1009, 'the node does not take what is sent');
      writes = writes
        .then(() => to.write(channel, payload))
        .then(() => {
          waitingBytes -= payload.length;
        });
    },
    drain: () => sender?.drained(),
    waitingBytes: () => waitingBytes + (sender?.waitingBytes ?? 0),
    close() {
      sender?.close();
      stream?.close();
      path.close();
    },
  };
}

function prefixed(channel: number, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(1 + data.length);
  message[0] = channel;
  message.set(data, 1);
  return message;
}

/** The Status that ends a stream whose node said none. */
function statusBytes({ error }: StreamEnding): Uint8Array {
  const status =
    error === undefined
      ? { metadata: {}, status: 'Success' }
      : {
          metadata: {},
          status: 'Failure',
          message: `Internal error occurred: ${error}`,
          reason: 'InternalError',
          details: { causes: [{ message: error }] },
          code: 500,
        };
  return new TextEncoder().encode(JSON.stringify(status));
}
