/** A value of CEL as JSON has it. Throws when there is no such JSON. */
export function plainValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value === null || typeof value === 'string' || typeof value === 'boolean' || typeof value === 'number')
    return value;
  if (value instanceof Date) return value.toISOString().replace('.000Z', 'Z');
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(plainValue);
  if (value instanceof Map)
    return Object.fromEntries([...value].map(([key, one]): [string, unknown] => [String(key), plainValue(one)]));
  const prototype: unknown = typeof value === 'object' ? Object.getPrototypeOf(value) : undefined;
  if (typeof value === 'object' && (prototype === null || prototype === Object.prototype))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, plainValue(one)]));
  throw new Error(`type mismatch: ${typeof value} is no JSON`);
}
