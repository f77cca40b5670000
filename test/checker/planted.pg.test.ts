import { expect, test } from 'bun:test';
import { join } from 'node:path';
import type { ViolationKind } from './history.ts';
import { type RunOptions, runChecker } from './run.ts';

/** A bug, the schedule that brings it out, and what it must be called. */
interface Planted {
  readonly bug: string;
  readonly schedule: Pick<RunOptions, 'servers' | 'durationMs' | 'roundMs' | 'faults' | 'prepare'>;
  readonly seen: readonly ViolationKind[];
}

const PLANTED: readonly Planted[] = [
  {
    bug: 'sequence',
    schedule: {
      servers: 2,
      durationMs: 10_000,
      roundMs: 10_000,
      faults: ['slow commits'],
      prepare: 'CREATE SEQUENCE planted_revision',
    },
    seen: ['lost-event', 'not-linearizable'],
  },
  {
    bug: 'read-before-listen',
    schedule: { servers: 2, durationMs: 25_000, roundMs: 1_000, faults: [] },
    seen: ['late-event'],
  },
  {
    bug: 'dropped-event',
    schedule: { servers: 1, durationMs: 8_000, roundMs: 8_000, faults: [] },
    seen: ['lost-event'],
  },
  {
    bug: 'reply-before-commit',
    schedule: { servers: 1, durationMs: 12_000, roundMs: 12_000, faults: ['postgres killed in mid-commit'] },
    seen: ['lost-write'],
  },
];

const run = async (preload: readonly string[], schedule: Planted['schedule'], seed: number) => {
  const { violations } = await runChecker({ ...schedule, seed, program: { preload } });
  return violations;
};

for (const [index, { bug, schedule, seen }] of PLANTED.entries()) {
  test(`the checker catches the planted bug "${bug}", and finds nothing without it`, async () => {
    const seed = 1_000 + index;
    const kinds = (await run([join(import.meta.dir, `planted/${bug}.ts`)], schedule, seed)).map(({ kind }) => kind);
    for (const kind of seen) expect(kinds).toContain(kind);
    expect(await run([], schedule, seed)).toEqual([]);
  }, 240_000);
}
