import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import type { NodeSessions } from './sessions.ts';

/** Where servers tell each other which nodes are linked to them (db/node-links.ts). */
export interface NodeLinks {
  /** Changes when all must be told anew. */
  epoch(): number;
  begin(address: string): Promise<void>;
  end(): Promise<void>;
  link(node: string): Promise<void>;
  unlink(node: string): Promise<void>;
  /** The nodes linked to other servers, and where those answer (HOST:PORT). */
  others(): Promise<ReadonlyMap<string, string>>;
}

/** What a Presence needs. */
export interface PresenceOptions {
  readonly sessions: NodeSessions;
  /** Undefined when no other server can be there. */
  readonly links: NodeLinks | undefined;
  /** Where this server answers, HOST:PORT. */
  readonly address: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** A link over which nothing has been heard for so long is closed. */
  readonly graceMs: number;
}

const RETRY_MS = 1_000;

/**
 * Tells the other servers which nodes are linked here, and closes links that have gone silent: a row stands for a link that lives. It writes
 * when a link begins or ends, never in between; what cannot be written is written when the database is back, the newest state only.
 */
export class Presence implements Service {
  readonly name = 'presence';
  readonly #options: PresenceOptions;
  readonly #stopping = new AbortController();
  readonly #untold = new Set<string>();
  #wake = new AbortController();
  #running: Promise<void> | undefined;
  /** The epoch of `links` in which this server has told of itself; 0 = in none. */
  #begun = 0;

  constructor(options: PresenceOptions) {
    this.#options = options;
    options.sessions.onChange = (node) => this.#changed(node);
  }

  run(): Promise<void> {
    this.#running ??= this.#loop();
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.abort();
    await this.#running;
    if (this.#begun > 0) await this.#options.links?.end().catch(() => undefined);
  }

  /** The nodes that are linked to other servers now. Rejects when the database does not answer. */
  elsewhere(): Promise<ReadonlyMap<string, string>> {
    return this.#options.links?.others() ?? Promise.resolve(new Map());
  }

  #changed(node: string): void {
    if (this.#options.links === undefined) return;
    this.#untold.add(node);
    this.#wake.abort();
  }

  async #loop(): Promise<void> {
    const { clock, sessions, graceMs } = this.#options;
    const everyMs = Math.max(50, Math.min(graceMs / 10, 2_000));
    while (!this.#stopping.signal.aborted) {
      this.#wake = new AbortController();
      const told = await this.#tell();
      sessions.closeSilent(clock.now() - graceMs);
      await clock.sleep(told ? everyMs : RETRY_MS, told ? this.#wake.signal : this.#stopping.signal);
    }
  }

  /** Writes what has changed. Resolves with whether it is all written. */
  async #tell(): Promise<boolean> {
    const { links, sessions, log, address } = this.#options;
    if (links === undefined) return true;
    try {
      const epoch = links.epoch();
      if (this.#begun !== epoch) {
        await links.begin(address);
        for (const node of sessions.names()) this.#untold.add(node);
        this.#begun = epoch;
      }
      for (const node of this.#untold) {
        this.#untold.delete(node);
        try {
          await (sessions.find(node) === undefined ? links.unlink(node) : links.link(node));
        } catch (error) {
          this.#untold.add(node);
          throw error;
        }
      }
      return true;
    } catch (error) {
      log.warn({ err: error }, 'cannot tell the other servers which nodes are linked here');
      return false;
    }
  }
}
