import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { COLLECTIONS, ask, pathOf } from './api-client.ts';
import { FAULTS } from './faults.ts';
import type { ListRead, Violation } from './history.ts';
import { checkHistory } from './judge.ts';
import { shownOf } from './object-content.ts';
import { Random } from './random.ts';
import { Recorder } from './recorder.ts';
import { RunCluster } from './run-cluster.ts';
import type { RunServer, ServerProgram } from './run-server.ts';
import { Watcher, type WatcherOptions } from './watcher.ts';
import { Client, NAMESPACES, TIERS, rest } from './workload.ts';

/** One run of the checker. */
export interface RunOptions {
  readonly seed: number;
  readonly servers: number;
  readonly durationMs: number;
  /** One server with the embedded Postgres, without the faults that need a proxy before it; default false. */
  readonly embedded?: boolean;
  readonly program: ServerProgram;
  /** Told of how far it is, about every 10 s. */
  readonly onProgress?: (line: string) => void;
  /** How long load and faults last until everything must come right, again and again, ms; default 18,000. */
  readonly roundMs?: number;
  /** Which faults may come (names of FAULTS); default all. */
  readonly faults?: readonly string[];
  /** SQL to run before the first server starts. */
  readonly prepare?: string;
  /** More flags of `skep server`; default: a log that is kept for seconds only. */
  readonly flags?: readonly string[];
}

/** What came of a run. */
export interface RunResult {
  readonly violations: readonly Violation[];
  readonly surprises: readonly string[];
  readonly operations: number;
  readonly lists: number;
  readonly events: number;
  readonly revisions: number;
  readonly faults: ReadonlyMap<string, number>;
  readonly counts: ReadonlyMap<string, number>;
}

const CLIENTS = 8;
const CLIENT_PAUSE_MS = 70;
/** How long the log is kept: short enough that watchers come back too late, and that servers start from what is left. */
const RETENTIONS_SECONDS = [2, 5, 15] as const;
const ROUND_MS = 18_000;
/** With all faults over, every server must take writes again within this. */
const RECOVERY_MS = 30_000;
/** Then an event must come within this: less than the slow tick (20 s), so that it is not the tick that brings it. */
const LATE_MS = 10_000;

/** Starts Postgres and servers, lets clients, watchers and faults at them, and checks all that was seen. */
export async function runChecker(options: RunOptions): Promise<RunResult> {
  const directory = await mkdtemp(join(tmpdir(), 'skep-checker-'));
  // Postgres runs as a user of its own.
  await chmod(directory, 0o711);
  const run = new Run(options, directory);
  try {
    await run.start();
    await run.rounds();
    return await run.judge();
  } finally {
    await run.stop();
    if (process.env['SOAK_KEEP'] === undefined) await rm(directory, { recursive: true, force: true });
    else options.onProgress?.(`kept ${directory}`);
  }
}

class Run {
  readonly #options: RunOptions;
  readonly #directory: string;
  readonly #random: Random;
  readonly #recorder = new Recorder();
  readonly #cluster = new RunCluster();
  readonly #stop = new AbortController();
  #watchers: Watcher[] = [];
  #watching: Promise<void>[] = [];

  constructor(options: RunOptions, directory: string) {
    this.#options = options;
    this.#directory = directory;
    this.#random = new Random(options.seed);
  }

