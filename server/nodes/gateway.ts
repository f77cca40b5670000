import { Elysia } from 'elysia';
import { type Node, nodeKind } from '#api/kinds/core/node.ts';
import type { AgentFrame, HelloFrame, HubFrame, WelcomeFrame } from '#api/wire/frames.ts';
import { AGENT_PATH, PROTOCOL_VERSION } from '#api/wire/version.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Metrics } from '#base/metrics.ts';
import type { Authenticator, TokenIssuer } from '#server/identity/identity.ts';
import type { Client } from '#server/store/client.ts';
import type { AgentSocket } from './agent-socket.ts';
import { NodeEvents } from './node-events.ts';
import { observeNodes } from './node-metrics.ts';
import { NodeFeeds } from './node-feeds.ts';
import { registerNode } from './node-status.ts';
import { NodeSession } from './session.ts';
import { NodeSessions } from './sessions.ts';

/** What a NodeGateway needs. */
export interface NodeGatewayOptions {
  /** The client under which nodes' reports are written. */
  readonly client: Client;
  readonly authenticator: Authenticator;
  readonly issuer: TokenIssuer;
  readonly clock: Clock;
  readonly log: Logger;
  readonly serverVersion: string;
  /** What every agent is told about the cluster. */
  readonly cluster: Pick<WelcomeFrame, 'clusterCIDR' | 'serviceCIDR' | 'clusterDNS' | 'clusterDomain'>;
  /** As the NodeMonitor's; heartbeats come often enough for it. */
  readonly graceMs: number;
  /** How long a controller may take to give a new node its pod network. Default 10 s. */
  readonly podCIDRDeadlineMs?: number;
  readonly metrics?: Metrics | undefined;
  /** Is a node of this name linked to another server. Default: no. */
  readonly linkedElsewhere?: (nodeName: string) => Promise<boolean>;
}

/** An idle agent is heard this often at the least, and each time costs it a TLS record of 43 bytes with its headers and an acknowledgement. */
const HEARTBEAT_MS = 25_000;
const HELLO_DEADLINE_MS = 10_000;
/** A node token with less life than this is renewed at the next welcome. */
const RENEW_BEFORE_MS = 90 * 24 * 3600 * 1000;

/**
 * Where agents come in. A connection is: opened → (hello, credential checked, Node written, pod network given) → welcomed: a NodeSession → ended.
 * Whatever goes wrong before the welcome is answered with `refused`, or with a close when trying again may help.
 */
export class NodeGateway {
  readonly sessions = new NodeSessions();
  readonly feeds: NodeFeeds;
  readonly #options: NodeGatewayOptions;
  readonly #events: NodeEvents;
  readonly #connections = new Map<string, AgentConnection>();
  readonly #podCIDRWaiters = new Map<string, Set<(podCIDR: string) => void>>();
  #endNodes: (() => void) | undefined;

  constructor(options: NodeGatewayOptions) {
    this.#options = options;
    this.feeds = new NodeFeeds(options.client);
    this.#events = new NodeEvents(options.client, options.clock, options.log);
    if (options.metrics !== undefined) observeNodes(options.metrics, this.sessions, this.#events);
  }

  /** Begins to watch what sessions need. To be called before the server listens. */
  start(): void {
    this.feeds.start();
    const tell = (node: Node) => {
      const podCIDR = node.spec?.podCIDR ?? '';
      if (podCIDR === '') return;
      for (const waiter of this.#podCIDRWaiters.get(node.metadata.name ?? '') ?? []) waiter(podCIDR);
    };
    this.#endNodes = this.#options.client.watch(nodeKind, {
      added: tell,
      modified: tell,
      deleted: (node) => this.sessions.forget(node.metadata.name ?? ''),
    });
  }

  /** Ends all links and watches. */
  stop(): void {
    this.sessions.closeAll('the server is stopping');
    for (const connection of this.#connections.values()) connection.socket.close(1001, 'the server is stopping');
    this.feeds.stop();
    this.#endNodes?.();
  }

  /** The agents' WebSocket, as an Elysia plugin. */
  routes() {
    return new Elysia().ws(AGENT_PATH, {
      idleTimeout: 0,
      maxPayloadLength: 32 * 1024 * 1024,
      open: (ws) => this.#opened(ws.id, ws.raw, ws.data.headers.authorization),
      message: (ws, message) => this.#connections.get(ws.id)?.message(message),
      drain: (ws) => this.#connections.get(ws.id)?.session?.drained(),
      close: (ws, code, reason) => this.#closed(ws.id, `${code}${reason === '' ? '' : ` ${reason}`}`),
    });
  }

  #opened(id: string, socket: AgentSocket, authorization: string | undefined): void {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '';
    const connection = new AgentConnection(socket, (hello) => this.#welcome(connection, hello, token));
    this.#connections.set(id, connection);
  }

  #closed(id: string, reason: string): void {
    const connection = this.#connections.get(id);
    this.#connections.delete(id);
    if (connection === undefined) return;
    connection.closed();
    const { session } = connection;
    if (session === undefined) return;
    session.ended(reason);
    // The end of a connection is a sign of life too: the grace begins now.
    session.heardAt = this.#options.clock.now();
    this.sessions.remove(session);
    this.#options.log.info({ node: session.nodeName, reason }, 'a node is no longer linked');
  }

