import { Duration } from '@marcbachmann/cel-js/evaluator';
import { isObject } from '../schema/structural.ts';
import { type CelType, escapeField } from './cel-type.ts';
import { parseGoDuration } from './go-duration.ts';

/**
 * A JSON value as CEL has it by its type: integers as bigint, times as Date, objects as instances of their type's class. Nulls of an
 * object's fields count as absent, as upstream.
 */
export function celValue(value: unknown, type: CelType): unknown {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case 'object':
      return isObject(value) && type.valueClass !== undefined ? objectValue(value, type) : untyped(value);
    case 'map':
      if (!isObject(value) || type.element === undefined) return untyped(value);
      return new Map(Object.entries(value).map(([key, one]) => [key, elementValue(one, type)]));
    case 'list':
      return Array.isArray(value) ? value.map((one: unknown) => elementValue(one, type)) : untyped(value);
    case 'int':
      return typeof value === 'number' ? BigInt(Math.trunc(value)) : untyped(value);
    case 'timestamp':
      return typeof value === 'string' ? new Date(value) : untyped(value);
    case 'duration': {
      const nanos = typeof value === 'string' ? parseGoDuration(value) : undefined;
      return nanos === undefined ? value : new Duration(nanos / 1_000_000_000n, Number(nanos % 1_000_000_000n));
    }
    case 'bytes':
      return typeof value === 'string' ? bytesOf(value) : untyped(value);
    case 'double':
    case 'bool':
    case 'string':
      return value;
    case 'dyn':
      return untyped(value);
  }
}

const elementValue = (value: unknown, { element }: CelType): unknown =>
  element === undefined ? untyped(value) : celValue(value, element);

function objectValue(value: Record<string, unknown>, { fields, valueClass }: CelType): unknown {
  const entries: [string, unknown][] = [];
  for (const [name, one] of Object.entries(value)) {
    if (one === null || one === undefined) continue;
    const field = escapeField(name);
    const type = field === undefined ? undefined : fields?.get(field);
    if (field !== undefined && type !== undefined) entries.push([field, celValue(one, type)]);
  }
  return valueClass === undefined ? new Map(entries) : new valueClass(entries);
}

/** A JSON value of which no schema is known: whole numbers are integers. */
export function untyped(value: unknown): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (Array.isArray(value)) return value.map(untyped);
  if (isObject(value)) return new Map(Object.entries(value).map(([key, one]) => [key, untyped(one)]));
  return value;
}

function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array();
  }
}

/** CEL's equality of two values of any type. */
export function celEquals(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== typeof b) {
    // Numbers compare across their types.
    return (typeof a === 'number' || typeof a === 'bigint') && (typeof b === 'number' || typeof b === 'bigint')
      ? Number(a) === Number(b)
      : false;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((one, index) => celEquals(one, b[index]));
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    for (const [key, one] of a) if (!b.has(key) || !celEquals(one, b.get(key))) return false;
    return true;
  }
  if (a instanceof Uint8Array)
    return b instanceof Uint8Array && a.length === b.length && a.every((one, index) => one === b[index]);
  if (a instanceof Date) return b instanceof Date && a.getTime() === b.getTime();
  if (a instanceof Duration) return b instanceof Duration && a.seconds === b.seconds && a.nanos === b.nanos;
  if ('equals' in a && typeof a.equals === 'function') return Boolean(a.equals(b));
  return a.valueOf() === b.valueOf();
}
