import { type Socket, connect } from 'node:net';
import { CHANNEL } from '#api/wire/stream-frame.ts';
import type { WireStream } from '#api/wire/wire-stream.ts';
import type { PodForward } from '../runtime/pod-forward.ts';

/** Where a connection to a pod's port goes. */
export interface PortForwardTarget {
  readonly address: string;
  readonly port: number;
  /** Another way in, through the pod's own network. */
  readonly inside: () => Promise<PodForward>;
}

/**
 * Joins a TCP connection to a pod's port with a stream: channel 0 towards the pod, channel 1 back. Either side may close its half.
 * The pod's address is tried first, which costs nothing; what listens on the pod's loopback only is then reached from inside.
 */
export async function servePortForward(stream: WireStream, target: PortForwardTarget): Promise<void> {
  const { address, port } = target;
  const direct = await dial(address, port);
  if (!(direct instanceof Error)) return join(stream, direct, async () => undefined);
  if (!refused(direct)) return stream.close({ error: `error forwarding port ${port} to pod: ${direct.message}` });
  const inside = await target.inside();
  void stream.ended.then(() => inside.close());
  const socket = await dial('127.0.0.1', inside.localPort);
  if (socket instanceof Error) stream.close({ error: `error forwarding port ${port} to pod: ${socket.message}` });
  else await join(stream, socket, () => inside.failure());
}

const refused = (error: Error): boolean => 'code' in error && error.code === 'ECONNREFUSED';

function dial(host: string, port: number): Promise<Socket | Error> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    socket.once('error', resolve);
    socket.once('connect', () => {
      socket.off('error', resolve);
      resolve(socket);
    });
  });
}

/** `whyEmpty` is asked when the pod's side has ended without a word. */
async function join(stream: WireStream, socket: Socket, whyEmpty: () => Promise<string | undefined>): Promise<void> {
  let error: string | undefined;
  socket.on('error', (cause) => {
    error = `error forwarding port to pod: ${cause.message}`;
  });
  void toPod(stream, socket);
  void stream.ended.then(() => socket.destroy());
  const bytes = await fromPod(stream, socket);
  if (bytes === 0) error = (await whyEmpty()) ?? error;
  stream.close(error === undefined ? {} : { error });
  socket.destroy();
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

async function fromPod(stream: WireStream, socket: Socket): Promise<number> {
  let bytes = 0;
  try {
    for await (const chunk of socket) {
      bytes += (chunk as Uint8Array).length;
      await stream.write(CHANNEL.stdout, chunk);
    }
    stream.closeChannel(CHANNEL.stdout);
  } catch {
    // The reason is in the socket's error event.
  }
  return bytes;
}
