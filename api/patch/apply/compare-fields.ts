import { equalJson } from '#api/schema/equal.ts';
import { type FieldSet, type FieldSetDraft, NOTHING, SELF, joinNodes } from './field-set.ts';
import { type FieldType, type ListType, type MapType, UNTYPED } from './field-type.ts';
import { type Shape, asList, asMap, elementOfKey, hasNone, itemsByElement, shapeOf, typeOfKey } from './typed-value.ts';

/** What became of an object: the fields with another value than before or that are new, and those that are gone. */
export interface Comparison {
  readonly changed: FieldSet;
  readonly removed: FieldSet;
}

/** The same below some element; undefined = nothing. */
interface Difference {
  readonly changed: FieldSet | undefined;
  readonly removed: FieldSet | undefined;
}

const MODIFIED: Difference = { changed: NOTHING, removed: undefined };

/** What to leave out of a comparison: fields at the root, and fields of metadata. */
export interface LeftOut {
  readonly roots: ReadonlySet<string>;
  readonly ofMetadata: ReadonlySet<string>;
}

/**
 * Compares two objects of a type, field by field as they are owned (structured-merge-diff: TypedValue.Compare).
 * Throws TypeFaults when items of a list cannot be told apart.
 */
export function compareObjects(
  type: FieldType,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  leaveOut?: LeftOut,
): Comparison {
  const shape = shapeOf(type, after);
  const found = shape.is === 'map' ? compareMaps(shape.map, before, after, leaveOut?.roots, leaveOut) : undefined;
  return { changed: found?.changed ?? NOTHING, removed: found?.removed ?? NOTHING };
}

/** Of a resource the metadata, without what is left out of it; else undefined. */
function compareMetadata(
  type: FieldType,
  before: unknown,
  after: unknown,
  { ofMetadata }: LeftOut,
): Difference | undefined {
  const shape = shapeOf(type, after);
  const left = asMap(before);
  const right = asMap(after);
  if (shape.is !== 'map' || left === undefined || right === undefined) return compareValues(type, before, after);
  return compareMaps(shape.map, left, right, ofMetadata);
}

function compareValues(type: FieldType, before: unknown, after: unknown): Difference | undefined {
  if (before === after) return undefined;
  const left = shapeOf(type, before);
  const right = shapeOf(type, after);
  const found = compareInShape(right, before, after);
  // A field without a schema may turn from a map into a scalar: what was below it is gone.
  return left === right ? found : both(compareInShape(left, before, after), found);
}

function compareInShape(shape: Shape, before: unknown, after: unknown): Difference | undefined {
  switch (shape.is) {
    case 'map': {
      const left = asMap(before);
      const right = asMap(after);
      if (shape.map.atomic || (hasNone(left) && hasNone(right))) return compareWhole(before, after);
      return compareMaps(shape.map, left ?? {}, right ?? {});
    }
    case 'list': {
      const left = asList(before);
      const right = asList(after);
      if (shape.list.atomic || (hasNone(left) && hasNone(right))) return compareWhole(before, after);
      // Most lists are as they were, and looking is cheaper than telling their items apart.
      if (equalJson(left, right)) return undefined;
      return compareLists(shape.list, left ?? [], right ?? []);
    }
    case 'scalar':
      return compareWhole(before, after);
  }
}

const compareWhole = (before: unknown, after: unknown): Difference | undefined =>
  equalJson(before, after) ? undefined : MODIFIED;

function both(a: Difference | undefined, b: Difference | undefined): Difference | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return { changed: joined(a.changed, b.changed), removed: joined(a.removed, b.removed) };
}

const joined = (a: FieldSet | undefined, b: FieldSet | undefined): FieldSet | undefined =>
  a === undefined || b === undefined ? (a ?? b) : joinNodes(a, b);

function compareMaps(
  type: MapType,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  leaveOut?: ReadonlySet<string>,
  ofResource?: LeftOut,
): Difference | undefined {
  const found = new Found();
  for (const key in after) {
    const right = after[key];
    if (right === undefined || leaveOut?.has(key) === true) continue;
    const left = Object.hasOwn(before, key) ? before[key] : undefined;
    if (left === right) continue;
    const inner = typeOfKey(type, key) ?? UNTYPED;
    if (left === undefined) found.change(elementOfKey(type, key), allFields(inner, right));
    else if (ofResource !== undefined && key === 'metadata')
      found.note(elementOfKey(type, key), compareMetadata(inner, left, right, ofResource));
    else found.note(elementOfKey(type, key), compareValues(inner, left, right));
  }
  for (const key in before) {
    const left = before[key];
    if (left === undefined || leaveOut?.has(key) === true) continue;
    if (Object.hasOwn(after, key) && after[key] !== undefined) continue;
    found.remove(elementOfKey(type, key), allFields(typeOfKey(type, key) ?? UNTYPED, left));
  }
  return found.difference();
}

/** Items that are there more than once are one field, owned together. */
function compareLists(type: ListType, before: readonly unknown[], after: readonly unknown[]): Difference | undefined {
  const found = new Found();
  const lefts = itemsByElement(type, before);
  const rights = itemsByElement(type, after);
  for (const [element, left] of lefts) {
    const right = rights.get(element) ?? [];
    if (left.length === 1 && right.length === 1) found.note(element, compareValues(type.item, left[0], right[0]));
    else if (left.length > 1 && right.length > 1) {
      if (!equalJson(left, right)) found.change(element, NOTHING);
    } else {
      if (right.length > 0) found.change(element, right.length > 1 ? NOTHING : allFields(type.item, right[0]));
      found.remove(element, left.length > 1 ? NOTHING : allFields(type.item, left[0]));
    }
  }
  for (const [element, right] of rights)
    if (!lefts.has(element)) found.change(element, right.length > 1 ? NOTHING : allFields(type.item, right[0]));
  return found.difference();
}

/** What is below a field that is new, or gone, with all that is in it; each of them is in the set itself. */
function allFields(type: FieldType, value: unknown): FieldSet {
  const shape = shapeOf(type, value);
  const below: FieldSetDraft = { [SELF]: NOTHING };
  if (shape.is === 'map') {
    const map = asMap(value);
    if (shape.map.atomic || map === undefined || hasNone(map)) return NOTHING;
    for (const key in map) {
      if (map[key] === undefined) continue;
      below[elementOfKey(shape.map, key)] = allFields(typeOfKey(shape.map, key) ?? UNTYPED, map[key]);
    }
    return below;
  }
  const list = shape.is === 'list' ? asList(value) : undefined;
  if (shape.is !== 'list' || shape.list.atomic || list === undefined || list.length === 0) return NOTHING;
  for (const [element, items] of itemsByElement(shape.list, list))
    below[element] = items.length > 1 ? NOTHING : allFields(shape.list.item, items[0]);
  return below;
}

/** The differences below a map or list, gathered. */
class Found {
  #changed: FieldSetDraft | undefined;
  #removed: FieldSetDraft | undefined;

  change(element: string, below: FieldSet): void {
    (this.#changed ??= {})[element] = below;
  }

  remove(element: string, below: FieldSet): void {
    (this.#removed ??= {})[element] = below;
  }

  note(element: string, found: Difference | undefined): void {
    if (found?.changed !== undefined) this.change(element, found.changed);
    if (found?.removed !== undefined) this.remove(element, found.removed);
  }

  difference(): Difference | undefined {
    return this.#changed === undefined && this.#removed === undefined
      ? undefined
      : { changed: this.#changed, removed: this.#removed };
  }
}
