import { nodeKind } from '#api/kinds/core/node.ts';
import { StatusError } from '#api/meta/status.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import type { Client } from '#server/store/client.ts';
import { markUnknown } from './node-status.ts';
import type { NodeSessions } from './sessions.ts';

/** What a NodeMonitor needs. */
export interface NodeMonitorOptions {
  readonly client: Client;
  readonly sessions: NodeSessions;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a node may be silent (kube-controller-manager: --node-monitor-grace-period). */
  readonly graceMs: number;
  /** The nodes that are linked to other servers (Presence); default: none. */
  readonly elsewhere?: () => Promise<ReadonlyMap<string, string>>;
}

/**
 * Presence is not data: an agent that is heard writes nothing, and one that is silent for `graceMs` has its conditions set to Unknown, once.
 * The grace of every node begins anew when this server does, so that a restart turns no node NotReady.
 */
export class NodeMonitor implements Service {
  readonly name = 'node-monitor';
  readonly #options: NodeMonitorOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #startedAt = 0;
  /** When each node was last seen linked to another server. */
  readonly #seenElsewhere = new Map<string, number>();

  constructor(options: NodeMonitorOptions) {
    this.#options = options;
  }

  run(): Promise<void> {
    this.#running ??= this.#loop();
    return this.#running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #loop(): Promise<void> {
    const { clock, graceMs } = this.#options;
    this.#startedAt = clock.now();
    const everyMs = Math.max(50, Math.min(graceMs / 10, 2_000));
    while (!this.#stopping.signal.aborted) {
      await clock.sleep(everyMs, this.#stopping.signal);
      if (!this.#stopping.signal.aborted) await this.check();
    }
  }

  #lastSeen(name: string): number {
    return Math.max(this.#options.sessions.lastHeard(name) ?? 0, this.#seenElsewhere.get(name) ?? 0, this.#startedAt);
  }

  /** Nodes linked to other servers are not silent. False when that cannot be known: then nothing is done. */
  async #askOthers(now: number): Promise<boolean> {
    try {
      for (const name of (await this.#options.elsewhere?.())?.keys() ?? []) this.#seenElsewhere.set(name, now);
      return true;
    } catch (error) {
      this.#options.log.warn({ err: error }, 'cannot tell which nodes are linked to other servers');
      return false;
    }
  }

  /** Looks at every node once. */
  async check(): Promise<void> {
    const { client, sessions, clock, graceMs, log } = this.#options;
    const now = clock.now();
    const silent = client.list(nodeKind).filter(({ metadata, status }) => {
      const known = status?.conditions?.find(({ type }) => type === 'Ready')?.status === 'Unknown';
      return !known && now - this.#lastSeen(metadata.name ?? '') >= graceMs / 2;
    });
    if (silent.length === 0 || !(await this.#askOthers(now))) return;
    for (const { metadata } of silent) {
      const name = metadata.name ?? '';
      const since = this.#lastSeen(name);
      if (now - since < graceMs) continue;
      try {
        await client.updateStatus(nodeKind, '', name, (node) => markUnknown(node, new Date(now)));
        log.warn({ node: name, silentMs: now - since }, 'a node is silent');
        sessions.find(name)?.close('nothing heard from the agent');
      } catch (error) {
        if (!(error instanceof StatusError && error.reason === 'NotFound'))
          log.warn({ err: error, node: name }, 'cannot mark a silent node');
      }
    }
  }
}
