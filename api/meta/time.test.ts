import { expect, test } from 'bun:test';
import { age, formatMicroTime, formatTime, humanDuration, parseTime } from './time.ts';

const [s, m, h, d] = [1000, 60_000, 3_600_000, 86_400_000] as const;

test.each([
  [-5 * s, '<invalid>'],
  [-1.5 * s, '0s'],
  [0, '0s'],
  [119 * s, '119s'],
  [120 * s, '2m'],
  [3 * m + 20 * s, '3m20s'],
  [10 * m + 20 * s, '10m'],
  [179 * m, '179m'],
  [3 * h, '3h'],
  [7 * h + 5 * m, '7h5m'],
  [47 * h, '47h'],
  [2 * d + 3 * h, '2d3h'],
  [8 * d + 3 * h, '8d'],
  [729 * d, '729d'],
  [3 * 365 * d + 20 * d, '3y20d'],
  [9 * 365 * d + 20 * d, '9y'],
])('humanDuration(%d ms) is %s', (milliseconds, text) => {
  expect(humanDuration(milliseconds)).toBe(text);
});

test('times are written as Kubernetes writes them, and ages are unknown without one', () => {
  const date = new Date('2026-11-21T07:08:09.123Z');
  expect(formatTime(date)).toBe('2026-11-21T07:08:09Z');
  expect(formatMicroTime(date)).toBe('2026-11-21T07:08:09.123000Z');
  expect(age('2026-11-21T07:07:59Z', date)).toBe('10s');
  expect(age(undefined, date)).toBe('<unknown>');
  expect(parseTime('2026-11-21')).toBeUndefined();
});
