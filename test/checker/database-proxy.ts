import { type Server, type Socket, connect, createServer } from 'node:net';

/** What a connection is for, as its start-up message says: `writer`, `listener`, `pool`, `session`. */
export type ConnectionUse = string;

/** As Postgres ends a session whose peer has gone without a word (db/server-session.ts: keepalives), ms. */
const KEEPALIVE_MS = 4_500;

/** From the server to Postgres, or back. */
export type Direction = 'up' | 'down';

/** One way of one connection. Bytes keep their order; what waits while it is frozen goes on when it thaws. */
class Way {
  readonly #to: Socket;
  #waiting: { readonly bytes: Uint8Array | undefined; readonly due: number }[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  frozen = false;
  delayMs = 0;

  constructor(to: Socket) {
    this.#to = to;
  }

  /** Undefined = the end. */
  push(bytes: Uint8Array | undefined): void {
    this.#waiting.push({ bytes, due: Date.now() + this.delayMs });
    this.pump();
  }

  pump(): void {
    clearTimeout(this.#timer);
    while (!this.frozen) {
      const first = this.#waiting[0];
      if (first === undefined) return;
      const wait = first.due - Date.now();
      if (wait > 0) {
        this.#timer = setTimeout(() => this.pump(), wait);
        return;
      }
      this.#waiting.shift();
      if (first.bytes === undefined) this.#to.destroy();
      else if (!this.#to.destroyed) this.#to.write(first.bytes);
    }
  }

  drop(): void {
    clearTimeout(this.#timer);
    this.#waiting = [];
  }
}

/** One connection of a server with Postgres. */
class Connection {
  use: ConnectionUse = '';
  readonly #client: Socket;
  readonly #postgres: Socket;
  readonly ways: Readonly<Record<Direction, Way>>;
  #keepalive: ReturnType<typeof setTimeout> | undefined;
  readonly #ended: () => void;

  constructor(client: Socket, postgres: Socket, ended: () => void) {
    this.#client = client;
    this.#postgres = postgres;
    this.#ended = ended;
    this.ways = { up: new Way(postgres), down: new Way(client) };
    for (const socket of [client, postgres]) socket.on('error', () => undefined);
    client.on('data', (bytes: Uint8Array) => this.ways.up.push(bytes));
    postgres.on('data', (bytes: Uint8Array) => this.ways.down.push(bytes));
    client.on('close', () => this.ways.up.push(undefined));
    postgres.on('close', () => this.ways.down.push(undefined));
    postgres.on('close', () => this.#gone());
    client.on('close', () => this.#gone());
  }

  /** Nothing arrives any more, and nobody is told: neither an end nor an error. */
  freeze(directions: readonly Direction[]): void {
    for (const direction of directions) this.ways[direction].frozen = true;
    if (this.use === 'session' && directions.length === 2)
      this.#keepalive ??= setTimeout(() => this.#postgres.destroy(), KEEPALIVE_MS);
  }

  thaw(): void {
    clearTimeout(this.#keepalive);
    this.#keepalive = undefined;
    for (const way of Object.values(this.ways)) {
      way.frozen = false;
      way.delayMs = 0;
      way.pump();
    }
  }

  cut(): void {
    clearTimeout(this.#keepalive);
    for (const way of Object.values(this.ways)) way.drop();
    this.#client.destroy();
    this.#postgres.destroy();
    this.#ended();
  }

  #gone(): void {
    if (this.#client.destroyed && this.#postgres.destroyed) this.#ended();
  }
}

/** Stands between one server and Postgres; knows each connection by its application_name, and can disturb it. */
export class DatabaseProxy {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  /** Done to connections that are made while a fault lasts. */
  #onOpen: ((connection: Connection) => void) | undefined;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a port of loopback and goes on to a Unix socket. */
  static async start(socketPath: string): Promise<DatabaseProxy> {
    const server = createServer();
    const proxy = new DatabaseProxy(server);
    server.on('connection', (client) => proxy.#accept(client, socketPath));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Freezes the connections of this use (undefined = all), those made from now on too, until `thaw` or `cut`. */
  freeze(use?: ConnectionUse, directions: readonly Direction[] = ['up', 'down']): void {
    this.#each(use, (connection) => connection.freeze(directions));
  }

  /** Freezes the connections of this use (undefined = all) that are open now, as a router that has forgotten them; new ones are well. */
  forget(use?: ConnectionUse): void {
    for (const connection of this.#connections)
      if (use === undefined || connection.use === use) connection.freeze(['up', 'down']);
  }

  /** Delays what goes in a direction by so much, ms. */
  delay(delayMs: number, use?: ConnectionUse, directions: readonly Direction[] = ['up', 'down']): void {
    this.#each(use, (connection) => {
      for (const direction of directions) connection.ways[direction].delayMs = delayMs;
    });
  }

  /** Ends what `freeze` and `delay` began; what was held back goes on. */
  thaw(): void {
    this.#onOpen = undefined;
    for (const connection of this.#connections) connection.thaw();
  }

  /** Closes the connections of this use (undefined = all) on both sides. */
  cut(use?: ConnectionUse): void {
    for (const connection of this.#connections) if (use === undefined || connection.use === use) connection.cut();
  }

  /** The uses of the connections that are open. */
  uses(): readonly ConnectionUse[] {
    return [...this.#connections].map(({ use }) => use);
  }

  async stop(): Promise<void> {
    this.#onOpen = undefined;
    this.cut();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #each(use: ConnectionUse | undefined, disturb: (connection: Connection) => void): void {
    const matching = (connection: Connection): void => {
      if (use === undefined || connection.use === use) disturb(connection);
    };
    for (const connection of this.#connections) matching(connection);
    const before = this.#onOpen;
    this.#onOpen = (connection) => {
      before?.(connection);
      matching(connection);
    };
  }

  #accept(client: Socket, socketPath: string): void {
    client.once('data', (first: Uint8Array) => {
      client.pause();
      const postgres = connect(socketPath);
      postgres.once('error', () => client.destroy());
      postgres.once('connect', () => {
        const connection = new Connection(client, postgres, () => this.#connections.delete(connection));
        connection.use = useOf(first);
        this.#connections.add(connection);
        this.#onOpen?.(connection);
        connection.ways.up.push(first);
        client.resume();
      });
    });
    client.on('error', () => undefined);
  }
}

/** From the start-up message: `application_name` NUL `skep writer` NUL. */
const useOf = (startup: Uint8Array): ConnectionUse =>
  /application_name\0skep ([a-z ]+)\0/.exec(new TextDecoder().decode(startup))?.[1] ?? '';
