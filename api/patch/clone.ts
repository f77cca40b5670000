import { isObject, setOwn } from '#api/schema/structural.ts';

/** A deep copy of a JSON value. Several times quicker than structuredClone for objects of the API's size. */
export function cloneJson<T>(value: T): T {
  return copy(value) as T;
}

function copy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copy);
  if (!isObject(value)) return value;
  const output: Record<string, unknown> = {};
  for (const key in value) setOwn(output, key, copy(value[key]));
  return output;
}
