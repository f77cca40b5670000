import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '#test/checker/random.ts';
import type { ServerProgram } from '#test/checker/run-server.ts';
import { CrashServer } from './crash-server.ts';
import { Ledger, type Totals } from './ledger.ts';
import { Load } from './load.ts';

/** What is killed. */
const VICTIMS = ['postgres', 'server', 'both', 'postgres', 'server'] as const;
/** Load goes on for so long before a kill, ms: by chance in between. */
const LOAD_MS = { low: 80, high: 700 };

/** What a run is told. */
export interface CrashOptions {
  readonly count: number;
  readonly seed: number;
  readonly program: ServerProgram;
  /** Called after each kill and its check. */
  readonly onCrash?: (report: CrashReport) => void;
}

/** How a run stands. */
export interface CrashReport extends Totals {
  readonly kills: Readonly<Record<(typeof VICTIMS)[number], number>>;
  /** Kills that met writes under way. */
  readonly midway: number;
  /** Empty when all is well. */
  readonly violations: readonly string[];
}

/**
 * Kills a server, its Postgres, or both `count` times with SIGKILL while clients write, lets them come back, and compares what the clients
 * were told with what Postgres has. Ends at the first violation. Throws when what was killed does not come back.
 */
export async function runCrashes({ count, seed, program, onCrash }: CrashOptions): Promise<CrashReport> {
  const directory = await mkdtemp(join(tmpdir(), 'skep-crash-'));
  // Postgres runs as a user of its own.
  await chmod(directory, 0o755);
  const random = new Random(seed);
  const server = new CrashServer(directory, program, await freePort());
  const ledger = new Ledger();
  const load = new Load(server, ledger, random.fork());
  const kills = { postgres: 0, server: 0, both: 0 };
  let midway = 0;
  let violations: string[] = [];
  const report = (): CrashReport => ({ ...ledger.totals, kills, midway, violations });
  try {
    await server.start();
    for (let round = 0; round < count && violations.length === 0; round++) {
      const victim = VICTIMS[round % VICTIMS.length] ?? 'both';
      load.begin();
      await new Promise((resolve) => setTimeout(resolve, random.between(LOAD_MS.low, LOAD_MS.high)));
      if (load.underWay > 0) midway += 1;
      if (victim !== 'postgres')
        await Promise.all([server.killServer(), victim === 'both' ? server.killPostgres() : undefined]);
      else await server.killPostgres();
      kills[victim] += 1;
      // Of each write under way its client is told something, or sees the connection end.
      await load.end();
      if (victim !== 'postgres') await server.start();
      await server.serves();
      const { rows, objects } = await server.read(ledger.readUpTo);
      violations = ledger.check(rows, objects);
      onCrash?.(report());
    }
    return report();
  } finally {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
