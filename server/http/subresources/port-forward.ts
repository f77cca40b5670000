import { badRequest } from '#api/meta/status.ts';
import { CHANNEL } from '#api/wire/stream-frame.ts';
import type { WireStream } from '#api/wire/wire-stream.ts';
import { OrderedSender } from '#server/nodes/agent-socket.ts';
import type { NodePath } from '#server/nodes/node-path.ts';
import { type NodeStreamParts, nodeOf, podOf } from './pod-container.ts';
import { type SpdyFrame, SpdyReader, SpdyWriter } from './spdy-frames.ts';
import { MAX_SOCKET_WAITING_BYTES, type Socket, type SocketHandler, type Subresource } from './subresource.ts';

const PROTOCOL = 'SPDY/3.1+portforward.k8s.io';
const PROTOCOL_ERROR = 1;

/** pods/portforward: TCP connections to a pod's ports, as SPDY streams inside a WebSocket (KEP-4006; kubectl from 1.31 on). */
export const portForwardSubresource = (parts: NodeStreamParts): Subresource => ({
  resource: 'pods',
  name: 'portforward',
  methods: ['GET', 'POST'],
  verbs: ['create', 'get'],
  async handle(request) {
    const { namespace, name } = request;
    const nodeName = nodeOf(podOf(parts, namespace, name));
    // Before the upgrade is looked at: kubectl asks again with SPDY when it is refused, and shows only what that is answered.
    const path = await parts.nodes.find(nodeName);
    try {
      if (!request.isUpgrade) throw badRequest('Upgrade request required');
      if (!request.offeredProtocols.includes(PROTOCOL))
        throw badRequest(`unable to upgrade: unsupported protocols ${JSON.stringify(request.offeredProtocols)}`);
      const open: OpenPort = (via, port) => via.open({ verb: 'portForward', namespace, pod: name, port });
      request.upgrade(
        portForwardSocket(path, () => parts.nodes.find(nodeName), open),
        PROTOCOL,
      );
    } catch (error) {
      path.close();
      throw error;
    }
    return undefined;
  },
});

/** One of kubectl's connections. It opens two SPDY streams with one `requestid`: errors first, then data. */
interface Connection {
  readonly errorStream: number;
  wire?: WireStream;
  writes: Promise<unknown>;
}

type OpenPort = (path: NodePath, port: number) => WireStream;

/** `again` finds another path when the first is over: the forward outlives a move of the node's link, only what was open ends. */
function portForwardSocket(first: NodePath, again: () => Promise<NodePath>, open: OpenPort): SocketHandler {
  let path = first;
  let closed = false;
  const reader = new SpdyReader();
  const writer = new SpdyWriter();
  const byRequest = new Map<string, Connection>();
  const byDataStream = new Map<number, Connection>();
  let sender: OrderedSender | undefined;
  let reading: Promise<unknown> = Promise.resolve();
  let waitingBytes = 0;

  async function take(frame: SpdyFrame): Promise<void> {
    switch (frame.type) {
      case 'open':
        return begin(frame.stream, frame.headers);
      case 'data':
        return forward(frame.stream, frame.data, frame.fin);
      case 'reset':
        return byDataStream.get(frame.stream)?.wire?.close();
      case 'ping':
        return sender?.send(writer.ping(frame.id));
      case 'other':
        return;
    }
  }

  async function begin(stream: number, headers: ReadonlyMap<string, string>): Promise<void> {
    const requestId = headers.get('requestid') ?? headers.get('port') ?? '';
    const type = headers.get('streamtype');
    const connection = byRequest.get(requestId);
    if (type === 'error') byRequest.set(requestId, { errorStream: stream, writes: Promise.resolve() });
    else if (type !== 'data' || connection === undefined) return sender?.send(writer.reset(stream, PROTOCOL_ERROR));
    sender?.send(await writer.reply(stream));
    if (type !== 'data' || connection === undefined) return;
    try {
      if (path.isOver) await renewPath();
      connection.wire = open(path, Number(headers.get('port')));
      byDataStream.set(stream, connection);
      void giveBack(stream, requestId, connection, connection.wire);
    } catch (error) {
      finish(stream, requestId, connection, error instanceof Error ? error.message : String(error));
    }
  }

  async function renewPath(): Promise<void> {
    path.close();
    path = await again();
    if (closed) path.close();
  }

  function forward(stream: number, data: Uint8Array, fin: boolean): void {
    const connection = byDataStream.get(stream);
    const wire = connection?.wire;
    if (connection === undefined || wire === undefined) return;
    waitingBytes += data.length;
    // Each connection waits for itself: one that is not read must not hold up the others.
    connection.writes = connection.writes.then(async () => {
      if (data.length > 0) await wire.write(CHANNEL.stdin, data);
      waitingBytes -= data.length;
      if (fin) wire.closeChannel(CHANNEL.stdin);
    });
  }

  async function giveBack(stream: number, requestId: string, connection: Connection, wire: WireStream): Promise<void> {
    for await (const message of wire) {
      if (message.eof || message.channel !== CHANNEL.stdout) continue;
      sender?.send(writer.data(stream, message.data, false));
      await sender?.room();
    }
    finish(stream, requestId, connection, (await wire.ended).error);
  }

  function finish(stream: number, requestId: string, connection: Connection, error: string | undefined): void {
    const text = new TextEncoder().encode(error ?? '');
    // kubectl waits for the end of the error stream before it lets the connection go.
    sender?.send(writer.data(connection.errorStream, text, true));
    sender?.send(writer.data(stream, new Uint8Array(), true));
    byRequest.delete(requestId);
    byDataStream.delete(stream);
  }

  async function read(bytes: Uint8Array, socket: Socket): Promise<void> {
    try {
      for (const frame of await reader.push(bytes)) await take(frame);
    } catch (error) {
      socket.close(1002, error instanceof Error ? error.message : 'protocol error');
    }
  }

  return {
    open(socket) {
      sender = new OrderedSender(
        { send: (data) => socket.send(data), close: (code, reason) => socket.close(code, reason) },
        (reason) => socket.close(1011, reason),
      );
    },
    message(socket, data) {
      if (typeof data === 'string') return;
      if (waitingBytes > MAX_SOCKET_WAITING_BYTES) return socket.close(1009, 'the node does not take what is sent');
      // A copy: the server reuses its buffer.
      const bytes = data.slice();
      reading = reading.then(() => read(bytes, socket));
    },
    drain: () => sender?.drained(),
    waitingBytes: () => waitingBytes + (sender?.waitingBytes ?? 0),
    close() {
      closed = true;
      sender?.close();
      for (const { wire } of byDataStream.values()) wire?.close();
      path.close();
    },
  };
}
