import { type Kind, type KubeObject, apiVersionOf } from '#api/kind.ts';
import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import type { JsonObject, VersionView } from '#api/patch/apply/field-context.ts';
import { typeOfKind } from '#api/patch/apply/field-type.ts';
import { emptyObject } from '#api/patch/apply/kind-fields.ts';
import { resetFieldsOf } from '#api/patch/apply/reset-fields.ts';
import { cloneJson } from '#api/patch/clone.ts';
import type { RegistryParts } from './registry-parts.ts';
import type { StoredSubresource } from './registry.ts';

/**
 * A field has its owner in the version in which it was written, so the owners of an object may speak of other versions than the request does.
 * Here is how an object looks in theirs.
 */

const asJson = (object: KubeObject): JsonObject => object as unknown as JsonObject;

/** An object of the stored kind as `kind`, another of its versions or the same. Rejects when a conversion fails. */
export function inRequestVersion(kind: Kind, storedKind: Kind, object: KubeObject): KubeObject | Promise<KubeObject> {
  if (kind === storedKind || kind.storedAs === undefined) return object;
  const converted = kind.storedAs.fromStored([object]);
  return converted instanceof Promise ? converted.then(only) : only(converted);
}

/** What a change looks like in the versions of the entries: `own` and `after` in that of the request, `old` and `next` as they are stored. */
export async function convertedViews(
  { requestKind, kindOf }: RegistryParts,
  about: {
    readonly kind: Kind;
    readonly subresource: StoredSubresource;
    readonly entries: readonly ManagedFieldsEntry[];
  },
  change: { readonly after: JsonObject; readonly old: KubeObject | undefined; readonly next: KubeObject },
): Promise<(apiVersion: string) => VersionView | undefined> {
  const { kind, subresource, entries } = about;
  const { after, old, next } = change;
  const views = new Map<string, VersionView>();
  for (const version of new Set(entries.map(({ apiVersion = '' }) => apiVersion))) {
    if (version === apiVersionOf(requestKind)) continue;
    const other = version === apiVersionOf(kind) ? kind : kindOf(version, requestKind.kind);
    if (other === undefined) continue;
    const before = old === undefined ? emptyObject(other) : asJson(await inRequestVersion(other, kind, old));
    const changed = asJson(await inRequestVersion(other, kind, next));
    views.set(version, {
      type: typeOfKind(other),
      reset: resetFieldsOf(other, subresource),
      convert: (object) => (object === after ? changed : before),
      convertBack: (object) => object,
    });
  }
  return (version) => views.get(version);
}

/**
 * The versions of an object that an apply is merging, which does not exist yet in any other. A conversion that cannot be done at once (a CRD's
 * webhook) is left out: the fields are then looked for where they are in the request's version.
 */
export function mergingViews(
  { requestKind, kindOf }: RegistryParts,
  subresource: StoredSubresource,
): (apiVersion: string) => VersionView | undefined {
  return (version) => {
    const other = kindOf(version, requestKind.kind);
    if (other === undefined) return undefined;
    return {
      type: typeOfKind(other),
      reset: resetFieldsOf(other, subresource),
      convert: (object) => convertNow(requestKind, other, object),
      convertBack: (object) => convertNow(other, requestKind, object),
    };
  };
}

/** What is being merged may lack fields that every object has, and a conversion count on them: then it stays as it is, too. */
function convertNow(from: Kind, to: Kind, object: JsonObject): JsonObject {
  try {
    const stored = from.storedAs?.kind === undefined ? object : atOnce(from.storedAs.toStored([copyOf(object)]));
    if (stored === undefined || to.storedAs?.kind === undefined) return stored ?? object;
    return atOnce(to.storedAs.fromStored([stored as unknown as KubeObject])) ?? object;
  } catch (error) {
    if (error instanceof TypeError) return object;
    throw error;
  }
}

const copyOf = (object: JsonObject): KubeObject => cloneJson(object) as unknown as KubeObject;

function atOnce(converted: readonly KubeObject[] | Promise<readonly KubeObject[]>): JsonObject | undefined {
  if (!(converted instanceof Promise)) return asJson(only(converted));
  converted.catch(() => undefined);
  return undefined;
}

function only(objects: readonly KubeObject[]): KubeObject {
  const [object] = objects;
  if (object === undefined || objects.length !== 1)
    throw new Error(`Cannot convert an object: ${objects.length} came back for 1`);
  return object;
}
