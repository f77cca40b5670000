import { WebSocket } from 'ws';
import type { EventFrame, RequestFrame } from '#api/wire/frames.ts';
import { AGENT_PATH } from '#api/wire/version.ts';
import { Backoff } from '#base/backoff.ts';
import { systemClock } from '#base/clock.ts';
import type { Service } from '#base/service.ts';
import { CredentialStore } from './credentials.ts';
import { type LinkEnding, LinkSession } from './link-session.ts';
import type { LinkOptions } from './link-options.ts';
import { Outbox } from './outbox.ts';
import { ServerRotation } from './server-rotation.ts';

type Settled = { resolve(result: unknown): void; reject(error: Error): void; timer: ReturnType<typeof setTimeout> };

const REQUEST_DEADLINE_MS = 30_000;
const REFUSED_WAIT_MS = 30_000;
/** Another server may be waiting to be tried. */
const CONNECT_DEADLINE_MS = 5_000;

/**
 * The agent's one connection to the hub. States: waiting (back-off) → connecting → greeting (hello sent) → linked (welcome received) → waiting …
 * It resumes with what the state still holds, says again what is still true, and gives up never: only `stop` ends it.
 */
export class Link implements Service {
  readonly name = 'link';
  readonly #options: LinkOptions;
  readonly #credentials: CredentialStore;
  readonly #outbox = new Outbox();
  readonly #backoff: Backoff;
  readonly #stopping = new AbortController();
  readonly #requests = new Map<number, Settled>();
  #requestId = 0;
  readonly #servers: ServerRotation;
  #session: LinkSession | undefined;
  #running: Promise<void> | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#credentials = new CredentialStore(options.dataDirectory, options.joinToken);
    this.#servers = new ServerRotation(options.server.split(','), options.publishedServers);
    this.#backoff = new Backoff(options.backoff ?? { baseMs: 200, maxMs: 10_000 });
  }

  /** Is there a hub that hears us now. */
  get linked(): boolean {
    return this.#session?.welcomed ?? false;
  }

  /** Events that were dropped because too many waited. */
  get droppedEvents(): number {
    return this.#outbox.droppedEvents;
  }

  run(): Promise<void> {
    this.#running ??= this.#loop();
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#session?.end('the agent is stopping');
    for (const id of this.#requests.keys()) this.#settle(id, undefined, 'the agent is stopping');
    await this.#running;
  }

  /** The pod's status as it is now. Only the newest of a pod is kept. */
  podStatus(pod: { namespace: string; name: string; uid: string }, status: unknown): void {
    this.#outbox.podStatus({ type: 'podStatus', ...pod, status });
    this.#session?.flush();
  }

  /** A pod that was deleted has nothing left on this node. */
  podGone(pod: { namespace: string; name: string; uid: string }): void {
    this.#outbox.podGone({ type: 'podGone', ...pod });
    this.#session?.flush();
  }

  /** The node's status as it is now. */
  nodeStatus(status: unknown): void {
    this.#outbox.nodeStatus({ type: 'nodeStatus', status });
    this.#session?.flush();
  }

  /** An Event about an object of this node. */
  event(event: Omit<EventFrame, 'type'>): void {
    this.#outbox.event({ type: 'event', ...event });
    this.#session?.flush();
  }

  /** Asks the hub; survives a reconnect. Rejects with the hub's error, or after 30 s. */
  request(method: RequestFrame['method'], params: unknown): Promise<unknown> {
    const id = ++this.#requestId;
    return new Promise((resolve, reject) => {
      const late = () => this.#settle(id, undefined, `Cannot ask the hub for ${method}: no answer after 30 s`);
      this.#requests.set(id, { resolve, reject, timer: setTimeout(late, REQUEST_DEADLINE_MS) });
      this.#outbox.request({ type: 'request', id, method, params });
      this.#session?.flush();
    });
  }

  #settle(id: number, result: unknown, error: string | undefined): void {
    const waiting = this.#requests.get(id);
    if (waiting === undefined) return;
    this.#requests.delete(id);
    this.#outbox.settled(id);
    clearTimeout(waiting.timer);
    if (error === undefined) waiting.resolve(result);
    else waiting.reject(new Error(error));
  }

  async #loop(): Promise<void> {
    const { log } = this.#options;
    while (!this.#stopping.signal.aborted) {
      let waitMs: number | undefined;
      const server = this.#servers.next();
      try {
        const ending = await this.#linkOnce(server);
        if (ending.welcomed) {
          this.#backoff.reset();
          this.#servers.welcomed();
        }
        if (ending.refused !== undefined) {
          const again = this.#credentials.dropNodeToken();
          waitMs = again ? undefined : REFUSED_WAIT_MS;
          log.error({ reason: ending.refused, retryWithJoinToken: again }, 'the hub refused this node');
        } else if (!this.#stopping.signal.aborted) log.warn({ server, reason: ending.reason }, 'lost the hub');
      } catch (error) {
        log.warn({ server, reason: error instanceof Error ? error.message : String(error) }, 'cannot reach the hub');
      }
      // Jitter, so that a fleet does not come back all at once after the server's restart.
      await systemClock.sleep(waitMs ?? this.#backoff.next() * (0.5 + Math.random()), this.#stopping.signal);
    }
  }

  async #linkOnce(server: string): Promise<LinkEnding> {
    const { ca, token } = server.startsWith('http:')
      ? { ca: undefined, token: this.#options.joinToken ?? '' }
      : await this.#credentials.load(server);
    const url = `${server.replace(/^http/, 'ws')}${AGENT_PATH}`;
    const headers = { authorization: `Bearer ${token}` };
    const socket = new WebSocket(url, ca === undefined ? { headers } : { headers, ca });
    const session = new LinkSession(socket, this.#options, this.#outbox, {
      welcome: (welcome) => {
        if (welcome.nodeToken !== undefined) this.#credentials.saveNodeToken(welcome.nodeToken);
        this.#backoff.reset();
        this.#outbox.sayAgain();
        this.#options.log.info({ server, podCIDR: welcome.podCIDR }, 'linked to the hub');
        this.#options.welcomed(welcome);
      },
      response: (id, result, error) => this.#settle(id, result, error),
    });
    this.#session = session;
    const late = setTimeout(() => session.end('no connection in time'), CONNECT_DEADLINE_MS);
    socket.once('open', () => clearTimeout(late));
    try {
      if (this.#stopping.signal.aborted) session.end('the agent is stopping');
      return await session.ended;
    } finally {
      clearTimeout(late);
      this.#session = undefined;
    }
  }
}
