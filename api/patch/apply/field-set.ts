/**
 * A set of fields in the form of `fieldsV1` (a trie): each key is a path element, each value what is in the set below it.
 * `{}` below a key says that the field itself is in the set; when fields below it are as well, `.` says so.
 * Path elements: `f:<field or map key>`, `k:{"<key>":…}` (item of a map-like list), `v:<value>` (item of a set), `i:<index>`.
 * The set with no fields is the empty object at the root. Sets are shared between objects and never changed once made.
 */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** A set that is still being made. */
export type FieldSetDraft = Record<string, FieldSet>;

/** At the root: no fields. Below an element: this field, and none below it. One for all sets, so that memory holds it once. */
export const NOTHING: FieldSet = Object.freeze({});

/** The element that says of a field with fields below it that it is in the set too. */
export const SELF = '.';

/** Has the set no fields. */
export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

/** What stands below an element: is the field itself in the set. */
export const holdsItself = (node: FieldSet | undefined): boolean =>
  node !== undefined && (node[SELF] !== undefined || isEmptySet(node));

/** What is below an element for a field that is in the set together with `below`. */
export const withSelf = (below: FieldSet): FieldSet =>
  isEmptySet(below) ? NOTHING : below[SELF] === undefined ? { [SELF]: NOTHING, ...below } : below;

/** What is below an element without the field itself; undefined when nothing is left. */
export function withoutSelf(node: FieldSet): FieldSet | undefined {
  if (isEmptySet(node)) return undefined;
  if (node[SELF] === undefined) return node;
  const { [SELF]: _self, ...below } = node;
  return isEmptySet(below) ? undefined : below;
}

/** The fields of both sets. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a;
  if (isEmptySet(a)) return b;
  return joinChildren(a, b);
}

function joinChildren(a: FieldSet, b: FieldSet): FieldSet {
  let output: FieldSetDraft | undefined;
  for (const element in b) {
    const left = a[element];
    const right = b[element] ?? NOTHING;
    const joined = left === undefined ? right : joinNodes(left, right);
    if (joined !== left) (output ??= { ...a })[element] = joined;
  }
  return output ?? a;
}

/** As `union`, of what stands below the same element in two sets. */
export function joinNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  if (isEmptySet(a)) return withSelf(b);
  if (isEmptySet(b)) return withSelf(a);
  return joinChildren(a, b);
}

/** The fields that are in both sets. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const output: FieldSetDraft = {};
  for (const element in a) {
    const left = a[element];
    const right = b[element];
    if (left === undefined || right === undefined) continue;
    const common = commonOf(left, right);
    if (common !== undefined) output[element] = common;
  }
  return output;
}

function commonOf(a: FieldSet, b: FieldSet): FieldSet | undefined {
  if (isEmptySet(a)) return holdsItself(b) ? NOTHING : undefined;
  if (isEmptySet(b)) return holdsItself(a) ? NOTHING : undefined;
  const common = intersection(a, b);
  return isEmptySet(common) ? undefined : isOnlySelf(common) ? NOTHING : common;
}

function isOnlySelf(node: FieldSet): boolean {
  for (const element in node) if (element !== SELF) return false;
  return true;
}

/** The fields of `a` that `b` has not; `a` itself when that is all of them. A field stays when only its parent or its children are in `b`. */
export const difference = (a: FieldSet, b: FieldSet): FieldSet => subtract(a, b, false) ?? NOTHING;

/** As `difference`; of a field that is in `b`, all that is below it goes too. */
export const differenceWithBelow = (a: FieldSet, b: FieldSet): FieldSet => subtract(a, b, true) ?? NOTHING;

/** Undefined when nothing is left. Builds anew what is less: an object that keys were deleted from is slow ever after. */
function subtract(a: FieldSet, b: FieldSet, below: boolean): FieldSet | undefined {
  if (!touches(a, b, below)) return a;
  const output: FieldSetDraft = {};
  let left = 0;
  for (const element in a) {
    const node = a[element] ?? NOTHING;
    const other = b[element];
    const rest = other === undefined ? node : subtractNode(node, other, below);
    if (rest === undefined) continue;
    output[element] = rest;
    left++;
  }
  return left === 0 ? undefined : output;
}

function touches(a: FieldSet, b: FieldSet, below: boolean): boolean {
  for (const element in b) {
    const node = a[element];
    if (node !== undefined && subtractNode(node, b[element] ?? NOTHING, below) !== node) return true;
  }
  return false;
}

function subtractNode(a: FieldSet, b: FieldSet, below: boolean): FieldSet | undefined {
  if (holdsItself(b) && below) return undefined;
  if (isEmptySet(a)) return holdsItself(b) ? undefined : a;
  if (isEmptySet(b)) return withoutSelf(a);
  const rest = subtract(a, b, below);
  return rest !== undefined && isOnlySelf(rest) ? NOTHING : rest;
}

/** Are all fields of `a` in `b`. */
export function isSubset(a: FieldSet, b: FieldSet): boolean {
  for (const element in a) {
    const left = a[element] ?? NOTHING;
    const right = b[element];
    if (left === right) continue;
    if (right === undefined) return false;
    if (holdsItself(left) && !holdsItself(right)) return false;
    if (!isEmptySet(left) && !isSubset(left, right)) return false;
  }
  return true;
}

/** Is the field at a path (of elements) in the set. */
export function hasField(set: FieldSet, path: readonly string[]): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) node = node?.[element];
  return path.length > 0 && holdsItself(node);
}

/** The set of one field. */
export function fieldAt(path: readonly string[]): FieldSet {
  return path.reduceRight<FieldSet>((below, element) => ({ [element]: below }), NOTHING);
}

/** The set of fields given by their names from the root: `['spec', 'replicas']`. */
export const fieldsNamed = (...paths: readonly (readonly string[])[]): FieldSet =>
  paths.map((path) => fieldAt(path.map((name) => `f:${name}`))).reduce(union, NOTHING);
