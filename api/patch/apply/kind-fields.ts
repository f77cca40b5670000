import { type Kind, apiVersionOf } from '#api/kind.ts';
import { formatTime } from '#api/meta/time.ts';
import { decodeObject } from '#api/schema/decode.ts';
import type { FieldContext, JsonObject } from './field-context.ts';
import { typeOfKind } from './field-type.ts';
import { resetFieldsOf } from './reset-fields.ts';

/** What a write to `kind` through `subresource` (`''` = the object itself) is about. `nowMs` is the time of the write. */
export const fieldContext = (kind: Kind, subresource: string, nowMs: number): FieldContext => ({
  type: typeOfKind(kind),
  apiVersion: apiVersionOf(kind),
  subresource,
  reset: resetFieldsOf(kind, subresource),
  // As upstream has it: on the way from a Scale to its object the time is lost.
  now: subresource === 'scale' ? undefined : formatTime(new Date(nowMs)),
});

const empties = new WeakMap<object, JsonObject>();

/**
 * What a create is compared with: an object that says nothing. Of a built-in kind it has the structs that Go holds by value, which nobody owns
 * for themselves; of a custom kind it has only metadata. Shared: not to be changed.
 */
export function emptyObject(kind: Kind): JsonObject {
  let empty = empties.get(kind);
  if (empty === undefined) {
    empty = { ...(kind.custom ? {} : decodeObject(kind, {}).object), metadata: {} };
    empties.set(kind, empty);
  }
  return empty;
}
