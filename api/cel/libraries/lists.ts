import type { Environment } from '@marcbachmann/cel-js';
import { Duration } from '@marcbachmann/cel-js/evaluator';
import { celEquals } from '../cel-value.ts';
import { spend } from '../cost-budget.ts';
import { define, refuse } from './define.ts';

type List = readonly unknown[];

/** Order of two values of one type; lists of other types than these have none. */
function compare(a: unknown, b: unknown): number {
  const [left, right] = [orderable(a), orderable(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function orderable(value: unknown): string | number | bigint | boolean {
  if (value instanceof Date || value instanceof Duration) return Number(value);
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return value;
  throw refuse('no such overload');
}

function extreme(list: List, sign: 1 | -1, name: string): unknown {
  const [first, ...rest] = list;
  if (list.length === 0) throw refuse(`${name} called on empty list`);
  return rest.reduce((best, value) => (compare(value, best) * sign > 0 ? value : best), first);
}

function sum(list: List): unknown {
  const [first] = list;
  if (first === undefined) return 0n;
  if (first instanceof Duration)
    return list.reduce<Duration>(
      (total, value) => (value instanceof Duration ? total.addDuration(value) : total),
      new Duration(0n),
    );
  if (typeof first === 'number') return list.reduce<number>((total, value) => total + Number(value), 0);
  return list.reduce<bigint>((total, value) => {
    if (typeof value !== 'bigint') throw refuse('no such overload');
    return total + value;
  }, 0n);
}

const contains = (list: List, one: unknown): boolean => {
  spend(list.length);
  return list.some((other) => celEquals(one, other));
};

/** Kubernetes' lists library, and the sets library of CEL's extensions. */
export function addListFunctions(environment: Environment): void {
  define(environment, [
    [
      'list<A>.isSorted(): bool',
      (list: List) => list.every((value, index) => index === 0 || compare(list[index - 1], value) <= 0),
    ],
    ['list<A>.min(): A', (list: List) => extreme(list, -1, 'min')],
    ['list<A>.max(): A', (list: List) => extreme(list, 1, 'max')],
    ['list<A>.sum(): A', sum],
    ['list<A>.indexOf(A): int', (list: List, one: unknown) => BigInt(list.findIndex((other) => celEquals(one, other)))],
    [
      'list<A>.lastIndexOf(A): int',
      (list: List, one: unknown) => BigInt(list.findLastIndex((other) => celEquals(one, other))),
    ],
  ]);
  class Sets {}
  environment.registerType('cel.Sets', { ctor: Sets, fields: {} });
  environment.registerConstant('sets', 'cel.Sets', new Sets());
  define(environment, [
    ['cel.Sets.contains(list<A>, list<A>): bool', (_: unknown, a: List, b: List) => b.every((one) => contains(a, one))],
    [
      'cel.Sets.intersects(list<A>, list<A>): bool',
      (_: unknown, a: List, b: List) => b.some((one) => contains(a, one)),
    ],
    [
      'cel.Sets.equivalent(list<A>, list<A>): bool',
      (_: unknown, a: List, b: List) => b.every((one) => contains(a, one)) && a.every((one) => contains(b, one)),
    ],
  ]);
}
