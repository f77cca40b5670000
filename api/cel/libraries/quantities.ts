import type { Environment } from '@marcbachmann/cel-js';
import { parseQuantity } from '../../meta/quantity.ts';
import { define, refuse } from './define.ts';

const NANO = 1_000_000_000n;

/** An amount, in units of 1e-9. */
class Amount {
  readonly nano: bigint;
  constructor(nano: bigint) {
    this.nano = nano;
  }
}

function quantity(text: string): Amount {
  const parsed = parseQuantity(text);
  if (parsed === undefined)
    throw refuse("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  return new Amount(parsed.nano);
}

const fitsInteger = ({ nano }: Amount): boolean => nano % NANO === 0n && BigInt.asIntN(64, nano / NANO) === nano / NANO;
const sign = (nano: bigint): bigint => (nano > 0n ? 1n : nano < 0n ? -1n : 0n);

/** Kubernetes' quantity library. */
export function addQuantityFunctions(environment: Environment): void {
  environment.registerType('kubernetes.Quantity', { ctor: Amount, fields: {} });
  environment.registerOperator(
    'kubernetes.Quantity == kubernetes.Quantity',
    (a: Amount, b: Amount) => a.nano === b.nano,
  );
  define(environment, [
    ['quantity(string): kubernetes.Quantity', quantity],
    ['isQuantity(string): bool', (text: string) => parseQuantity(text) !== undefined],
    ['kubernetes.Quantity.sign(): int', ({ nano }: Amount) => sign(nano)],
    ['kubernetes.Quantity.isInteger(): bool', fitsInteger],
    [
      'kubernetes.Quantity.asInteger(): int',
      (amount: Amount) => {
        if (!fitsInteger(amount)) throw refuse('cannot convert value to integer');
        return amount.nano / NANO;
      },
    ],
    ['kubernetes.Quantity.asApproximateFloat(): double', ({ nano }: Amount) => Number(nano) / 1e9],
    [
      'kubernetes.Quantity.add(kubernetes.Quantity): kubernetes.Quantity',
      (a: Amount, b: Amount) => new Amount(a.nano + b.nano),
    ],
    ['kubernetes.Quantity.add(int): kubernetes.Quantity', (a: Amount, b: bigint) => new Amount(a.nano + b * NANO)],
    [
      'kubernetes.Quantity.sub(kubernetes.Quantity): kubernetes.Quantity',
      (a: Amount, b: Amount) => new Amount(a.nano - b.nano),
    ],
    ['kubernetes.Quantity.sub(int): kubernetes.Quantity', (a: Amount, b: bigint) => new Amount(a.nano - b * NANO)],
    ['kubernetes.Quantity.isGreaterThan(kubernetes.Quantity): bool', (a: Amount, b: Amount) => a.nano > b.nano],
    ['kubernetes.Quantity.isLessThan(kubernetes.Quantity): bool', (a: Amount, b: Amount) => a.nano < b.nano],
    ['kubernetes.Quantity.compareTo(kubernetes.Quantity): int', (a: Amount, b: Amount) => sign(a.nano - b.nano)],
  ]);
}
