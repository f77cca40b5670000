import { expect, test } from 'bun:test';
import type { Sql } from 'postgres';
import { systemClock } from '#base/clock.ts';
import { DatabaseError } from './errors.ts';
import { piecesOrEnd } from './sockets.ts';

const CLIENT = (() => undefined) as unknown as Sql;
const options = { clock: systemClock, withinMs: 60 };

test('pieces that keep coming are waited for, however long all take', async () => {
  const whole = await piecesOrEnd(
    CLIENT,
    async (came) => {
      for (let piece = 0; piece < 8; piece++) {
        await systemClock.sleep(20);
        came();
      }
      return 'all';
    },
    options,
  );
  expect(whole).toBe('all');
});

test('pieces that cease are given up, though the driver says nothing', async () => {
  const stalled = piecesOrEnd(
    CLIENT,
    (came) => {
      came();
      return new Promise<never>(() => undefined);
    },
    options,
  );
  const error = await stalled.catch((one: unknown) => one);
  expect(error).toBeInstanceOf(DatabaseError);
  expect(error).toMatchObject({ condition: 'unavailable' });
});

test('a failure is told at once', async () => {
  const failing = piecesOrEnd(CLIENT, () => Promise.reject(new Error('refused')), options);
  expect(await failing.catch(String)).toBe('Error: refused');
});
