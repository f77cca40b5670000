import { expect, test } from 'bun:test';
import { NoSeat, type Release, SeatPool } from './seats.ts';

const pool = (limits: Partial<ConstructorParameters<typeof SeatPool>[0]> = {}): SeatPool =>
  new SeatPool({ seats: 4, seatsPerFlow: 4, waiting: 100, waitingPerFlow: 50, waitMs: 10_000, ...limits });

/** Takes seats and tells in `order` who got one, when. */
function taker(seats: SeatPool) {
  const order: string[] = [];
  const held: Release[] = [];
  return {
    order,
    held,
    async take(flow: string, width = 1): Promise<void> {
      const release = await seats.take(flow, width);
      order.push(flow);
      held.push(release);
    },
  };
}

test('take() gives a free seat at once, and a seat given back to who waits', async () => {
  const seats = pool({ seats: 1, seatsPerFlow: 1 });
  const first = seats.take('a');
  expect(first).toBeInstanceOf(Function);
  const second = seats.take('a');
  expect(second).toBeInstanceOf(Promise);
  expect([seats.held, seats.waiting]).toEqual([1, 1]);
  (first as Release)();
  (first as Release)();
  const release = await second;
  expect([seats.held, seats.waiting]).toEqual([1, 0]);
  release();
  expect(seats.held).toBe(0);
});

test('a flow that floods waits for itself: another gets the next seat', async () => {
  const seats = pool();
  const { order, held, take } = taker(seats);
  const flood = Array.from({ length: 40 }, () => take('flood'));
  const quiet = take('quiet');
  await Promise.all(flood.slice(0, 4));
  held[0]?.();
  held[1]?.();
  await quiet;
  expect(order.slice(4)).toEqual(['flood', 'quiet']);
  for (let at = 2; at < held.length || seats.waiting > 0; at += 1) {
    held[at]?.();
    await Promise.resolve();
    await Promise.resolve();
  }
  await Promise.all(flood);
  expect(order.filter((flow) => flow === 'flood')).toHaveLength(40);
});

test('a flow never has more than its share, so slow requests of one leave seats to the others', async () => {
  const seats = pool({ seatsPerFlow: 2 });
  const { order, take } = taker(seats);
  void take('slow');
  void take('slow');
  void take('slow');
  await take('other');
  expect(order).toEqual(['slow', 'slow', 'other']);
  expect([seats.held, seats.waiting]).toEqual([3, 1]);
});

test('a wide request gets in when there is room for all of it, though narrow ones keep coming', async () => {
  const seats = pool();
  const { order, held, take } = taker(seats);
  for (let n = 0; n < 4; n += 1) await take('narrow');
  const wide = take('wide', 3);
  const more = take('narrow');
  held[0]?.();
  held[1]?.();
  await Promise.resolve();
  expect(order).toHaveLength(4);
  held[2]?.();
  await wide;
  expect(order.at(-1)).toBe('wide');
  held[3]?.();
  await more;
});

test('a full queue refuses at once, a long wait in the end', async () => {
  const seats = pool({ seats: 1, seatsPerFlow: 1, waiting: 2, waitingPerFlow: 1, waitMs: 250 });
  const release = seats.take('a') as Release;
  // Held from the start: a refusal that nobody waits for yet would be a fault of its own.
  const late = (seats.take('a') as Promise<Release>).catch(String);
  expect(() => seats.take('a')).toThrow(NoSeat);
  const other = (seats.take('b') as Promise<Release>).catch(String);
  expect(() => seats.take('c')).toThrow('the queue is full');
  for (const refused of await Promise.all([late, other])) expect(String(refused)).toContain('no seat within 250 ms');
  release();
  expect([seats.held, seats.waiting]).toEqual([0, 0]);
});
