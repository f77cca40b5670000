import type { FieldType } from './field-type.ts';
import { NOTHING, difference, intersection } from './field-set.ts';
import { type Comparison, compareObjects } from './compare-fields.ts';
import { eachField } from './fields-v1.ts';
import { type Manager, type ManagerIdentity, isSameManager, withSets } from './managers.ts';
import type { ResetFields } from './reset-fields.ts';

/** An object as JSON. */
export type JsonObject = Record<string, unknown>;

/** How objects of a kind look in another of its versions, in which a manager once wrote. */
export interface VersionView {
  readonly type: FieldType;
  readonly reset: ResetFields;
  /** From the version of the request to this one, and back. Neither changes what it is given. */
  convert(object: JsonObject): JsonObject;
  convertBack(object: JsonObject): JsonObject;
}

/** What a write is about, as far as the owners of fields are concerned. */
export interface FieldContext {
  readonly type: FieldType;
  readonly apiVersion: string;
  /** `''` = the object itself. */
  readonly subresource: string;
  readonly reset: ResetFields;
  /** RFC 3339, in whole seconds; undefined for writes that are not dated (those to a Scale). */
  readonly now: string | undefined;
  /** Another version of the kind; undefined when there is none of that name (any more), and then what managers had in it is forgotten. */
  view?(apiVersion: string): VersionView | undefined;
}

/** A field that another manager has, and that an apply would change. */
export interface Conflict {
  readonly manager: ManagerIdentity;
  /** The elements of the field's path. */
  readonly path: readonly string[];
}

/** The view of the request's own version. */
export const ownView = ({ type, reset }: FieldContext): VersionView => ({
  type,
  reset,
  convert: (object) => object,
  convertBack: (object) => object,
});

/** The view of a version; undefined when there is no such version. */
export const viewOf = (context: FieldContext, apiVersion: string): VersionView | undefined =>
  apiVersion === context.apiVersion ? ownView(context) : context.view?.(apiVersion);

/** What becomes of the managers when an object turns from `before` into `after`. */
export interface Reassigned {
  /** All but `self` without what changed or is gone; those with nothing left, or of a version that is no more, are not there. */
  readonly managers: readonly Manager[];
  readonly comparison: Comparison;
  /** The fields that others lost because they changed, in order; only told of an apply (`self`). */
  readonly conflicts: readonly Conflict[];
}

/** Takes from all managers but `self` what the change takes from them (structured-merge-diff: Updater.update). */
export function reassign(
  context: FieldContext,
  managers: readonly Manager[],
  self: ManagerIdentity | undefined,
  change: { readonly before: JsonObject; readonly after: JsonObject },
): Reassigned {
  const comparison = compareIn(ownView(context), change);
  if (managers.length === 0) return { managers, comparison, conflicts: [] };
  const others = new Map<string, Comparison | undefined>();
  const comparisonIn = (apiVersion: string): Comparison | undefined => {
    if (apiVersion === context.apiVersion) return comparison;
    if (others.has(apiVersion)) return others.get(apiVersion);
    const view = viewOf(context, apiVersion);
    const found = view === undefined ? undefined : compareIn(view, change);
    others.set(apiVersion, found);
    return found;
  };
  const conflicts: Conflict[] = [];
  const left = withSets(managers, (manager) => {
    if (self !== undefined && isSameManager(manager, self)) return manager.set;
    const changes = comparisonIn(manager.apiVersion);
    if (changes === undefined) return NOTHING;
    const rest = difference(manager.set, changes.changed);
    // Only an apply can be refused.
    if (self !== undefined && rest !== manager.set)
      eachField(intersection(manager.set, changes.changed), (path) => conflicts.push({ manager, path }));
    return difference(rest, changes.removed);
  });
  return { managers: left, comparison, conflicts };
}

function compareIn(view: VersionView, { before, after }: { before: JsonObject; after: JsonObject }): Comparison {
  const { type, reset } = view;
  const { changed, removed } = compareObjects(type, view.convert(before), view.convert(after), reset.leftOut);
  return { changed: reset.keep(changed), removed: reset.keep(removed) };
}
