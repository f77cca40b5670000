import { expect, test } from 'bun:test';
import { type ConditionLike, isConditionTrue, removeCondition, setCondition } from './conditions.ts';

const at = (second: number): Date => new Date(Date.UTC(2026, 10, 21, 7, 0, second));

test('setCondition() moves lastTransitionTime only when the status changes', () => {
  const first = setCondition<ConditionLike>(undefined, { type: 'Ready', status: 'False', reason: 'Starting' }, at(0));
  const second = setCondition(first, { type: 'Ready', status: 'False', reason: 'Pulling' }, at(5));
  const third = setCondition(second, { type: 'Ready', status: 'True' }, at(9));
  expect(first).toEqual([
    { type: 'Ready', status: 'False', reason: 'Starting', lastTransitionTime: '2026-11-21T07:00:00Z' },
  ]);
  expect(second[0]?.lastTransitionTime).toBe('2026-11-21T07:00:00Z');
  expect(third).toEqual([{ type: 'Ready', status: 'True', lastTransitionTime: '2026-11-21T07:00:09Z' }]);
  expect(isConditionTrue(third, 'Ready')).toBe(true);
  expect(removeCondition(third, 'Ready')).toEqual([]);
});
