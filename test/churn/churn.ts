import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { eventKind } from '#api/kinds/core/event.ts';
import { connect } from '#db/connect.ts';
import { startEmbedded } from '#db/embedded.ts';
import { DEFAULT_RETENTION } from '#db/log-partitions.ts';
import { Kinds } from '#server/store/kinds.ts';
import { openStore } from '#server/store/store.ts';
import { Sweeper } from '#server/store/sweeper.ts';
import { percentile } from '../bench/figures.ts';
import { type Sizes, readSizes } from './sizes.ts';
import { ChurnWorkload } from './workload.ts';

/** How a day is run. */
export interface ChurnOptions {
  /** How many simulated hours. */
  readonly hours: number;
  /** Writes of an hour. */
  readonly writesPerHour: number;
  /** How long an hour takes if the machine can keep up, s. What lives by time (the log, Events, the sweeper, autovacuum's naps) is compressed with it. */
  readonly hourSeconds: number;
  readonly seed: number;
  /** Does Postgres force its writes to disk. */
  readonly fsync: boolean;
  readonly onHour?: (hour: ChurnHour) => void;
}

/** One simulated hour. */
export interface ChurnHour extends Sizes {
  readonly hour: number;
  /** How long it took. */
  readonly seconds: number;
  readonly writes: number;
  readonly events: number;
  /** Of a write by the store, ms. */
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const CLIENTS = 32;
const HOUR_SECONDS = 3_600;
/** Postgres looks for tables to vacuum so often, s; at least 1. */
const AUTOVACUUM_NAP_SECONDS = 60;

/** Runs a day of a busy cluster against a store with an embedded Postgres of its own, and tells of each hour. */
export async function churn(options: ChurnOptions): Promise<readonly ChurnHour[]> {
  const log = pino({ level: process.env['TEST_LOG'] ?? 'silent' });
  const factor = HOUR_SECONDS / options.hourSeconds;
  const dataDirectory = await mkdtemp(join(tmpdir(), 'skep-churn-'));
  const postgres = await startEmbedded({
    dataDirectory,
    log,
    settings: {
      autovacuum_naptime: `${Math.max(1, Math.round(AUTOVACUUM_NAP_SECONDS / factor))}s`,
      ...(options.fsync ? {} : { fsync: 'off' }),
    },
  });
  try {
    const database = await connect(postgres.address);
    const retention = { ...DEFAULT_RETENTION, seconds: DEFAULT_RETENTION.seconds / factor };
    const store = await openStore({ database, log, retention });
    const kinds = new Kinds([{ ...eventKind, timeToLiveSeconds: HOUR_SECONDS / factor }]);
    const sweeper = new Sweeper({ database, store, kinds, log, everyMs: 60_000 / factor });
    const running = [store.run(), sweeper.run()];
    const workload = new ChurnWorkload(store, options.seed);
    await workload.fill();
    const hours: ChurnHour[] = [];
    for (let hour = 1; hour <= options.hours; hour++) {
      const run = await runHour(workload, options);
      const sizes = await readSizes(database.pool);
      const one = { hour, ...run, ...sizes, events: store.list('events').length };
      hours.push(one);
      options.onHour?.(one);
    }
    await sweeper.stop();
    await store.stop();
    await Promise.all(running);
    await database.close();
    return hours;
  } finally {
    await postgres.stop();
    await rm(dataDirectory, { recursive: true, force: true });
  }
}

/** Evenly over the hour; when the machine is too slow, as fast as it can. */
async function runHour(workload: ChurnWorkload, { writesPerHour, hourSeconds }: ChurnOptions) {
  const startedAt = performance.now();
  const perMs = writesPerHour / (hourSeconds * 1000);
  const latencies: number[] = [];
  let writes = 0;
  const client = async (): Promise<void> => {
    while (writes < writesPerHour) {
      if (writes > (performance.now() - startedAt) * perMs) {
        await new Promise((resolve) => setTimeout(resolve, 2));
        continue;
      }
      const from = performance.now();
      const made = await workload.next();
      writes += made;
      if (made === 1) latencies.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  return {
    seconds: (performance.now() - startedAt) / 1000,
    writes,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  };
}
