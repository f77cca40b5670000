import type { Clock } from '#base/clock.ts';
import { DatabaseError } from './errors.ts';

const ANSWER_READ_MS = 100;

/** The answer of a statement; rejects with DatabaseError after `withinMs`. The statement itself goes on. */
export async function answerInTime<T>(statement: PromiseLike<T>, clock: Clock, withinMs: number): Promise<T> {
  const timer = new AbortController();
  // The second, short sleep: after a long pause of this process the answer may be at hand and only not yet read.
  const late = clock
    .sleep(withinMs, timer.signal)
    .then(() => clock.sleep(ANSWER_READ_MS, timer.signal))
    .then(() => Promise.reject(new DatabaseError('unavailable', `it has not answered for ${withinMs} ms`)));
  late.catch(() => undefined);
  try {
    return await Promise.race([statement, late]);
  } finally {
    timer.abort();
  }
}
