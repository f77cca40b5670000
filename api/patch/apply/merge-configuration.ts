import { isObject, setOwn } from '#api/schema/structural.ts';
import { type FieldType, type ListType, type MapType, UNTYPED } from './field-type.ts';
import { asList, asMap, hasNone, itemElement, shapeOf, typeOfKey } from './typed-value.ts';

/**
 * A live object with a configuration laid over it (structured-merge-diff: TypedValue.Merge). Nothing is removed; where both speak of a field
 * the configuration's value stands; merged lists have the order of the configuration where the two disagree.
 * Both are left alone, and the result shares with them.
 */
export function mergeConfiguration(
  type: FieldType,
  live: Record<string, unknown>,
  configuration: Record<string, unknown>,
): Record<string, unknown> {
  const merged = mergeValue(type, live, configuration);
  return isObject(merged) ? merged : {};
}

/** `undefined` on either side = not there; on both sides it is not asked for. */
function mergeValue(type: FieldType, live: unknown, wanted: unknown): unknown {
  if (wanted === undefined) return live;
  const shape = shapeOf(type, wanted === null ? live : wanted);
  if (shape.is === 'map') {
    const left = asMap(live);
    const right = asMap(wanted);
    if (shape.map.atomic || (hasNone(left) && hasNone(right))) return wanted;
    return mergeMaps(shape.map, left ?? {}, right ?? {});
  }
  if (shape.is === 'scalar') return wanted;
  const left = asList(live);
  const right = asList(wanted);
  if (shape.list.atomic || (hasNone(left) && hasNone(right))) return wanted;
  return mergeLists(shape.list, left ?? [], right ?? []);
}

function mergeMaps(
  type: MapType,
  live: Record<string, unknown>,
  wanted: Record<string, unknown>,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...live };
  for (const key of Object.keys(wanted)) {
    const current = Object.hasOwn(live, key) ? live[key] : undefined;
    setOwn(merged, key, mergeValue(typeOfKey(type, key) ?? UNTYPED, current, wanted[key]));
  }
  return merged;
}

/** The items of a list with their elements, and each element's item; a duplicate has none (`undefined`), for there is no telling which. */
interface Indexed {
  readonly elements: readonly string[];
  readonly items: ReadonlyMap<string, unknown>;
}

function index(type: ListType, list: readonly unknown[]): Indexed {
  const elements = list.map((item) => itemElement(type, item));
  const items = new Map<string, unknown>();
  for (const [at, element] of elements.entries()) items.set(element, items.has(element) ? undefined : list[at]);
  return { elements, items };
}

/**
 * Goes along both lists at once: common items in the order of the wanted list, live ones that are not wanted before the common item
 * that they preceded.
 */
function mergeLists(type: ListType, live: readonly unknown[], wanted: readonly unknown[]): unknown[] {
  const left = index(type, live);
  const right = index(type, wanted);
  const common = right.elements.filter((element) => left.items.has(element));
  const merged: unknown[] = [];
  const done = new Set<string>();
  let next = 0;
  let l = 0;
  let r = 0;
  const take = (element: string): void => {
    done.add(element);
    merged.push(mergeValue(type.item, left.items.get(element), right.items.get(element)));
  };
  while (l < left.elements.length || r < right.elements.length) {
    const current = left.elements[l];
    const asked = right.elements[r];
    if (current !== undefined && asked !== undefined) {
      if (current === asked) {
        take(current);
        l++;
        r++;
        next++;
        continue;
      }
      if (right.items.has(current) && common[next] !== undefined && common[next] !== current) {
        // Its turn comes where the wanted list has it.
        l++;
        continue;
      }
    }
    if (current !== undefined) {
      if (!right.items.has(current)) {
        merged.push(live[l]);
        l++;
        continue;
      }
      if (done.has(current)) l++;
    }
    if (asked !== undefined) {
      if (asked === common[next]) next++;
      take(asked);
      r++;
    }
  }
  return merged;
}
