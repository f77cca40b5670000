import { Socket } from 'node:net';
import type { Sql } from 'postgres';
import type { Clock } from '#base/clock.ts';
import { answerInTime } from './answer-in-time.ts';
import { DatabaseError } from './errors.ts';

/** What the driver tells of where to connect; of its parsed options. */
interface Destination {
  readonly path?: string | false;
  readonly host: readonly string[];
  readonly port: readonly number[];
}

/** Signs of life on a connection that rests, ms; some routers forget one sooner than the system's two hours. */
const KEEPALIVE_MS = 60_000;

/**
 * The sockets of one client of the driver, which knows no way to give up a single connection. When a router or a pooler has forgotten one, neither
 * an end nor an error comes, and what was asked on it hangs until the system gives up, after a quarter of an hour.
 */
export class ClientSockets {
  static readonly #of = new WeakMap<object, ClientSockets>();
  readonly #open = new Set<Socket>();
  #turn = 0;

  /** Makes a socket and begins to connect it; the driver's option `socket`. Several hosts are tried in turn. */
  readonly connect = ({ path, host, port }: Destination): Socket => {
    for (const one of this.#open) if (one.destroyed) this.#open.delete(one);
    const socket = new Socket();
    this.#open.add(socket);
    socket.once('connect', () => socket.setKeepAlive(true, KEEPALIVE_MS));
    const turn = this.#turn++ % port.length;
    const [name = 'localhost', number = 5432] = [host[turn], port[turn]];
    // The driver's own sockets bear both: TLS checks the name.
    Object.assign(socket, { host: name, port: number });
    // Not at once, or it could fail before the driver listens. The driver writes later still; what it writes waits for the connection.
    setImmediate(() => {
      if (typeof path === 'string' && path !== '') socket.connect(path);
      else socket.connect(number, name);
    });
    return socket;
  };

  /** Makes these the sockets of a client; returns the client. */
  of(client: Sql): Sql {
    ClientSockets.#of.set(client, this);
    return client;
  }

  /** Ends all connections of a client. What was asked on them is rejected with CONNECTION_CLOSED; what is asked next makes new ones. */
  static end(client: Sql): void {
    const sockets = ClientSockets.#of.get(client);
    if (sockets !== undefined) for (const socket of sockets.#open) socket.destroy();
  }
}

/**
 * As `answerOrEnd` for what comes in pieces, a transaction or a cursor: `withinMs` is how long the next piece may take, and `ask` tells of each.
 * Nobody waits any longer for what comes after it was given up, so `ask` itself must change nothing.
 */
export async function piecesOrEnd<T>(
  client: Sql,
  ask: (came: () => void) => PromiseLike<T>,
  { clock, withinMs }: { readonly clock: Clock; readonly withinMs: number },
): Promise<T> {
  let last = clock.now();
  const answer = Promise.resolve(ask(() => (last = clock.now())));
  answer.catch(() => undefined);
  for (;;) {
    const until = last;
    try {
      return await answerInTime(answer, clock, Math.max(0, last + withinMs - clock.now()));
    } catch (error) {
      if (error instanceof DatabaseError && last !== until) continue;
      if (error instanceof DatabaseError) ClientSockets.end(client);
      throw error;
    }
  }
}

/**
 * The answer of a statement on `client`. When it has not come within `withinMs` all connections of the client are ended, for that one may be dead;
 * then it rejects with DatabaseError `unavailable`, and whether the statement took effect is unknown.
 */
export async function answerOrEnd<T>(
  client: Sql,
  statement: PromiseLike<T>,
  { clock, withinMs }: { readonly clock: Clock; readonly withinMs: number },
): Promise<T> {
  try {
    return await answerInTime(statement, clock, withinMs);
  } catch (error) {
    if (error instanceof DatabaseError) ClientSockets.end(client);
    throw error;
  }
}
