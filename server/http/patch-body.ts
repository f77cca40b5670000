import type { Kind, KubeObject } from '#api/kind.ts';
import { StatusError } from '#api/meta/status.ts';
import { applyJsonPatch, parseJsonPatch } from '#api/patch/json-patch.ts';
import { applyMergePatch, parseMergePatch } from '#api/patch/merge-patch.ts';
import { goText, patchedObjectInvalid } from '#api/patch/patch-errors.ts';
import { applyStrategicMergePatch, parseStrategicMergePatch } from '#api/patch/strategic-merge.ts';
import { decodeObject, fieldComplaints, strictDecodingError } from '#api/schema/decode.ts';
import { DecodeError } from '#api/schema/decode-scalars.ts';
import { mediaType } from './body.ts';
import { unsupportedMediaType } from './decode-body.ts';
import type { FieldValidation } from './options.ts';

/** The patch types by their media type. */
export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

const TYPES: Readonly<Record<string, PatchType>> = {
  'application/json-patch+json': 'json',
  'application/merge-patch+json': 'merge',
  'application/strategic-merge-patch+json': 'strategic',
  'application/apply-patch+yaml': 'apply',
};

/** The type of a patch by its Content-Type. Throws 415: for all else, and for strategic merge patches of custom kinds, which have no merge keys. */
export function patchType(request: Request, kind: Kind): PatchType {
  const type = TYPES[mediaType(request)];
  if (kind.custom && (type === undefined || type === 'strategic'))
    throw unsupportedMediaType(
      'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
    );
  if (type === undefined) throw new StatusError('UnsupportedMediaType', '415: Unsupported Media Type', {});
  return type;
}

/** A patch as read; it is applied to a document again each time the object turns out to have changed meanwhile. */
export interface Patch {
  /** The patched object and what strict reading has to say of it. Throws StatusError. */
  apply<T extends KubeObject>(kind: Kind<T>, current: T): Patched<T>;
}

/** The outcome of a patch. `shown` is what a complaint about it shows of it. */
export interface Patched<T> {
  readonly object: T;
  readonly complaints: readonly string[];
  readonly shown: string;
}

/** Reads a JSON, merge or strategic merge patch. Throws 400. */
export function readPatch(type: Exclude<PatchType, 'apply'>, bytes: Uint8Array): Patch {
  switch (type) {
    case 'json': {
      const { operations, complaints } = parseJsonPatch(bytes);
      return patch(complaints, (current) => applyJsonPatch(current, operations));
    }
    case 'merge': {
      const { patch: changes, complaints } = parseMergePatch(bytes);
      return patch(complaints, (current) => applyMergePatch(current, changes));
    }
    case 'strategic': {
      const { patch: changes, complaints } = parseStrategicMergePatch(bytes);
      return patch(
        complaints,
        (current, { schema }) => applyStrategicMergePatch(current, changes, schema),
        goText(changes),
      );
    }
  }
}

/** `shown`: what a complaint about the outcome of a strategic merge patch shows; for the others it is the outcome itself. */
const patch = (
  complaints: readonly string[],
  change: (current: Record<string, unknown>, kind: Pick<Kind, 'schema'>) => unknown,
  shown?: string,
): Patch => ({
  apply(kind, current) {
    const changed = change(current as unknown as Record<string, unknown>, kind);
    try {
      const { object, unknownFields } = decodeObject(kind, changed);
      const all = [...complaints, ...fieldComplaints(unknownFields, [])];
      return { object, complaints: all, shown: all.length === 0 ? '' : (shown ?? JSON.stringify(changed)) };
    } catch (error) {
      if (!(error instanceof DecodeError)) throw error;
      throw shown === undefined
        ? patchedObjectInvalid(JSON.stringify(changed), error.message)
        : patchedObjectInvalid(shown, error.conversion);
    }
  },
});

/** What to do about complaints of a patch: refuse with 422, warn, or nothing. */
export function heed(
  complaints: readonly string[],
  validation: FieldValidation,
  warnings: string[],
  shown: string,
): void {
  if (complaints.length === 0 || validation === 'Ignore') return;
  if (validation === 'Strict') throw patchedObjectInvalid(shown, strictDecodingError(complaints));
  for (const complaint of complaints) if (!warnings.includes(complaint)) warnings.push(complaint);
}
