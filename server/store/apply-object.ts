import { type Kind, type KubeObject, resourceOf, storedKindOf } from '#api/kind.ts';
import { StatusError, conflict } from '#api/meta/status.ts';
import { applyConfiguration } from '#api/patch/apply/apply-configuration.ts';
import { demandKindOf, notOfType } from '#api/patch/apply/configuration-kind.ts';
import type { JsonObject } from '#api/patch/apply/field-context.ts';
import { emptyObject, fieldContext } from '#api/patch/apply/kind-fields.ts';
import { TypeFaults } from '#api/patch/apply/typed-value.ts';
import { cloneJson } from '#api/patch/clone.ts';
import { decodeObject } from '#api/schema/decode.ts';
import { DecodeError } from '#api/schema/decode-scalars.ts';
import { createObject } from './create-object.ts';
import { mergingViews } from './field-versions.ts';
import type { StoredObject } from './object-store.ts';
import type { RegistryParts } from './registry-parts.ts';
import type { Configuration, StoredSubresource, WriteContext } from './registry.ts';
import { changeOfStored, toStored } from './served-version.ts';
import { updateObject } from './update-object.ts';

/** How often an apply begins again because the object came or went under it. */
const ATTEMPTS = 10;

/** A server-side apply of an object. */
export interface ApplyRequest<T extends KubeObject> {
  readonly kind: Kind<T>;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: StoredSubresource;
  readonly configuration: Configuration<T>;
  readonly context: WriteContext;
}

/** Applies a configuration to the object, or creates it; again when it came or went meanwhile. */
export async function applyObject<T extends KubeObject>(
  parts: RegistryParts,
  request: ApplyRequest<T>,
): Promise<{ readonly stored: StoredObject; readonly isNew: boolean }> {
  const { kind, namespace, name, subresource, context } = request;
  const common = { kind: storedKindOf(kind), namespace, context, fields: 'applied' } as const;
  for (let attempt = 1; ; attempt++) {
    const isNew = subresource === '' && parts.store.get(resourceOf(kind), namespace, name) === undefined;
    try {
      const stored = isNew
        ? await createObject(parts, { ...common, object: await toStored(kind, applied(parts, request, undefined)) })
        : await updateObject(parts, {
            ...common,
            name,
            subresource,
            change: changeOfStored(kind, (current) => applied(parts, request, current)),
          });
      return { stored, isNew };
    } catch (error) {
      const reason = isNew ? 'AlreadyExists' : 'NotFound';
      const cameOrWent = subresource === '' && error instanceof StatusError && error.reason === reason;
      const isThere = parts.store.get(resourceOf(kind), namespace, name) !== undefined;
      if (!cameOrWent || isThere !== isNew || attempt === ATTEMPTS) throw error;
    }
  }
}

/** The object as the apply makes it, with its owners; `current` is a private copy. */
function applied<T extends KubeObject>(
  parts: RegistryParts,
  { kind, name, subresource, configuration, context: { fieldManager } }: ApplyRequest<T>,
  current: T | undefined,
): T {
  // The outcome may share with it, and becomes the registry's own.
  const wanted = cloneJson(configuration.read());
  demandKindOf(kind, wanted);
  const stored = current?.metadata.managedFields;
  if (current !== undefined) delete current.metadata.managedFields;
  const empty = emptyObject(kind);
  const fields = fieldContext(kind, subresource, parts.clock.now());
  const context = { ...fields, view: mergingViews(parts, subresource) };
  const { object: merged, managedFields } = typed(wanted, () =>
    applyConfiguration(context, {
      live: (current as JsonObject | undefined) ?? empty,
      empty,
      stored,
      configuration: wanted,
      manager: fieldManager,
      force: configuration.force,
    }),
  );
  const object = typed(wanted, () => decodeObject(kind, current === undefined ? cloneJson(merged) : merged).object);
  if (managedFields === undefined) delete object.metadata.managedFields;
  else object.metadata.managedFields = [...managedFields];
  if (current === undefined) demandNoIdentity(kind, name, object);
  configuration.check(object, current === undefined);
  return object;
}

function typed<R>(configuration: JsonObject, run: () => R): R {
  try {
    return run();
  } catch (error) {
    if (error instanceof TypeFaults || error instanceof DecodeError) throw notOfType(configuration, error.message);
    throw error;
  }
}

/** An object that is not there cannot be the one of a uid; which revision it was seen at does not matter. */
function demandNoIdentity(kind: Kind, name: string, { metadata }: KubeObject): void {
  const { uid = '' } = metadata;
  if (uid !== '') {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(kind, name, why);
  }
  delete metadata.resourceVersion;
}
