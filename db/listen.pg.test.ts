import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { openTestDatabase, silentLog } from '#test/support/database.ts';
import { eventually } from '#test/support/eventually.ts';
import type { Database } from './connect.ts';
import { ChangeListener } from './listen.ts';
import { writeBatch } from './objects.ts';

describe('ChangeListener', () => {
  let database: Database;

  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database.close());

  const create = (name: string) =>
    writeBatch(database.writer, [{ resource: 'r', namespace: '', name, expectedRevision: 0, value: '{}' }]);

  test('nudges after LISTEN, after each batch, and again when its connection was lost', async () => {
    const nudges: (number | 'look')[] = [];
    const listener = new ChangeListener({
      database,
      log: silentLog,
      onNudge: (revision) => nudges.push(revision ?? 'look'),
    });
    const running = listener.run();
    await eventually(() => expect(nudges).toEqual(['look']));
    const { head } = await create('one');
    await eventually(() => expect(nudges).toEqual(['look', head]));

    await database.pool`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'skep listener' AND datname = current_database()`;
    await eventually(() => expect(nudges.slice(2)).toEqual(['look']));
    const again = await create('two');
    await eventually(() => expect(nudges.at(-1)).toBe(again.head));
    await listener.stop();
    await running;
  });

  test('without notifications looks at every tick', async () => {
    let nudges = 0;
    const listener = new ChangeListener({ database, log: silentLog, tickMs: 10, onNudge: () => (nudges += 1) });
    const running = listener.run();
    await eventually(() => expect(nudges).toBeGreaterThan(5));
    await listener.stop();
    await running;
  });
});
