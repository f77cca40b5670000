import type { Duplex } from 'node:stream';
import { Readable } from 'node:stream';
import { OrderedSender } from '#server/nodes/agent-socket.ts';
import type { HttpAnswer } from '#server/proxy/http-exchange.ts';
import { type WebSocketMessage, WebSocketReader, clientFrame } from '#server/proxy/websocket-frames.ts';
import { MAX_SOCKET_WAITING_BYTES, type SocketHandler, type SubresourceRequest } from './subresource.ts';

/**
 * A WebSocket through the proxy: `ask` makes one to the target first, and only when the target agrees is the client's request one too.
 * What the target says instead is the client's answer.
 */
export async function proxySocket(
  given: SubresourceRequest,
  ask: () => Promise<HttpAnswer>,
): Promise<Response | undefined> {
  const { status, headers, body, upgraded } = await ask();
  if (upgraded === undefined) {
    if (status < 400) {
      body.destroy();
      throw new Error(`Cannot proxy a WebSocket: the target answered ${status}, wanted 101`);
    }
    const type = headers['content-type'] ?? 'text/plain';
    return new Response(Readable.toWeb(body) as unknown as ReadableStream<Uint8Array>, {
      status,
      headers: { 'content-type': type },
    });
  }
  try {
    given.upgrade(relaySocket(upgraded), String(headers['sec-websocket-protocol'] ?? ''));
  } catch (error) {
    upgraded.destroy();
    throw error;
  }
  return undefined;
}

/** The target has so long to say that it closes too. */
const CLOSE_WAIT_MS = 2_000;

/** Messages from the client to `target` and back. States: open → closed by either side. A client that does not read holds up the target. */
function relaySocket(target: Duplex): SocketHandler {
  const reader = new WebSocketReader();
  let sender: OrderedSender | undefined;
  let closed = false;

  const answer = ({ type, data }: WebSocketMessage, close: (code?: number, reason?: string) => void): void => {
    if (type === 'text') sender?.send(new TextDecoder().decode(data));
    else if (type === 'binary') sender?.send(new Uint8Array(data));
    else if (type === 'ping') target.write(clientFrame({ type: 'pong', data }));
    else if (type === 'close') {
      const code = data.length < 2 ? 1000 : ((data[0] ?? 0) << 8) | (data[1] ?? 0);
      close(code, new TextDecoder().decode(data.subarray(2)));
    }
  };

  return {
    open(socket) {
      const close = (code?: number, reason?: string): void => {
        if (!closed) socket.close(code, reason);
      };
      sender = new OrderedSender({ send: (data) => socket.send(data), close }, (reason) => close(1011, reason));
      target.on('error', () => close(1011, 'the connection to the target broke'));
      target.on('close', () => close(1001, 'the target closed the connection'));
      target.on('data', (bytes: Uint8Array) => {
        try {
          for (const message of reader.push(bytes)) answer(message, close);
        } catch (error) {
          close(1002, error instanceof Error ? error.message : 'protocol error');
        }
        if (sender === undefined || sender.hasRoom) return;
        target.pause();
        void sender.room().then(() => target.resume());
      });
    },
    message(socket, data) {
      const type = typeof data === 'string' ? 'text' : 'binary';
      target.write(clientFrame({ type, data: typeof data === 'string' ? new TextEncoder().encode(data) : data }));
      if (target.writableLength > MAX_SOCKET_WAITING_BYTES) socket.close(1009, 'the target does not take what is sent');
    },
    drain: () => sender?.drained(),
    waitingBytes: () => target.writableLength + (sender?.waitingBytes ?? 0),
    close(_socket, code, reason) {
      closed = true;
      sender?.close();
      const words = new TextEncoder().encode(reason);
      const sendable = code >= 1000 && code < 5000 && code !== 1005 && code !== 1006;
      const data = sendable ? new Uint8Array([code >> 8, code & 0xff, ...words]) : new Uint8Array();
      target.end(clientFrame({ type: 'close', data }));
      setTimeout(() => target.destroy(), CLOSE_WAIT_MS);
    },
  };
}
