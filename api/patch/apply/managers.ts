import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import { type FieldSet, isEmptySet, union } from './field-set.ts';
import { decodeFields, inOrder } from './fields-v1.ts';

/** Whose fields: a manager is known by its name, what it does, through which subresource, and (of updates) in which version. */
export interface ManagerIdentity {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  /** `''` = the object itself. */
  readonly subresource: string;
}

/** A manager and the fields that it owns: an entry of metadata.managedFields. */
export interface Manager extends ManagerIdentity {
  readonly set: FieldSet;
  /** RFC 3339, in whole seconds; undefined for who has only applied what was there already. */
  readonly time: string | undefined;
  /** The entry that this was read from, if it stands for it still. */
  readonly entry?: ManagedFieldsEntry;
}

/** The most managers with updates that an object keeps (apimachinery: DefaultMaxUpdateManagers). */
const MAX_UPDATE_MANAGERS = 10;
const ANCIENT = 'ancient-changes';

/** Is it the same manager. An apply of another version is the same, an update is not. */
export const isSameManager = (a: ManagerIdentity, b: ManagerIdentity): boolean =>
  a.manager === b.manager &&
  a.operation === b.operation &&
  a.subresource === b.subresource &&
  (a.operation === 'Apply' || a.apiVersion === b.apiVersion);

/** The managers as the server has written them; none when there is an entry that makes no sense. */
export function storedManagers(entries: readonly ManagedFieldsEntry[] | undefined): readonly Manager[] {
  const managers = (entries ?? []).map((entry) => managerOf(entry, (entry.fieldsV1 ?? {}) as unknown as FieldSet));
  return managers.some((one) => one === undefined) ? [] : managers.filter((one) => one !== undefined);
}

/** The managers that a client has written: undefined when there are none or an entry makes no sense, which is then as if they were not given. */
export function givenManagers(entries: readonly ManagedFieldsEntry[] | undefined): readonly Manager[] | undefined {
  const managers: Manager[] = [];
  for (const entry of entries ?? []) {
    try {
      const manager = managerOf({ ...entry }, inOrder(decodeFields(entry.fieldsV1)));
      if (manager === undefined) return undefined;
      put(managers, manager);
    } catch (error) {
      if (error instanceof SyntaxError) return undefined;
      throw error;
    }
  }
  return managers.length === 0 ? undefined : managers;
}

/** Why entries make no sense, in upstream's words; undefined = they do (apimachinery: ValidateManagedFields). */
export function faultOfEntries(entries: readonly ManagedFieldsEntry[]): string | undefined {
  for (const [index, { operation, apiVersion = '', fieldsType = '', fieldsV1 }] of entries.entries()) {
    if (operation !== 'Apply' && operation !== 'Update') return 'operation must be `Apply` or `Update`';
    if (apiVersion === '') return 'apiVersion must not be empty';
    if (fieldsType === '') return `missing fieldsType in managed fields entry ${index}`;
    if (fieldsType !== 'FieldsV1')
      return `invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`;
    try {
      decodeFields(fieldsV1);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return `error decoding versioned set of managed fields entry ${index}: ${error.message}`;
    }
  }
  return undefined;
}

function managerOf(entry: ManagedFieldsEntry, set: FieldSet): Manager | undefined {
  const { manager = '', operation, apiVersion = '', subresource = '', time, fieldsType } = entry;
  if ((operation !== 'Apply' && operation !== 'Update') || apiVersion === '' || fieldsType !== 'FieldsV1')
    return undefined;
  const identity = { manager, operation, apiVersion, subresource, time, set } as const;
  return set === (entry.fieldsV1 as unknown) ? { ...identity, entry } : identity;
}

/** Does a client ask to forget all managers: an empty list, or a list of one empty entry. */
export function asksForReset(entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (entries === undefined) return false;
  const [first] = entries;
  return first === undefined || (entries.length === 1 && Object.keys(first).length === 0);
}

