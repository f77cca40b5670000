import { expect, test } from 'bun:test';
import { validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { podDisruptionBudgetKind } from './poddisruptionbudget.ts';

test.each([
  [{ minAvailable: 1, selector: {} }, []],
  [{ minAvailable: 1, maxUnavailable: '10%' }, ['spec']],
  [{ minAvailable: -1 }, ['spec.minAvailable']],
  [{ maxUnavailable: 'many' }, ['spec.maxUnavailable']],
  [{ maxUnavailable: '101%' }, ['spec.maxUnavailable']],
  [{ unhealthyPodEvictionPolicy: 'Never' }, ['spec.unhealthyPodEvictionPolicy']],
])('a budget of %j: %j', (spec, fields) => {
  const { object } = decode(podDisruptionBudgetKind, { metadata: { name: 'b', namespace: 'n' }, spec });
  expect(validateCreate(podDisruptionBudgetKind, object).map(({ field }) => field)).toEqual(fields);
});

test('the conditions of its status are told apart by type and have a time and a reason', () => {
  const { object } = decode(podDisruptionBudgetKind, { metadata: { name: 'b', namespace: 'n' }, spec: {} });
  const condition = {
    type: 'A',
    status: 'Maybe',
    lastTransitionTime: '2026-11-21T07:00:00Z',
    reason: 'R',
    message: '',
  };
  const status = {
    ...object.status,
    disruptionsAllowed: -1,
    conditions: [condition, { ...condition, status: 'True', reason: '1' }],
  };
  const faults = podDisruptionBudgetKind.validateStatusUpdate?.({ ...object, status } as typeof object, object) ?? [];
  expect(faults.map(({ field }) => field)).toEqual([
    'status.conditions[0].status',
    'status.conditions[1].type',
    'status.conditions[1].reason',
    'status.disruptionsAllowed',
  ]);
});