  get #servers(): readonly RunServer[] {
    return this.#cluster.servers;
  }

  async start(): Promise<void> {
    const { servers, program, prepare, embedded = false } = this.#options;
    const flags = this.#options.flags ?? ['--log-retention', `${this.#random.pick(RETENTIONS_SECONDS)}s`];
    await this.#cluster.start({
      directory: this.#directory,
      servers,
      embedded,
      program,
      flags,
      ...(prepare === undefined ? {} : { prepare }),
    });
    const [first] = this.#servers;
    for (const name of NAMESPACES) {
      const body = { kind: 'Namespace', apiVersion: 'v1', metadata: { name } };
      if (first !== undefined) await ask(first, { method: 'POST', path: '/api/v1/namespaces', id: 'start', body });
    }
    this.#watchers = watcherOptions(this.#servers).map(
      (one) => new Watcher(one, this.#servers, this.#random.fork(), this.#recorder),
    );
    this.#watching = this.#watchers.map((watcher) => watcher.run(this.#stop.signal));
  }

  async rounds(): Promise<void> {
    const ended = new AbortController();
    const progress = this.#progress(ended.signal);
    const until = performance.now() + this.#options.durationMs;
    try {
      for (let round = 0; performance.now() < until && this.#recorder.violations.length === 0; round++) {
        await this.#busy(Math.min(this.#options.roundMs ?? ROUND_MS, until - performance.now()));
        await this.#settle(round);
      }
    } finally {
      ended.abort();
      await progress;
    }
  }

  /** Load and faults. */
  async #busy(durationMs: number): Promise<void> {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), durationMs);
    const clients = Array.from({ length: CLIENTS }, (_, index) =>
      this.#client(index).run(stop.signal, CLIENT_PAUSE_MS),
    );
    const lanes = this.#servers.length > 1 ? 2 : 1;
    const faults = Array.from({ length: lanes }, () => this.#faults(this.#random.fork(), stop.signal));
    await Promise.all([...clients, ...faults]);
    clearTimeout(timer);
  }

  readonly #clients: Client[] = [];

  #client(index: number): Client {
    return (this.#clients[index] ??= new Client(`c${index}`, this.#servers, this.#random.fork(), this.#recorder));
  }

  async #faults(random: Random, stop: AbortSignal): Promise<void> {
    const mayDisturb = this.#options.embedded !== true;
    const names = (this.#options.faults ?? Object.keys(FAULTS)).filter(
      (name) => mayDisturb || FAULTS[name]?.proxied !== true,
    );
    const weights = Object.fromEntries(names.map((name) => [name, FAULTS[name]?.weight ?? 0]));
    while (names.length > 0) {
      await rest(random.between(500, 3_000), stop);
      if (stop.aborted) return;
      const name = random.weighted(weights);
      this.#recorder.fault(name);
      const end = await FAULTS[name]?.begin({ database: this.#cluster.database, servers: this.#servers, random });
      await rest(random.between(200, 6_500), stop);
      await end?.();
    }
  }

  async #progress(stop: AbortSignal): Promise<void> {
    for (;;) {
      await rest(10_000, stop);
      if (stop.aborted) return;
      this.#options.onProgress?.(this.#figures());
    }
  }

  #figures(): string {
    const { operations, lists, events, faults, now } = this.#recorder;
    const begun = [...faults.values()].reduce((sum, count) => sum + count, 0);
    return `seed ${this.#options.seed}, ${this.#servers.length} servers, ${(now() / 1000).toFixed(0)} s: ${operations.length} requests, ${lists.length} lists, ${events} events, ${begun} faults`;
  }

  /** All faults are over: each server must write, and each watcher must get the last change, without the slow tick's help. */
  async #settle(round: number): Promise<void> {
    for (const watcher of this.#watchers) watcher.settled = true;
    for (const server of this.#servers) await this.#recovered(server, round);
    // What watchers need to come back to a server that was away is not what is measured.
    await this.#allReach(await this.#mark(this.#random.pick(this.#servers), `${round}-first`), 2 * LATE_MS);
    const silenced = this.#random.pick(this.#servers);
    await this.#cutListener(silenced);
    await rest(this.#random.between(0, 600));
    const marks = await this.#mark(this.#random.pick(this.#servers), `${round}-last`);
    await this.#allReach(marks, LATE_MS);
    silenced.proxy?.thaw();
    for (const watcher of this.#watchers) watcher.settled = false;
  }

  /** Its server listens again a moment later; through a proxy, rather late. */
  async #cutListener({ proxy }: RunServer): Promise<void> {
    this.#recorder.fault('listener cut while nothing else happens');
    proxy?.delay(this.#random.between(50, 400), 'listener', ['up']);
    proxy?.cut('listener');
    if (proxy !== undefined) return;
    await this.#cluster.database.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'skep listener'`,
    );
  }

  async #recovered(server: RunServer, round: number): Promise<void> {
    const [collection] = COLLECTIONS;
    const until = performance.now() + RECOVERY_MS;
    for (let attempt = 0; collection !== undefined; attempt++) {
      const metadata = { name: `round-${round}-${server.index}-${attempt}` };
      const body = { kind: collection.kind, apiVersion: collection.apiVersion, metadata };
      const path = pathOf(collection, 'default');
      const answer = await ask(server, {
        method: 'POST',
        path,
        id: `settle-${round}-${server.index}-${attempt}`,
        body,
      });
      if (answer?.status === 201) return;
      if (performance.now() > until) {
        const what = `no write for ${RECOVERY_MS / 1000} s after the end of all faults`;
        this.#recorder.found('no-recovery', `server ${server.index}`, what, [
          `last answer: ${answer?.status ?? 'none'} ${answer?.body.message ?? ''}`,
        ]);
        return;
      }
      await rest(250);
    }
  }

  /** Writes an object of each kind, namespace and tier, all at once; answers at which revisions they came to be. */
  async #mark(server: RunServer, name: string): Promise<Mark[]> {
    const all = COLLECTIONS.flatMap((collection) =>
      NAMESPACES.flatMap((namespace) => TIERS.map((tier) => ({ collection, namespace, tier }))),
    );
    const marks = all.map(async ({ collection, namespace, tier }): Promise<Mark[]> => {
      const metadata = { name: `mark-${name}-${tier}`, labels: { tier } };
      const body = { kind: collection.kind, apiVersion: collection.apiVersion, metadata };
      const id = `mark-${name}-${tier}-${collection.resource}-${namespace}`;
      const answer = await ask(server, { method: 'POST', path: pathOf(collection, namespace), id, body });
      const revision = Number(answer?.body.metadata.resourceVersion);
      return answer?.status === 201 ? [{ resource: collection.resource, namespace, tier, revision }] : [];
    });
    return (await Promise.all(marks)).flat();
  }

  async #allReach(marks: readonly Mark[], withinMs: number): Promise<void> {
    const written = performance.now();
    const behind = (): Watcher[] =>
      this.#watchers.filter((watcher) => (watcher.reached ?? 0) < lastFor(watcher, marks));
    while (behind().length > 0 && performance.now() - written < withinMs) await rest(20);
    for (const watcher of behind()) {
      const { name, collection } = watcher.options;
      const last = this.#recorder.segments.findLast((segment) => segment.watcher === name);
      this.#recorder.found(
        'late-event',
        collection.resource,
        `not told within ${withinMs / 1000} s, with nothing amiss`,
        [
          `${name} at server ${last?.server ?? '?'} (${last?.end ?? 'no connection yet'}): at @${watcher.reached ?? 0}, wanted @${lastFor(watcher, marks)}`,
        ],
      );
    }
  }

  /** Ends the watchers, compares the servers with Postgres, and checks the history. */
  async judge(): Promise<RunResult> {
    const recorder = this.#recorder;
    this.#stop.abort();
    await Promise.all(this.#watching);
    const finals = await this.#finalLists();
    const log = await this.#cluster.database.readLog();
    const [kept] = await this.#cluster.database.query<{ least: number | null }>(
      'SELECT min(revision) AS least FROM changes',
    );
    recorder.counts.set('revisions compacted', kept?.least ?? 0);
    const objects = await this.#cluster.database.readObjects();
    const { operations, lists, segments } = recorder;
    const found = checkHistory({ operations, lists: [...lists, ...finals], segments, log }, { finals, objects });
    return {
      violations: [...recorder.violations, ...found],
      surprises: recorder.surprises,
      operations: operations.length,
      lists: lists.length,
      events: recorder.events,
      revisions: log.length,
      faults: recorder.faults,
      counts: recorder.counts,
    };
  }

  async #finalLists(): Promise<ListRead[]> {
    const finals: ListRead[] = [];
    for (const server of this.#servers)
      for (const collection of COLLECTIONS)
        for (const namespace of NAMESPACES) {
          const invoked = this.#recorder.now();
          const path = pathOf(collection, namespace);
          const answer = await ask(server, { method: 'GET', path, id: 'final' });
          if (answer?.status !== 200) {
            this.#recorder.found('no-recovery', `server ${server.index}`, 'no list in the end');
            continue;
          }
          finals.push({
            client: 'final',
            server: server.index,
            resource: collection.resource,
            namespace,
            invoked,
            returned: this.#recorder.now(),
            revision: Number(answer.body.metadata.resourceVersion),
            items: (answer.body.items ?? []).map((item) => shownOf(collection.resource, item)),
            consistent: !answer.stale,
          });
        }
    return finals;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#watching);
    await this.#cluster.stop();
  }
}