/** Adds a manager in place, or takes it for the one that is there. */
export function put(managers: Manager[], manager: Manager): void {
  const at = managers.findIndex((one) => isSameManager(one, manager));
  if (at < 0) managers.push(manager);
  else managers[at] = manager;
}

/** The entries for metadata.managedFields, in upstream's order; undefined when there are none. Entries that did not change are used again. */
export function entriesOf(managers: readonly Manager[]): ManagedFieldsEntry[] | undefined {
  const [first] = managers;
  if (first === undefined) return undefined;
  if (managers.length === 1) return [first.entry ?? entryOf(first)];
  return [...managers].sort(compareManagers).map((one) => one.entry ?? entryOf(one));
}

/** The same manager with the same fields at another time. What is stored is in order already, and is not looked through again. */
export function atTime(manager: Manager, time: string | undefined): Manager {
  const { entry, ...others } = manager;
  if (entry === undefined || time === undefined) return { ...others, time };
  return { ...others, time, entry: { ...entry, time } };
}

function entryOf({ manager, operation, apiVersion, subresource, time, set }: Manager): ManagedFieldsEntry {
  return {
    manager,
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: inOrder(set) as Record<string, unknown>,
    ...(subresource === '' ? {} : { subresource }),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const compareManagers = (a: Manager, b: Manager): number =>
  compare(a.operation, b.operation) ||
  compare(a.time ?? '', b.time ?? '') ||
  compare(a.manager, b.manager) ||
  compare(a.apiVersion, b.apiVersion) ||
  compare(a.subresource, b.subresource);

/** The identity as text, by which conflicts are grouped and sorted. */
export const identityText = ({ manager, operation, apiVersion, subresource }: ManagerIdentity): string =>
  JSON.stringify({
    manager,
    operation,
    ...(operation === 'Apply' ? {} : { apiVersion }),
    ...(subresource === '' ? {} : { subresource }),
  });

/** Managers with fewer fields, or none: those whose set is empty are dropped. */
export function withSets(managers: readonly Manager[], change: (manager: Manager) => FieldSet): Manager[] {
  const left: Manager[] = [];
  for (const manager of managers) {
    const set = change(manager);
    if (isEmptySet(set)) continue;
    left.push(set === manager.set ? manager : withSet(manager, set));
  }
  return left;
}

/** The same manager with other fields. */
export function withSet({ entry: _entry, ...manager }: Manager, set: FieldSet): Manager {
  return { ...manager, set };
}

/**
 * At most ten managers with updates: the oldest of a version become one, `ancient-changes`, with the time of the youngest of them
 * (apimachinery: capManagers).
 */
export function capManagers(managers: readonly Manager[]): readonly Manager[] {
  const updates = managers.filter(({ operation }) => operation === 'Update');
  let excess = updates.length - MAX_UPDATE_MANAGERS;
  if (excess <= 0) return managers;
  updates.sort((a, b) => compare(a.time ?? '', b.time ?? '') || compare(identityText(a), identityText(b)));
  const kept = [...managers];
  const firsts = new Map<string, Manager>();
  for (const old of updates) {
    if (excess <= 0) break;
    const { apiVersion } = old;
    const first = firsts.get(apiVersion);
    if (first === undefined) {
      firsts.set(apiVersion, old);
      continue;
    }
    const bucket: ManagerIdentity = { manager: ANCIENT, operation: 'Update', apiVersion, subresource: '' };
    const existing = kept.find((one) => isSameManager(one, bucket));
    drop(kept, old);
    if (existing === undefined) drop(kept, first);
    put(kept, { ...bucket, set: union(old.set, (existing ?? first).set), time: old.time });
    excess--;
  }
  return kept;
}

function drop(managers: Manager[], one: ManagerIdentity): void {
  const at = managers.findIndex((other) => isSameManager(other, one));
  if (at >= 0) managers.splice(at, 1);
}
