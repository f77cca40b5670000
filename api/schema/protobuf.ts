import { StatusError } from '#api/meta/status.ts';
import type { TSchema } from './builders.ts';
import { cannotBeHandled, notRegistered } from './decode.ts';
import { mapItem } from './go-types.ts';
import { ProtobufError, ProtobufReader, WIRE } from './protobuf-reader.ts';
import { parseJson, unrecognizedObject } from './strict-json.ts';
import { setOwn } from './structural.ts';

/** The body of a request in protobuf, as JSON; it still has to go through decode(). */
export interface ProtobufObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly value: Record<string, unknown>;
}

const PREFIX = [0x6b, 0x38, 0x73, 0x00];
const NOT_PROTOBUF = `provided data does not appear to be a protobuf message, expected prefix [${PREFIX.join(' ')}]`;

/**
 * Decodes `application/vnd.kubernetes.protobuf`: the prefix `k8s\0`, then runtime.Unknown {1: TypeMeta, 2: the message}.
 * `expected` stands in for a type that the body does not give, and names the request's kind in errors.
 * gogo writes the zero values of what Go holds by value: they come out as zeros here, and decode() drops them as it does for JSON.
 * Fields whose schema has no number are skipped. Throws StatusError BadRequest.
 */
export function decodeProtobuf(
  data: Uint8Array,
  expected: { readonly apiVersion: string; readonly kind: string },
  findSchema: (apiVersion: string, kind: string) => TSchema | undefined,
): ProtobufObject {
  if (PREFIX.some((byte, index) => data[index] !== byte)) throw unrecognizedObject(expected.kind, NOT_PROTOBUF, data);
  let { apiVersion, kind } = expected;
  try {
    const envelope = readEnvelope(data.subarray(PREFIX.length));
    apiVersion = envelope.apiVersion || apiVersion;
    kind = envelope.kind || kind;
    const schema = findSchema(apiVersion, kind);
    if (schema === undefined) throw notRegistered(apiVersion, kind, expected.kind);
    return { apiVersion, kind, value: { apiVersion, kind, ...readMessage(envelope.raw, tableOf(schema)) } };
  } catch (error) {
    if (error instanceof StatusError) throw error;
    if (!(error instanceof ProtobufError)) throw error;
    throw cannotBeHandled({ kind, version: apiVersion.split('/').pop() ?? '' }, expected.kind, error.message);
  }
}

function readEnvelope(data: Uint8Array): { apiVersion: string; kind: string; raw: Uint8Array } {
  const envelope = { apiVersion: '', kind: '', raw: new Uint8Array() };
  const reader = new ProtobufReader(data);
  while (!reader.done) {
    const { number, wire } = reader.tag();
    if (wire !== WIRE.bytes || number > 4) reader.skip(wire);
    else if (number === 1) Object.assign(envelope, readTypeMeta(reader.bytes()));
    else if (number === 2) envelope.raw = new Uint8Array(reader.bytes());
    else if (number === 3 && reader.text() !== '') throw new ProtobufError('encoded content is not supported');
    else if (number === 4) reader.skip(wire);
  }
  return envelope;
}

function readTypeMeta(data: Uint8Array): { apiVersion: string; kind: string } {
  const type = { apiVersion: '', kind: '' };
  const reader = new ProtobufReader(data);
  while (!reader.done) {
    const { number, wire } = reader.tag();
    if (wire === WIRE.bytes && number === 1) type.apiVersion = reader.text();
    else if (wire === WIRE.bytes && number === 2) type.kind = reader.text();
    else reader.skip(wire);
  }
  return type;
}

/** Reads one value; `current` is what the field holds already, for lists, maps and messages that come in parts. */
type Read = (reader: ProtobufReader, wire: number, current: unknown) => unknown;

/** The fields of a message by number; those of an embedded message are beside the others in JSON. */
interface Table {
  readonly fields: Map<number, { readonly name: string; readonly read: Read }>;
  readonly embedded: Map<number, Table>;
}

const tables = new WeakMap<TSchema, Table>();

function tableOf(schema: TSchema): Table {
  const known = tables.get(schema);
  if (known !== undefined) return known;
  const table: Table = { fields: new Map(), embedded: new Map() };
  for (const [name, property] of Object.entries((schema['properties'] ?? {}) as Record<string, TSchema>)) {
    const number = Number(property['x-kubernetes-protobuf'] ?? 0);
    if (number === 0) continue;
    const messages = [property['x-kubernetes-protobuf-message'] ?? []].flat() as number[];
    let target = table;
    for (const message of messages) {
      const inner = target.embedded.get(message) ?? { fields: new Map(), embedded: new Map() };
      target.embedded.set(message, inner);
      target = inner;
    }
    target.fields.set(number, { name, read: readerOf(property) });
  }
  tables.set(schema, table);
  return table;
}

function readMessage(data: Uint8Array, table: Table, into: Record<string, unknown> = {}): Record<string, unknown> {
  const reader = new ProtobufReader(data);
  while (!reader.done) {
    const { number, wire } = reader.tag();
    const field = table.fields.get(number);
    const inner = table.embedded.get(number);
    if (field !== undefined) into[field.name] = field.read(reader, wire, into[field.name]);
    else if (inner !== undefined) readMessage(expectBytes(reader, wire), inner, into);
    else reader.skip(wire);
  }
  return into;
}

function readerOf(schema: TSchema): Read {
  if (schema['type'] === 'array') return listReader(schema['items'] as TSchema);
  const item = mapItem(schema);
  return item === undefined ? valueReader(schema) : mapReader(item);
}

