import { expect, test } from 'bun:test';
import { secondsFor } from './nodettl.ts';

test('the time grows with the cluster, and falls only when the cluster is well below a step', () => {
  expect(secondsFor(1, 0)).toBe(0);
  expect(secondsFor(100, 0)).toBe(0);
  expect(secondsFor(101, 0)).toBe(15);
  expect(secondsFor(95, 15)).toBe(15);
  expect(secondsFor(90, 15)).toBe(0);
  expect(secondsFor(2_001, 15)).toBe(300);
  expect(secondsFor(1_801, 300)).toBe(300);
  expect(secondsFor(1_800, 300)).toBe(60);
});
