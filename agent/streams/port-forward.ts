import { type Socket, connect } from 'node:net';
import { CHANNEL } from '#api/wire/stream-frame.ts';
import type { WireStream } from '#api/wire/wire-stream.ts';

/**
 * Joins a TCP connection to a pod's port with a stream: channel 0 towards the pod, channel 1 back. Either side may close its half.
 * The pod is reached at its own address, so what listens on the pod's loopback only is not found.
 */
export function servePortForward(stream: WireStream, address: string, port: number): void {
  const socket = connect({ host: address, port, allowHalfOpen: true });
  let error: string | undefined;
  socket.on('error', (cause) => {
    error = `error forwarding port ${port} to pod: ${cause.message}`;
  });
  socket.once('connect', () => void toPod(stream, socket));
  void fromPod(stream, socket).finally(() => {
    stream.close(error === undefined ? {} : { error });
    socket.destroy();
  });
  void stream.ended.then(() => socket.destroy());
}

async function toPod(stream: WireStream, socket: Socket): Promise<void> {
  for await (const message of stream) {
    if (message.channel !== CHANNEL.stdin) continue;
    if (message.eof) socket.end();
    else if (!socket.write(message.data)) await drained(socket);
  }
}

const drained = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done);
      socket.off('close', done);
      resolve();
    };
    socket.on('drain', done);
    socket.on('close', done);
  });

async function fromPod(stream: WireStream, socket: Socket): Promise<void> {
  try {
    for await (const chunk of socket) await stream.write(CHANNEL.stdout, chunk);
    stream.closeChannel(CHANNEL.stdout);
  } catch {
    // The reason is in the socket's error event.
  }
}
