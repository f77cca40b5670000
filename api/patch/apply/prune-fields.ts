import type { FieldContext, JsonObject, VersionView } from './field-context.ts';
import { viewOf } from './field-context.ts';
import { type FieldSet, NOTHING, difference, intersection, isEmptySet, isSubset, union } from './field-set.ts';
import { givenFields } from './given-fields.ts';
import type { Manager } from './managers.ts';
import { removeFields, withParents } from './remove-fields.ts';

/**
 * The merged object without what its manager applied last time (`last`), does not apply any more, and nobody else owns. `managers` are all, with
 * what the manager applies now (structured-merge-diff: Updater.prune).
 */
export function pruneFields(
  context: FieldContext,
  merged: JsonObject,
  managers: readonly Manager[],
  { last, now }: { readonly last: Manager | undefined; readonly now: Manager },
): JsonObject {
  if (last === undefined || isEmptySet(last.set)) return merged;
  if (last.apiVersion === now.apiVersion && isSubset(last.set, now.set)) return merged;
  const view = viewOf(context, last.apiVersion);
  if (view === undefined) return merged;
  const old = view.convert(merged);
  const without = removeFields(view.type, old, withParents(view.type, last.set));
  const restored = withOwned(context, { merged: old, without, view }, managers, last.apiVersion);
  // What is left out now must have been applied last: fields that nobody owns stay.
  const gone = difference(fieldsOf(view, old), fieldsOf(view, restored));
  const doomed = intersection(gone, withParents(view.type, last.set));
  return view.convertBack(removeFields(view.type, old, doomed));
}

const fieldsOf = ({ type }: VersionView, object: JsonObject): FieldSet => withParents(type, givenFields(type, object));

/** `without`, with all of `merged` that some manager owns; both in the version of `view`, as is the result. */
function withOwned(
  context: FieldContext,
  { merged, without, view }: { merged: JsonObject; without: JsonObject; view: VersionView },
  managers: readonly Manager[],
  version: string,
): JsonObject {
  const owned = new Map<string, FieldSet>([[version, NOTHING]]);
  for (const { apiVersion, set } of managers) owned.set(apiVersion, union(owned.get(apiVersion) ?? NOTHING, set));
  let result = without;
  for (const [apiVersion, set] of owned) {
    const other = viewOf(context, apiVersion);
    if (other === undefined) continue;
    const isSame = apiVersion === version;
    const whole = isSame ? merged : other.convert(view.convertBack(merged));
    const partial = isSame ? result : other.convert(view.convertBack(result));
    const kept = union(fieldsOf(other, partial), withParents(other.type, set));
    const restored = removeFields(other.type, whole, difference(fieldsOf(other, whole), kept));
    result = isSame ? restored : view.convert(other.convertBack(restored));
  }
  return result;
}