/** The revision at which an object was written that certain watchers must hear of. */
interface Mark {
  readonly resource: string;
  readonly namespace: string;
  readonly tier: string;
  readonly revision: number;
}

function lastFor({ options }: Watcher, marks: readonly Mark[]): number {
  const own = marks.filter(
    ({ resource, namespace, tier }) =>
      resource === options.collection.resource &&
      (options.namespace === '' || namespace === options.namespace) &&
      (options.tier === undefined || tier === options.tier),
  );
  return Math.max(0, ...own.map(({ revision }) => revision));
}

/** Of each kind: of everything, of one namespace, of one tier; some stay at one server, the others wander. */
function watcherOptions(servers: readonly RunServer[]): WatcherOptions[] {
  const all: WatcherOptions[] = [];
  for (const [at, collection] of COLLECTIONS.entries()) {
    const name = (what: string): string => `w-${collection.kind}-${what}`;
    all.push(
      { name: name('all'), collection, namespace: '', tier: undefined, begins: 'list' },
      { name: name('tier'), collection, namespace: '', tier: TIERS[at % 2], begins: 'initial-events' },
      { name: name('red'), collection, namespace: NAMESPACES[0], tier: TIERS[(at + 1) % 2], begins: 'list' },
    );
  }
  const [collection] = COLLECTIONS;
  if (collection === undefined) return all;
  for (const server of servers)
    all.push({
      name: `w-stays-${server.index}`,
      collection,
      namespace: '',
      tier: undefined,
      server,
      begins: server.index % 2 === 0 ? 'list' : 'initial-events',
    });
  return all;
}
