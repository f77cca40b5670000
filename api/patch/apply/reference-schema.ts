import type { TSchema } from '#api/schema/builders.ts';

type Schema = Record<string, unknown>;

const text: Schema = { type: 'string' };
const number: Schema = { type: 'number' };
const mapOf = (value: Schema): Schema => ({ type: 'object', additionalProperties: value });
const listMapOf = (keys: readonly string[], item: Schema): Schema => ({
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': keys,
  items: item,
});
const setOf = (item: Schema): Schema => ({ type: 'array', 'x-kubernetes-list-type': 'set', items: item });
const struct = (properties: Schema): Schema => ({ type: 'object', properties });

const inner: Schema = { s: text, n: number, labels: mapOf(text) };
const nested = struct(inner);
inner['struct'] = nested;

const itemFields: Schema = { name: text, s: text, n: number, struct: nested, set: setOf(text) };
const items = listMapOf(['name'], struct(itemFields));
itemFields['items'] = items;

/** A type with every way in which a field can be owned, for tests: the one that reference-cases.jsonl was made with. */
export const REFERENCE_SCHEMA = struct({
  s: text,
  n: number,
  b: { type: 'boolean' },
  struct: nested,
  atomicStruct: { ...struct({ s: text, n: number }), 'x-kubernetes-map-type': 'atomic' },
  labels: mapOf(text),
  structs: mapOf(nested),
  atomicMap: { ...mapOf(text), 'x-kubernetes-map-type': 'atomic' },
  items,
  ports: listMapOf(['port', 'protocol'], struct({ port: number, protocol: { ...text, default: 'TCP' }, s: text })),
  set: setOf(text),
  numbers: setOf(number),
  atomic: { type: 'array', items: text },
  any: { 'x-kubernetes-preserve-unknown-fields': true },
}) as unknown as TSchema;
