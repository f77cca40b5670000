import { expect, test } from 'bun:test';
import { churn } from './churn.ts';
import { type Sizes, growth } from './sizes.ts';

const MB = 1024 * 1024;

test('a day of churn, compressed: what the database holds at its end is as large as in its second quarter', async () => {
  const hours = await churn({
    hours: 24,
    writesPerHour: 600,
    hourSeconds: 0.6,
    seed: Date.now() % 1_000_000,
    fsync: false,
  });
  expect(growth(hours)).toEqual([]);
  const last = hours.at(-1);
  // The day has really happened: most of the log is gone, Events have expired, and updates found room beside the old rows.
  expect(last?.partitions).toBeLessThan(12);
  expect(last?.changes).toBeLessThan(8 * MB);
  expect(last?.events).toBeLessThan(1_000);
  expect((last?.hotUpdates ?? 0) / (last?.updates ?? 1)).toBeGreaterThan(0.9);
}, 120_000);

test('growth() names what has grown', () => {
  const sizes = (of: Partial<Sizes>): Sizes => ({
    objects: 10 * MB,
    objectsIndexes: MB,
    objectsToast: MB,
    changes: 50 * MB,
    revision: 16_384,
    catalogs: 8 * MB,
    database: 70 * MB,
    deadTuples: 0,
    updates: 1,
    hotUpdates: 1,
    autovacuums: 0,
    autoanalyzes: 0,
    partitions: 6,
    ...of,
  });
  const day = (last: Partial<Sizes>): Sizes[] => [
    ...Array.from({ length: 6 }, () => sizes({})),
    sizes(last),
    sizes(last),
  ];
  expect(growth(day({}))).toEqual([]);
  expect(growth(day({ objects: 11.9 * MB }))).toEqual([]);
  expect(growth(day({ objects: 12.1 * MB, changes: 100 * MB }))).toEqual([
    'objects: 10.0 MB in the second quarter, 12.1 MB in the last; allowed 12.0 MB',
    'changes: 50.0 MB in the second quarter, 100.0 MB in the last; allowed 57.0 MB',
  ]);
});
