import { isObject } from '#api/schema/structural.ts';
import { type FieldSet, type FieldSetDraft, NOTHING, SELF, holdsItself, isEmptySet, withSelf } from './field-set.ts';
import { canonicalElement, compareElements } from './path-element.ts';

/** `fieldsV1` of a client as a set: each element in its one spelling, unknown kinds of elements dropped. Throws SyntaxError when it cannot be read. */
export function decodeFields(fields: unknown): FieldSet {
  if (fields === undefined || fields === null) return NOTHING;
  if (!isObject(fields)) throw new SyntaxError('fieldsV1 is no object');
  const { below } = decodeNode(fields);
  return below;
}

function decodeNode(fields: Record<string, unknown>): { readonly below: FieldSet; readonly itself: boolean } {
  const below: FieldSetDraft = {};
  let itself = false;
  for (const element of Object.keys(fields)) {
    if (element === SELF) {
      itself = true;
      continue;
    }
    const known = canonicalElement(element);
    const value = fields[element];
    if (known === undefined) continue;
    if (!isObject(value)) throw new SyntaxError(`what is below ${element} is no object`);
    const node = decodeNode(value);
    below[known] = node.itself ? withSelf(node.below) : node.below;
  }
  return isEmptySet(below) ? { below: NOTHING, itself: true } : { below, itself };
}

/** The set with its elements in upstream's order at every level; the set itself when they are. */
export function inOrder(set: FieldSet): FieldSet {
  const elements = Object.keys(set);
  let changed = false;
  for (let index = 0; index < elements.length; index++) {
    const element = elements[index] ?? '';
    const before = elements[index - 1];
    if (before !== undefined && compareElements(before, element) > 0) {
      elements.sort(compareElements);
      changed = true;
      break;
    }
  }
  const output: FieldSetDraft = {};
  for (const element of elements) {
    const node = set[element] ?? NOTHING;
    const ordered = isEmptySet(node) ? NOTHING : inOrder(node);
    if (ordered !== node) changed = true;
    output[element] = ordered;
  }
  return changed ? output : set;
}

/** Calls `visit` with the path of every field in the set, a field before what is below it, in order. */
export function eachField(set: FieldSet, visit: (path: readonly string[]) => void, path: readonly string[] = []): void {
  const elements = Object.keys(set)
    .filter((element) => element !== SELF)
    .sort(compareElements);
  for (const element of elements) if (holdsItself(set[element])) visit([...path, element]);
  for (const element of elements) eachField(set[element] ?? NOTHING, visit, [...path, element]);
}
