import { equalJson } from '#api/schema/equal.ts';
import { isObject } from '#api/schema/structural.ts';

/** Whether two items of a list are the same: equal in their merge key, or equal altogether when there is none. */
export function sameItem(a: unknown, b: unknown, key: string | undefined): boolean {
  if (key === undefined) return equalJson(a, b);
  return isObject(a) && isObject(b) && a[key] !== undefined && equalJson(a[key], b[key]);
}

const placeIn = (list: readonly unknown[], item: unknown, key: string | undefined): number =>
  list.findIndex((one) => sameItem(one, item, key));

/** Splits `items` into those that `list` has as well, and the others. */
export function partition(
  items: readonly unknown[],
  list: readonly unknown[],
  key: string | undefined,
): { readonly inList: unknown[]; readonly others: unknown[] } {
  const inList: unknown[] = [];
  const others: unknown[] = [];
  for (const item of items) (placeIn(list, item, key) >= 0 ? inList : others).push(item);
  return { inList, others };
}

/**
 * Merges two lists without common items: `first` in the order of `firstOrder`, `others` in the order of `live`, and each of `others` before
 * the first item of `first` that it precedes in `live`, else at the end (upstream: normalizeElementOrder).
 */
export function orderLike(
  first: readonly unknown[],
  others: readonly unknown[],
  firstOrder: readonly unknown[],
  live: readonly unknown[],
  key: string | undefined,
): unknown[] {
  const left = sorted(others, live, key);
  const right = sorted(first, firstOrder, key);
  const output: unknown[] = [];
  let l = 0;
  for (const item of right) {
    const place = placeIn(live, item, key);
    while (l < left.length && place >= 0 && placeBefore(live, left[l], place, key)) output.push(left[l++]);
    output.push(item);
  }
  return [...output, ...left.slice(l)];
}

function placeBefore(live: readonly unknown[], item: unknown, place: number, key: string | undefined): boolean {
  const own = placeIn(live, item, key);
  return own >= 0 && own < place;
}

const sorted = (items: readonly unknown[], order: readonly unknown[], key: string | undefined): unknown[] =>
  items
    .map((item) => ({ item, place: placeIn(order, item, key) }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item);
