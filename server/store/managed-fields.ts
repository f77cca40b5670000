import { type Kind, type KubeObject, apiVersionOf } from '#api/kind.ts';
import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import type { FieldContext, JsonObject } from '#api/patch/apply/field-context.ts';
import { emptyObject, fieldContext } from '#api/patch/apply/kind-fields.ts';
import { faultOfEntries } from '#api/patch/apply/managers.ts';
import { type UpdateOfFields, recordUpdate } from '#api/patch/apply/record-update.ts';
import { TypeFaults } from '#api/patch/apply/typed-value.ts';
import { convertedViews, inRequestVersion } from './field-versions.ts';
import type { RegistryParts } from './registry-parts.ts';
import type { StoredSubresource, WriteContext } from './registry.ts';

/** Subresources that upstream writes past the owners of fields. */
const WITHOUT_OWNERS = new Set<StoredSubresource>(['binding', 'eviction']);

/** What of a write the owners of fields depend on. */
export interface FieldWrite {
  readonly kind: Kind;
  readonly subresource: StoredSubresource;
  readonly context: WriteContext;
}

/**
 * Sets metadata.managedFields of an object that is about to be stored. `old` undefined = it is created. To be called with the object as its
 * writer wants it, defaults filled in: what admission and hooks add later is nobody's. A promise only where versions have to be converted.
 */
export function recordFields(
  parts: RegistryParts,
  { kind, subresource, context }: FieldWrite,
  next: KubeObject,
  old: KubeObject | undefined,
): void | Promise<void> {
  if (WITHOUT_OWNERS.has(subresource)) return undefined;
  const { requestKind, clock } = parts;
  const given = next.metadata.managedFields;
  delete next.metadata.managedFields;
  const fields = fieldContext(requestKind, subresource, clock.now());
  const stored = old?.metadata.managedFields;
  const update = { isCreate: old === undefined, stored, given, manager: context.fieldManager };
  const before = old === undefined ? emptyObject(requestKind) : asJson(old);
  if (requestKind !== kind || !inOneVersion(kind, given) || !inOneVersion(kind, stored))
    return recordConverted(parts, { kind, subresource, context }, { next, old, update, fields });
  setFields(next, fields, { ...update, before, after: asJson(next) });
  return undefined;
}

/** As above, where the request or the owners speak of another version than the one that is stored. */
async function recordConverted(
  parts: RegistryParts,
  { kind, subresource }: FieldWrite,
  change: {
    readonly next: KubeObject;
    readonly old: KubeObject | undefined;
    readonly update: Omit<UpdateOfFields, 'before' | 'after'>;
    readonly fields: FieldContext;
  },
): Promise<void> {
  const { next, old, update, fields } = change;
  const { requestKind } = parts;
  const before = old === undefined ? emptyObject(requestKind) : asJson(await inRequestVersion(requestKind, kind, old));
  const after = asJson(await inRequestVersion(requestKind, kind, next));
  const entries = [...(update.given ?? []), ...(update.stored ?? [])];
  const view = await convertedViews(parts, { kind, subresource, entries }, { after, old, next });
  setFields(next, { ...fields, view }, { ...update, before, after });
}

const asJson = (object: KubeObject): JsonObject => object as unknown as JsonObject;

function inOneVersion(kind: Kind, entries: readonly ManagedFieldsEntry[] | undefined): boolean {
  if (entries === undefined) return true;
  const own = apiVersionOf(kind);
  for (const { apiVersion } of entries) if (apiVersion !== own) return false;
  return true;
}

/** An object that is not of its type (a list with an item without its key) has no owners, as upstream's UpdateNoErrors has it. */
function setFields(object: KubeObject, fields: FieldContext, update: UpdateOfFields): void {
  try {
    const entries = recordUpdate(fields, update);
    if (entries !== undefined) object.metadata.managedFields = [...entries];
  } catch (error) {
    if (!(error instanceof TypeFaults)) throw error;
  }
}

/**
 * Gives entries their old times when a write comes to nothing else, so that who applies the same again does not change the object
 * (apiserver: IgnoreManagedFieldsTimestampsTransformer).
 */
export function keepTimes(next: KubeObject, old: KubeObject): void {
  const entries = next.metadata.managedFields;
  const before = old.metadata.managedFields;
  if (entries === undefined || before === undefined || entries.length !== before.length) return;
  if (entries.every((entry, at) => entry.time === before[at]?.time)) return;
  const undated = entries.map((entry, at) => withTime(entry, before[at]?.time));
  if (!Bun.deepEquals(undated, before)) return;
  if (Bun.deepEquals({ ...next, metadata: { ...next.metadata, managedFields: undated } }, old))
    next.metadata.managedFields = undated;
}

function withTime({ time: _time, ...entry }: ManagedFieldsEntry, time: string | undefined): ManagedFieldsEntry {
  return time === undefined ? entry : { ...entry, time };
}

/** Puts the entries back that were there before admission when a plugin or webhook has made nonsense of them, and warns of it. */
export function repairFields(object: KubeObject, before: ManagedFieldsEntry[] | undefined, warnings: string[]): void {
  const after = object.metadata.managedFields;
  if (after === before || after === undefined) return;
  const fault = faultOfEntries(after);
  if (fault === undefined) return;
  if (before === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = before;
  warnings.push(
    `.metadata.managedFields was in an invalid state after admission; this could be caused by an outdated mutating admission controller; please fix your requests: ${fault}`,
  );
}
