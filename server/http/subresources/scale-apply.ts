import type { Kind } from '#api/kind.ts';
import { type Scale, scaleKind } from '#api/kinds/autoscaling/scale.ts';
import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import { applyConfiguration } from '#api/patch/apply/apply-configuration.ts';
import { demandKindOf, notOfType } from '#api/patch/apply/configuration-kind.ts';
import type { JsonObject } from '#api/patch/apply/field-context.ts';
import { typeOfKind } from '#api/patch/apply/field-type.ts';
import { emptyObject, fieldContext } from '#api/patch/apply/kind-fields.ts';
import { elementsOfPath } from '#api/patch/apply/path-element.ts';
import { NO_RESET } from '#api/patch/apply/reset-fields.ts';
import { parentEntries, scaleEntries } from '#api/patch/apply/scale-fields.ts';
import { TypeFaults } from '#api/patch/apply/typed-value.ts';
import { decodeObject } from '#api/schema/decode.ts';
import { DecodeError } from '#api/schema/decode-scalars.ts';

/** A server-side apply of a Scale. */
export interface ScaleApply {
  readonly live: Scale;
  /** metadata.managedFields of the object that is scaled. */
  readonly owners: readonly ManagedFieldsEntry[] | undefined;
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly manager: string;
  readonly force: boolean;
  /** Where the object has its number, e.g. `.spec.replicas`. */
  readonly replicasPath: string;
}

/**
 * The Scale as it is to be, and the owners of the fields of the object that is scaled (apimachinery: ScaleHandler).
 * Throws StatusError: Conflict when somebody else owns the number, BadRequest for what is no Scale.
 */
export function applyToScale(
  kind: Kind,
  { live, owners, configuration, manager, force, replicasPath }: ScaleApply,
): { readonly scale: Scale; readonly owners: readonly ManagedFieldsEntry[] | undefined } {
  demandKindOf(scaleKind, configuration);
  const path = elementsOfPath(replicasPath);
  // The versions of a kind keep their replicas in one place.
  const pathIn = (apiVersion: string): readonly string[] | undefined =>
    groupOf(apiVersion) === kind.group ? path : undefined;
  try {
    const applied = applyConfiguration(
      // Owners are those of the object, under its own version.
      {
        ...fieldContext(kind, 'scale', 0),
        type: typeOfKind(scaleKind),
        reset: NO_RESET,
      },
      {
        live: live as unknown as JsonObject,
        empty: emptyObject(scaleKind),
        stored: scaleEntries(owners, pathIn),
        configuration,
        manager,
        force,
      },
    );
    const { object: scale } = decodeObject(scaleKind, applied.object);
    return { scale, owners: parentEntries(owners, applied.managedFields, pathIn) };
  } catch (error) {
    if (error instanceof TypeFaults || error instanceof DecodeError) throw notOfType(configuration, error.message);
    throw error;
  }
}

const groupOf = (apiVersion: string): string => (apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '');