  async #welcome(connection: AgentConnection, hello: HelloFrame, token: string): Promise<void> {
    const { log, client, clock, issuer, cluster, serverVersion, graceMs } = this.#options;
    try {
      const joined = await this.#admit(hello, token);
      if (typeof joined === 'string') return connection.refuse(joined);
      const node = await registerNode(client, nodeOf(hello), new Date(clock.now()));
      const podCIDR = node.spec?.podCIDR ?? (await this.#podCIDR(hello.nodeName));
      if (connection.isClosed) return;
      const heartbeatMs = Math.min(HEARTBEAT_MS, graceMs * 0.6);
      const session = new NodeSession(hello.nodeName, connection.socket, {
        client,
        feeds: this.feeds,
        events: this.#events,
        issuer,
        clock,
        log,
        heartbeatMs,
      });
      const nodeToken = joined.renew ? await issuer.nodeToken(hello.nodeName) : undefined;
      if (connection.isClosed) return;
      connection.session = session;
      this.sessions.add(session);
      session.send({
        type: 'welcome',
        protocol: Math.min(PROTOCOL_VERSION, hello.protocol),
        serverVersion,
        podCIDR,
        ...cluster,
        ...(nodeToken === undefined ? {} : { nodeToken }),
        heartbeatMs,
      });
      session.begin(hello.known);
      log.info({ node: hello.nodeName, agentVersion: hello.agentVersion, podCIDR }, 'a node is linked');
    } catch (error) {
      log.warn({ err: error, node: hello.nodeName }, 'cannot welcome a node');
      connection.socket.close(1011, error instanceof Error ? error.message.slice(0, 120) : 'internal error');
    }
  }

  /** May this token speak for this node: its own may; a join token may as long as nobody is linked under the name. A text says why not. */
  async #admit(hello: HelloFrame, token: string): Promise<string | { readonly renew: boolean }> {
    const { issuer, authenticator, clock, linkedElsewhere } = this.#options;
    if (hello.protocol < 1) return `protocol ${hello.protocol} is too old: this server speaks ${PROTOCOL_VERSION}`;
    if (hello.node.metadata.name !== hello.nodeName) return 'the Node object has another name than the node';
    if (token !== '' && (await issuer.isJoinToken(token))) {
      const isLinked =
        this.sessions.find(hello.nodeName) !== undefined || (await linkedElsewhere?.(hello.nodeName)) === true;
      if (!isLinked) return { renew: true };
      return `another host is linked as node ${JSON.stringify(hello.nodeName)}: give this one a name of its own`;
    }
    const user = token === '' ? undefined : await authenticator.authenticate(token);
    if (user === undefined) return 'the token is unknown or has expired';
    if (user.name !== `system:node:${hello.nodeName}`)
      return `the token is of ${user.name}, not of node ${JSON.stringify(hello.nodeName)}`;
    return { renew: expiryOf(token) - clock.now() < RENEW_BEFORE_MS };
  }

  async #podCIDR(nodeName: string): Promise<string> {
    const { podCIDRDeadlineMs = 10_000, client } = this.#options;
    const { promise, resolve } = Promise.withResolvers<string>();
    const waiters = this.#podCIDRWaiters.get(nodeName) ?? new Set();
    this.#podCIDRWaiters.set(nodeName, waiters.add(resolve));
    const timer = setTimeout(() => resolve(''), podCIDRDeadlineMs);
    try {
      // It may have come between the write and now.
      const now = client.get(nodeKind, '', nodeName)?.spec?.podCIDR ?? '';
      const podCIDR = now === '' ? await promise : now;
      if (podCIDR === '') throw new Error('Cannot give the node a pod network: none was allotted in time');
      return podCIDR;
    } finally {
      clearTimeout(timer);
      waiters.delete(resolve);
      if (waiters.size === 0) this.#podCIDRWaiters.delete(nodeName);
    }
  }
}

/** One WebSocket, until it is welcomed and after. */
class AgentConnection {
  readonly socket: AgentSocket;
  readonly #greeted: (hello: HelloFrame) => Promise<void>;
  readonly #timer: ReturnType<typeof setTimeout>;
  session: NodeSession | undefined;
  #sawHello = false;
  isClosed = false;

  constructor(socket: AgentSocket, greeted: (hello: HelloFrame) => Promise<void>) {
    this.socket = socket;
    this.#greeted = greeted;
    this.#timer = setTimeout(() => this.refuse('no hello within 10 s'), HELLO_DEADLINE_MS);
  }

  message(message: unknown): void {
    const frame = frameOf(message);
    if (frame === undefined) return;
    if (this.session !== undefined) return this.session.heard(frame);
    if (this.#sawHello || frame instanceof Uint8Array || frame.type !== 'hello') return;
    this.#sawHello = true;
    clearTimeout(this.#timer);
    void this.#greeted(frame);
  }

  refuse(reason: string): void {
    const frame: HubFrame = { type: 'refused', reason };
    this.socket.send(JSON.stringify(frame));
    this.socket.close(1008, 'refused');
  }

  closed(): void {
    this.isClosed = true;
    clearTimeout(this.#timer);
  }
}

/** Elysia has parsed JSON texts already. What is neither a frame nor bytes is ignored. */
function frameOf(message: unknown): AgentFrame | Uint8Array | undefined {
  if (message instanceof Uint8Array) return message;
  if (message instanceof ArrayBuffer) return new Uint8Array(message);
  if (typeof message === 'object' && message !== null && 'type' in message) return message as AgentFrame;
  return undefined;
}

const nodeOf = (hello: HelloFrame): Node => ({ ...(hello.node as Node), kind: 'Node', apiVersion: 'v1' });

/** When a JWT ends, milliseconds since the epoch; Infinity when it does not say. The signature was checked before. */
function expiryOf(token: string): number {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const exp = typeof payload === 'object' && payload !== null && 'exp' in payload ? payload.exp : undefined;
    return typeof exp === 'number' ? exp * 1000 : Infinity;
  } catch {
    return Infinity;
  }
}
