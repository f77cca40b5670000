import { type FieldSet, NOTHING, SELF, differenceWithBelow, fieldAt, isEmptySet, union } from './field-set.ts';
import { DEDUCED, type FieldType } from './field-type.ts';
import { typeOfKey } from './typed-value.ts';

/**
 * A set that was written when a map or list was owned by its parts, for a schema in which it is owned whole: the field itself, and nothing
 * below it. The other way round needs no change (structured-merge-diff: ReconcileFieldSetWithSchema).
 */
export function reconcileWithSchema(type: FieldType, set: FieldSet): FieldSet {
  const turned: string[][] = [];
  look(type, set, [], turned);
  const whole = turned.map(fieldAt).reduce(union, NOTHING);
  return turned.length === 0 ? set : union(differenceWithBelow(set, whole), whole);
}

function look(type: FieldType, node: FieldSet, path: readonly string[], turned: string[][]): void {
  if (isEmptySet(node)) return;
  const { map, list } = type;
  if (map?.item === DEDUCED && map.fields.size === 0) return;
  if ((map ?? list)?.atomic === true && path.length > 0) {
    turned.push([...path]);
    return;
  }
  for (const element in node) {
    if (element === SELF) continue;
    const inner = element.startsWith('f:') && map !== undefined ? typeOfKey(map, element.slice(2)) : list?.item;
    if (inner !== undefined) look(inner, node[element] ?? NOTHING, [...path, element], turned);
  }
}
