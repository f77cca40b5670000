import type { Kind, KubeObject } from '#api/kind.ts';
import { decodeObject } from '#api/schema/decode.ts';
import { applySchemaDefaults } from '#api/schema/defaults.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import { isDeepStrictEqual } from 'node:util';

/** By what an object is known; nobody outside may give it another. */
const IDENTITY = ['name', 'namespace', 'uid', 'creationTimestamp'] as const;

/**
 * Puts what somebody outside made of the request's object in its place, decoded and with defaults as if a client had sent it. `json` is of the
 * version `kind`. Answers whether anything changed. Throws DecodeError when it is no such object; rejects when a conversion fails.
 */
export async function replaceObject(request: AdmissionRequest, kind: Kind, json: unknown): Promise<boolean> {
  const { object } = request;
  if (object === undefined) return false;
  const { object: given } = decodeObject(kind, json);
  applySchemaDefaults(kind.schema, given);
  kind.applyDefaults?.(given);
  const converted = kind.storedAs?.kind === undefined ? [given] : await kind.storedAs.toStored([given]);
  const [next] = converted;
  if (next === undefined) return false;
  for (const field of IDENTITY) keep(next, object, field);
  // A field that is undefined is one that is not there.
  const plain = JSON.parse(JSON.stringify(object)) as unknown;
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(next)), plain)) return false;
  const fields = object as unknown as Record<string, unknown>;
  for (const key of Object.keys(fields)) delete fields[key];
  Object.assign(fields, next);
  return true;
}

function keep(next: KubeObject, object: KubeObject, field: (typeof IDENTITY)[number]): void {
  const value = object.metadata[field];
  if (value === undefined) delete next.metadata[field];
  else next.metadata[field] = value;
}
