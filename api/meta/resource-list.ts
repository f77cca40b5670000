import { addQuantity, compareQuantity, subtractQuantity } from './quantity.ts';

/** Quantities by resource name: `{ cpu: '500m', memory: '1Gi' }`. */
export type ResourceList = Readonly<Record<string, string>>;

/** The sum of both, by name. */
export function addResourceLists(a: ResourceList, b: ResourceList): Record<string, string> {
  const sum: Record<string, string> = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    const before = sum[name];
    sum[name] = before === undefined ? amount : addQuantity(before, amount);
  }
  return sum;
}

/** The larger of both, by name. */
export function maxResourceLists(a: ResourceList, b: ResourceList): Record<string, string> {
  const most: Record<string, string> = { ...a };
  for (const [name, amount] of Object.entries(b)) {
    const before = most[name];
    if (before === undefined || compareQuantity(amount, before) > 0) most[name] = amount;
  }
  return most;
}

/** `a` − `b`, by name; nothing is less than 0. */
export function subtractResourceLists(a: ResourceList, b: ResourceList): Record<string, string> {
  const rest: Record<string, string> = {};
  for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
    const difference = subtractQuantity(a[name] ?? '0', b[name] ?? '0');
    rest[name] = compareQuantity(difference, '0') < 0 ? '0' : difference;
  }
  return rest;
}

/** Only what has one of these names. */
export function maskResourceList(list: ResourceList, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(list).filter(([name]) => names.includes(name)));
}

/** Are both the same amounts of the same names, however they are written. */
export function sameResourceLists(a: ResourceList, b: ResourceList): boolean {
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => b[name] !== undefined && compareQuantity(a[name], b[name]) === 0)
  );
}

/** `cpu=1,memory=1Gi`, by name: how messages show amounts. */
export const printResourceList = (list: ResourceList): string =>
  Object.keys(list)
    .sort()
    .map((name) => `${name}=${list[name] ?? ''}`)
    .join(',');
