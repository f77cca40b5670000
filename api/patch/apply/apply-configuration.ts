import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import { badRequest } from '#api/meta/status.ts';
import { equalJson } from '#api/schema/equal.ts';
import { isObject } from '#api/schema/structural.ts';
import { checkConfiguration } from './check-configuration.ts';
import { conflictError } from './conflicts.ts';
import { type Conflict, type FieldContext, type JsonObject, reassign, viewOf } from './field-context.ts';
import { difference, hasField } from './field-set.ts';
import { givenFields } from './given-fields.ts';
import { KUBECTL, fieldsLastApplied, withLastApplied } from './last-applied.ts';
import {
  type Manager,
  type ManagerIdentity,
  entriesOf,
  isSameManager,
  put,
  storedManagers,
  withSets,
} from './managers.ts';
import { mergeConfiguration } from './merge-configuration.ts';
import { pruneFields } from './prune-fields.ts';
import { UNOWNED } from './reset-fields.ts';
import { reconcileWithSchema } from './reconcile-schema.ts';
import { updateManagers } from './record-update.ts';

/** Who owns what was there before anybody applied. */
const BEFORE_FIRST_APPLY = 'before-first-apply';

/** A server-side apply. */
export interface ApplyOfFields {
  /** The object as it is, without its managedFields; an empty object of the kind when there is none. */
  readonly live: JsonObject;
  /** An empty object of the kind. */
  readonly empty: JsonObject;
  /** metadata.managedFields of the stored object. */
  readonly stored: readonly ManagedFieldsEntry[] | undefined;
  /** What the manager wants, without defaults. */
  readonly configuration: JsonObject;
  readonly manager: string;
  readonly force: boolean;
}

/** The outcome of an apply: the merged object, neither defaulted nor decoded, and its metadata.managedFields. */
export interface Applied {
  readonly object: JsonObject;
  readonly managedFields: readonly ManagedFieldsEntry[] | undefined;
}

/**
 * Merges a configuration into an object: what the manager applied before and leaves out now goes, unless others own it; what others own and
 * the configuration has otherwise is a conflict, or taken by force.
 * Throws StatusError: Conflict; BadRequest for a configuration with managedFields. Throws TypeFaults when the configuration is not of the type.
 */
export function applyConfiguration(context: FieldContext, request: ApplyOfFields): Applied {
  const { configuration, live, manager, force } = request;
  const metadata = configuration['metadata'];
  if (isObject(metadata) && metadata['managedFields'] !== undefined && metadata['managedFields'] !== null)
    throw badRequest('metadata.managedFields must be nil');
  checkConfiguration(context.type, configuration);
  const managers = managersBefore(context, request);
  let outcome = applyOnce(context, managers, request);
  if (outcome.conflicts.length > 0 && !force) {
    const allowed = manager === KUBECTL ? fieldsLastApplied(context, live) : undefined;
    const others = outcome.conflicts.filter(({ path }) => allowed === undefined || !hasField(allowed, path));
    if (others.length > 0) throw conflictError(others);
  }
  if (manager === KUBECTL) outcome = { ...outcome, object: withLastApplied(outcome.object, configuration) };
  return { object: outcome.object, managedFields: entriesOf(outcome.managers) };
}

/** The managers of the stored object, by today's schema; when nobody is noted, somebody who did it all before. */
function managersBefore(context: FieldContext, { stored, empty, live }: ApplyOfFields): readonly Manager[] {
  const managers = storedManagers(stored);
  if (managers.length === 0)
    return updateManagers(context, [], { before: empty, after: live, manager: BEFORE_FIRST_APPLY });
  return withSets(managers, ({ apiVersion, set }) => {
    const view = viewOf(context, apiVersion);
    return view === undefined ? set : reconcileWithSchema(view.type, set);
  });
}

interface Outcome {
  readonly object: JsonObject;
  readonly managers: readonly Manager[];
  readonly conflicts: readonly Conflict[];
}

function applyOnce(context: FieldContext, before: readonly Manager[], request: ApplyOfFields): Outcome {
  const { live, configuration, manager } = request;
  const { type, apiVersion, subresource, reset, now } = context;
  const identity: ManagerIdentity = { manager, operation: 'Apply', apiVersion, subresource };
  const last = before.find((one) => isSameManager(one, identity));
  const self: Manager = { ...identity, set: reset.keep(givenFields(type, configuration)), time: last?.time };
  const managers = [...before];
  put(managers, self);
  const merged = mergeConfiguration(type, live, configuration);
  const object = pruneFields(context, merged, managers, { last, now: self });
  const { managers: left, conflicts } = reassign(context, managers, identity, { before: live, after: object });
  // One that has applied only what was there already keeps its time, or has none.
  const time = equalJson(live, object) ? self.time : now;
  const owners = withSets(left, (one) => {
    if (!isSameManager(one, identity)) return one.set;
    const set = difference(one.set, UNOWNED);
    return last !== undefined && equalJson(set, last.set) ? last.set : set;
  });
  return { object, managers: owners.map((one) => timed(one, identity, time)), conflicts };
}

function timed(manager: Manager, identity: ManagerIdentity, time: string | undefined): Manager {
  if (!isSameManager(manager, identity) || manager.time === time) return manager;
  const { entry: _entry, ...rest } = manager;
  return { ...rest, time };
}
