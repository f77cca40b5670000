import { badRequest } from '#api/meta/status.ts';
import { type ResourceRequest, userAgentOf } from './api-context.ts';
import type { Answer } from './dispatch.ts';
import { connectAdmission } from './subresources/connect.ts';
import type { Socket, SocketHandler, Subresource } from './subresources/subresource.ts';

/** What of Bun's server an upgrade needs. */
export interface UpgradeServer {
  upgrade(request: Request, options: { data: unknown; headers?: Record<string, string> }): boolean;
  /** Cuts the connection off when nothing moves on it for so long; 0 = never. It holds for this request. */
  timeout(request: Request, seconds: number): void;
}

/** Bun's end of a WebSocket, as far as it is used here. */
interface RawSocket {
  sendBinary(data: Uint8Array): number;
  sendText(data: string): number;
  close(code?: number, reason?: string): void;
}

/**
 * Asks admission about a connection and calls a subresource's handler. A WebSocket needs no route of its own: Elysia gives Bun one set of socket callbacks, which call the functions
 * of the same names in the `data` of the upgrade.
 */
export async function callSubresource(
  given: ResourceRequest,
  subresource: Subresource,
  server: UpgradeServer | null,
): Promise<Answer> {
  const { api, request, url, kind, info, user, seat } = given;
  const connection = connectAdmission({
    kind,
    url,
    user,
    namespace: info.namespace,
    name: info.name,
    subresource: info.subresource,
    path: info.subpath,
    userAgent: userAgentOf(given),
    warnings: given.warnings,
  });
  if (connection !== undefined) await api.registry.admit(connection);
  const isUpgrade = request.headers.get('upgrade')?.toLowerCase() === 'websocket';
  let upgraded = false;
  const response = await subresource.handle({
    request,
    url,
    kind,
    namespace: info.namespace,
    name: info.name,
    subresource: info.subresource,
    path: info.subpath,
    user,
    offeredProtocols: isUpgrade ? offered(request) : [],
    isUpgrade,
    upgrade(handler, protocol) {
      const begun = () => {
        const leave = seat.keep();
        const uncount = api.metrics.connected(
          { kind, subresource: info.subresource },
          () => handler.waitingBytes?.() ?? 0,
        );
        return () => {
          leave();
          uncount();
        };
      };
      upgraded =
        server?.upgrade(request, { data: callbacks(handler, begun), headers: protocolHeader(protocol) }) ?? false;
      if (!upgraded) throw badRequest('Upgrade request required');
    },
  });
  if (response !== undefined) return response;
  if (!upgraded) throw new Error(`Cannot answer ${info.subresource}: its handler neither answered nor upgraded`);
  return 'upgraded';
}

const offered = (request: Request): string[] =>
  (request.headers.get('sec-websocket-protocol') ?? '')
    .split(',')
    .map((protocol) => protocol.trim())
    .filter((protocol) => protocol !== '');

/** Without this header Bun would answer with the first protocol offered, whichever was chosen. */
const protocolHeader = (protocol: string): Record<string, string> =>
  protocol === '' ? {} : { 'sec-websocket-protocol': protocol };

/** `begun` is told of the opening; what it answers, of the end. */
function callbacks(handler: SocketHandler, begun: () => () => void): Record<string, unknown> {
  let socket: Socket | undefined;
  let ended = (): void => undefined;
  return {
    open(raw: RawSocket) {
      socket = wrap(raw);
      ended = begun();
      handler.open(socket);
    },
    message(_raw: RawSocket, data: Uint8Array | string) {
      if (socket !== undefined) handler.message(socket, data);
    },
    drain() {
      if (socket !== undefined) handler.drain(socket);
    },
    close(_raw: RawSocket, code: number, reason: string) {
      ended();
      if (socket !== undefined) handler.close(socket, code, reason);
    },
  };
}

const wrap = (raw: RawSocket): Socket => ({
  send: (data) => (typeof data === 'string' ? raw.sendText(data) : raw.sendBinary(data)),
  close: (code, reason) => raw.close(code, reason),
});