function expectBytes(reader: ProtobufReader, wire: number): Uint8Array {
  if (wire !== WIRE.bytes) throw new ProtobufError(`proto: wrong wireType = ${wire}`);
  return reader.bytes();
}

const text: Read = (reader, wire) => decoder.decode(expectBytes(reader, wire));
const decoder = new TextDecoder();

function expectVarint(reader: ProtobufReader, wire: number): number {
  if (wire !== WIRE.varint) throw new ProtobufError(`proto: wrong wireType = ${wire}`);
  return reader.int64();
}

function valueReader(schema: TSchema): Read {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true)
    return (reader, wire) => rawJson(expectBytes(reader, wire));
  switch (schema['format']) {
    case 'quantity':
      return (reader, wire) => stringMessage(expectBytes(reader, wire));
    case 'int-or-string':
      return (reader, wire) => intOrString(expectBytes(reader, wire));
    case 'date-time':
      return (reader, wire) => timeText(expectBytes(reader, wire), schema['x-kubernetes-micro-time'] === true);
    case 'byte':
      return (reader, wire) => base64(expectBytes(reader, wire));
  }
  switch (schema['type']) {
    case 'string':
      return text;
    case 'integer':
      return schema['format'] === 'int64' ? expectVarint : (reader, wire) => expectVarint(reader, wire) | 0;
    case 'boolean':
      return (reader, wire) => expectVarint(reader, wire) !== 0;
    case 'number':
      return (reader, wire) => {
        if (wire !== WIRE.fixed64) throw new ProtobufError(`proto: wrong wireType = ${wire}`);
        return reader.double();
      };
    default:
      return (reader, wire, current) =>
        readMessage(expectBytes(reader, wire), tableOf(schema), (current ?? {}) as Record<string, unknown>);
  }
}

function listReader(item: TSchema): Read {
  const read = readerOf(item);
  const isNumber = item['type'] === 'integer' || item['type'] === 'boolean';
  return (reader, wire, current) => {
    const list = (current ?? []) as unknown[];
    if (isNumber && wire === WIRE.bytes) {
      const packed = new ProtobufReader(reader.bytes());
      while (!packed.done) list.push(read(packed, WIRE.varint, undefined));
    } else list.push(read(reader, wire, undefined));
    return list;
  };
}

function mapReader(item: TSchema): Read {
  const read = readerOf(item);
  return (reader, wire, current) => {
    const map = (current ?? {}) as Record<string, unknown>;
    const entry = new ProtobufReader(expectBytes(reader, wire));
    let key = '';
    let value: unknown = null;
    while (!entry.done) {
      const tag = entry.tag();
      if (tag.number === 1) key = String(text(entry, tag.wire, undefined));
      else if (tag.number === 2) value = read(entry, tag.wire, undefined);
      else entry.skip(tag.wire);
    }
    setOwn(map, key, value);
    return map;
  };
}

/** A message with one string in field 1 (Quantity). */
function stringMessage(data: Uint8Array): string {
  const reader = new ProtobufReader(data);
  let found = '';
  while (!reader.done) {
    const { number, wire } = reader.tag();
    if (number === 1 && wire === WIRE.bytes) found = reader.text();
    else reader.skip(wire);
  }
  return found === '' ? '0' : found;
}

/** {1: 0 = number, 1 = string; 2: the number; 3: the string}. */
function intOrString(data: Uint8Array): number | string {
  const reader = new ProtobufReader(data);
  let isText = false;
  let number = 0;
  let string = '';
  while (!reader.done) {
    const tag = reader.tag();
    if (tag.number === 1 && tag.wire === WIRE.varint) isText = reader.int64() === 1;
    else if (tag.number === 2 && tag.wire === WIRE.varint) number = reader.int64() | 0;
    else if (tag.number === 3 && tag.wire === WIRE.bytes) string = reader.text();
    else reader.skip(tag.wire);
  }
  return isText ? string : number;
}

/** {1: seconds since 1970, 2: nanoseconds}; empty is no time at all. */
function timeText(data: Uint8Array, micro: boolean): string | null {
  if (data.length === 0) return null;
  const reader = new ProtobufReader(data);
  let seconds = 0;
  let nanos = 0;
  while (!reader.done) {
    const tag = reader.tag();
    if (tag.number === 1 && tag.wire === WIRE.varint) seconds = reader.int64();
    else if (tag.number === 2 && tag.wire === WIRE.varint) nanos = reader.int64();
    else reader.skip(tag.wire);
  }
  const date = new Date(seconds * 1000);
  const year = date.getUTCFullYear();
  if (!(year >= 1 && year <= 9999) || nanos < 0 || nanos > 999_999_999)
    throw new ProtobufError('proto: time out of range');
  const whole = date.toISOString().slice(0, 19);
  return micro ? `${whole}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${whole}Z`;
}

/** RawExtension and FieldsV1: a message with JSON in field 1. */
function rawJson(data: Uint8Array): unknown {
  if (data.length === 0) return {};
  const json = stringMessage(data);
  try {
    return parseJson(json).value;
  } catch {
    throw new ProtobufError('proto: a field that holds JSON holds something else');
  }
}

const CHUNK_BYTES = 8190;

function base64(data: Uint8Array): string {
  let encoded = '';
  for (let from = 0; from < data.length; from += CHUNK_BYTES) {
    encoded += btoa(String.fromCharCode(...data.subarray(from, from + CHUNK_BYTES)));
  }
  return encoded;
}
