import { expect, test } from 'bun:test';
import { type Attempt, Ledger, type LogRow, type Outcome, type StoredRow } from './ledger.ts';

const attempt = (id: string, fields: Partial<Attempt> = {}): Attempt => ({
  id,
  name: 'a',
  verb: 'create',
  expected: 0,
  content: id,
  outcome: undefined,
  ...fields,
});
const row = (revision: number, id: string, fields: Partial<LogRow> = {}): LogRow => ({
  revision,
  name: 'a',
  previous: 0,
  content: id,
  id,
  ...fields,
});
const stored = (revision: number, content: string): StoredRow => ({ name: 'a', revision, content });
const at = (revision: number): Outcome => ({ kind: 'acknowledged', revision });
const UNKNOWN: Outcome = { kind: 'unknown' };

function ledgerOf(...writes: readonly (readonly [Attempt, Outcome])[]): Ledger {
  const ledger = new Ledger();
  for (const [one, outcome] of writes) {
    ledger.begin(one);
    ledger.end(one, outcome);
  }
  return ledger;
}

test('check() finds nothing wrong with what was acknowledged, and with unknown writes either way', () => {
  const ledger = ledgerOf(
    [attempt('1'), at(5)],
    [attempt('2', { verb: 'update', expected: 5 }), UNKNOWN],
    [attempt('3', { verb: 'update', expected: 5 }), UNKNOWN],
    [attempt('4', { verb: 'delete', expected: 6, content: '' }), at(0)],
  );
  expect(ledger.check([row(5, '1'), row(6, '3', { previous: 5 })], [stored(6, '3')])).toEqual([
    '4: the delete of a was acknowledged at 0 and is lost',
  ]);
  expect(ledger.check([row(7, '4', { previous: 6, content: undefined })], [])).toEqual([]);
  expect(ledger.totals).toEqual({ acknowledged: 2, refused: 0, unknown: 2, tookEffect: 1 });
});

test('check() tells of an acknowledged write that is lost, or is elsewhere', () => {
  expect(ledgerOf([attempt('1'), at(5)]).check([], [])).toEqual([
    '1: the create of a was acknowledged at 5 and is lost',
  ]);
  expect(ledgerOf([attempt('1'), at(5)]).check([row(6, '1')], [stored(6, '1')])).toEqual([
    '1: the create of a was acknowledged at 5, the log has it at 6',
  ]);
});

test('check() tells of a refused write that took effect, in its own round or later', () => {
  const ledger = ledgerOf([attempt('1'), { kind: 'refused', status: 503 }]);
  expect(ledger.check([], [])).toEqual([]);
  expect(ledger.check([row(9, '1')], [stored(9, '1')])).toEqual(['log row 9 of a: 1 was refused with 503']);
});

test('check() tells of a log that is no chain, of rows twice, changed or of nobody', () => {
  const ledger = ledgerOf([attempt('1'), at(5)], [attempt('2', { verb: 'update', expected: 4 }), at(6)]);
  expect(
    ledger.check(
      [row(5, '1'), row(6, '2', { previous: 4 }), row(7, '2', { previous: 6 }), row(6, '3', { previous: 7 })],
      [stored(6, '3')],
    ),
  ).toEqual([
    'log row 6 of a: replaces 4, the object was at 5',
    'log row 7 of a: is not what 2 sent: update of a at 4',
    'log row 7 of a: 2 took effect at 6 already',
    'log row 6 of a: comes after 7 was read',
    'log row 6 of a: nobody sent 3',
    '2: the update of a was acknowledged at 6, the log has it at 7',
  ]);
});

test('check() tells of objects that are not the end of the log', () => {
  const one = ledgerOf([attempt('1'), at(5)]);
  expect(one.check([row(5, '1')], [])).toEqual(['object a is absent, by the log it is 1 at 5']);
  expect(ledgerOf().check([], [stored(3, 'x')])).toEqual(['object a is not in the log']);
});
