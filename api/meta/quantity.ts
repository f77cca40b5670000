/**
 * Quantities as Kubernetes counts them (k8s.io/apimachinery/pkg/api/resource): exact to 1e-9, rounded away from zero below that,
 * and capped at 2^63-1. A quantity remembers the family of its suffix, because it is printed in the same one.
 */
export interface Quantity {
  /** The value in units of 1e-9. */
  readonly nano: bigint;
  readonly format: 'DecimalSI' | 'BinarySI' | 'DecimalExponent';
}

const NANO = 1_000_000_000n;
const MILLION = 1_000_000n;
const MAX_NANO = (2n ** 63n - 1n) * NANO;
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const SHAPE = /^([+-]?)(\d*)(?:\.(\d*))?([numkMGTPE]|[KMGTPE]i|[eE][+-]?\d+)?$/;

/** What a client is told of a text that is no quantity. */
export const QUANTITY_FORMAT_ERROR =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/** Reads `500m`, `1.5Gi`, `2e3`, `-1`; undefined when the text is no quantity. */
export function parseQuantity(text: string): Quantity | undefined {
  const parts = SHAPE.exec(text);
  if (parts === null) return undefined;
  const [, sign = '', whole = '', fraction = '', suffix = ''] = parts;
  if (whole === '' && fraction === '') return undefined;
  const digits = BigInt(`${whole}${fraction}` || '0');
  const scale = scaleOf(suffix);
  if (scale === undefined) return undefined;
  // value = digits × 10^(exponent − decimals) × 2^power; everything is brought to nano with one division at the end.
  const exponent = scale.exponent - fraction.length + 9;
  const numerator = digits * 2n ** BigInt(scale.power) * (exponent > 0 ? 10n ** BigInt(exponent) : 1n);
  const divisor = exponent < 0 ? 10n ** BigInt(-exponent) : 1n;
  const rounded = (numerator + divisor - 1n) / divisor;
  const nano = rounded > MAX_NANO ? MAX_NANO : rounded;
  const format = scale.format === 'BinarySI' && nano < NANO ? 'DecimalSI' : scale.format;
  return { nano: sign === '-' ? -nano : nano, format };
}

function scaleOf(suffix: string): { exponent: number; power: number; format: Quantity['format'] } | undefined {
  const binary = BINARY.indexOf(suffix);
  if (binary > 0) return { exponent: 0, power: binary * 10, format: 'BinarySI' };
  const decimal = DECIMAL.indexOf(suffix);
  if (decimal >= 0) return { exponent: decimal * 3 - 9, power: 0, format: 'DecimalSI' };
  const exponent = Number(suffix.slice(1));
  // Beyond this the value is capped or rounded to one nano anyway, and 10^exponent would be a denial of service.
  if (Math.abs(exponent) > 999) return undefined;
  return { exponent, power: 0, format: 'DecimalExponent' };
}

/** The canonical text: no fraction, the largest suffix that leaves a whole number. */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return '0';
  const negative = nano < 0n;
  const size = negative ? -nano : nano;
  const text =
    format === 'BinarySI' && size >= 1024n * NANO ? binary(size) : decimal(size, format === 'DecimalExponent');
  return negative ? `-${text}` : text;
}

function binary(size: bigint): string {
  let value = (size + NANO - 1n) / NANO;
  let step = 0;
  while (value % 1024n === 0n && step < BINARY.length - 1) {
    value /= 1024n;
    step += 1;
  }
  return `${value}${BINARY[step] ?? ''}`;
}

function decimal(size: bigint, exponential: boolean): string {
  let value = size;
  let step = 0;
  while (value % 1000n === 0n && step < DECIMAL.length - 1) {
    value /= 1000n;
    step += 1;
  }
  if (!exponential) return `${value}${DECIMAL[step] ?? ''}`;
  const exponent = step * 3 - 9;
  return exponent === 0 ? `${value}` : `${value}e${exponent}`;
}

/** The text that Kubernetes prints for a quantity, `0.1` → `100m`; undefined when `text` is no quantity. */
export function canonicalQuantity(text: string): string | undefined {
  const quantity = parseQuantity(text);
  return quantity === undefined ? undefined : formatQuantity(quantity);
}

const nanoOf = (quantity: Quantity | string | undefined): bigint =>
  (typeof quantity === 'string' ? parseQuantity(quantity)?.nano : quantity?.nano) ?? 0n;
const ceilTo = (nano: bigint, unit: bigint): bigint =>
  nano >= 0n ? (nano + unit - 1n) / unit : -((-nano + unit - 1n) / unit);

/** The value rounded up to a whole number; what is no quantity counts 0. */
export const quantityValue = (quantity: Quantity | string | undefined): number =>
  Number(ceilTo(nanoOf(quantity), NANO));
/** The value in thousandths, rounded up: `1500m` → 1500; what is no quantity counts 0. */
export const milliValue = (quantity: Quantity | string | undefined): number =>
  Number(ceilTo(nanoOf(quantity), MILLION));
/** Negative when `a` is less than `b`, 0 when equal, else positive. */
export const compareQuantity = (a: Quantity | string | undefined, b: Quantity | string | undefined): number => {
  const difference = nanoOf(a) - nanoOf(b);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
};
/** The sum, printed in the family of the first that is not zero. */
export function addQuantity(a: string, b: string): string {
  const format = parseQuantity(nanoOf(a) === 0n ? b : a)?.format ?? 'DecimalSI';
  return formatQuantity({ nano: nanoOf(a) + nanoOf(b), format });
}
/** `a` − `b`, printed in the family of `a`. */
export function subtractQuantity(a: string, b: string): string {
  const format = parseQuantity(nanoOf(a) === 0n ? b : a)?.format ?? 'DecimalSI';
  return formatQuantity({ nano: nanoOf(a) - nanoOf(b), format });
}
