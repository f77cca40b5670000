import type { TSchema } from './builders.ts';
import { DecodeError, decodeBase64, decodeQuantity, decodeTime } from './decode-scalars.ts';
import { conversionFault, goTypeOf, goValueKind, mapItem } from './go-types.ts';

/** One decoding under way: where it is, and what it met. `path[i]` is a field, a map key or an index, as `fields[i]` tells. */
export interface Run {
  readonly path: (string | number)[];
  /** True where `path` holds a field of a struct: only those appear in Go's error texts. */
  readonly fields: boolean[];
  depth: number;
  /** Go's name of the struct at hand, e.g. `PodSpec`. */
  struct: string;
  readonly unknownFields: string[];
}

/** Turns a JSON value (never null) into what is stored; throws DecodeError. */
export type Decoder = (value: unknown, run: Run) => unknown;

/** One field of a struct, ready to run. */
interface Property {
  readonly name: string;
  readonly decode: Decoder;
  /** Says of a decoded value whether omitempty drops it; absent = always kept. */
  readonly isEmpty: ((value: unknown) => boolean) | undefined;
  /** What a struct has when the field is not given; absent = nothing. */
  readonly zero: (() => unknown) | undefined;
}

const compiled = new WeakMap<TSchema, Decoder>();

/** The decoder of a schema, compiled once. */
export function decoderOf(schema: TSchema, owner = ''): Decoder {
  const known = compiled.get(schema);
  if (known !== undefined) return known;
  const made = compile(schema, owner);
  compiled.set(schema, made);
  return made;
}

/** A new run, at the root. */
export function newRun(): Run {
  return { path: [], fields: [], depth: -1, struct: '', unknownFields: [] };
}

function compile(schema: TSchema, owner: string): Decoder {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return rawDecoder(schema, owner);
  if (schema['format'] === 'int-or-string') return intOrString;
  switch (schema['type']) {
    case 'string':
      return stringDecoder(schema, owner);
    case 'integer':
      return integerDecoder(schema['format'] === 'int64' ? 'int64' : 'int32');
    case 'number':
      return scalarDecoder('number', 'float64');
    case 'boolean':
      return scalarDecoder('boolean', 'bool');
    case 'array':
      return listDecoder(schema, owner);
    case 'object': {
      const item = mapItem(schema);
      return item === undefined ? objectDecoder(schema) : mapDecoder(schema, item, owner);
    }
    default:
      throw new Error(`Cannot compile the schema of ${owner}: type ${String(schema['type'])} with a known type`);
  }
}

/** For empty structs: nothing in them can fail, so one run serves all. */
const zeroRun = newRun();

/** The value Go has for what is not given; undefined for pointers, times and what JSON has no zero for. */
function zeroOf(schema: TSchema): (() => unknown) | undefined {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true || schema['format'] === 'date-time') return undefined;
  if (schema['format'] === 'quantity') return () => '0';
  if (schema['format'] === 'int-or-string') return () => 0;
  switch (schema['type']) {
    case 'string':
      return () => '';
    case 'boolean':
      return () => false;
    case 'array':
      return () => [];
    case 'object': {
      if (mapItem(schema) !== undefined) return () => ({});
      const decode = decoderOf(schema);
      return () => decode({}, zeroRun);
    }
    default:
      return () => 0;
  }
}

function propertyOf(name: string, schema: TSchema, required: boolean, owner: string): Property {
  const pointer = schema['x-kubernetes-pointer'] === true;
  const byValue = schema['x-kubernetes-value'] === true;
  return {
    name,
    decode: decoderOf(schema, `${owner}.${name}`),
    isEmpty: required || pointer || byValue ? undefined : emptinessOf(schema),
    zero: (required && !pointer) || byValue ? zeroOf(schema) : undefined,
  };
}

const emptyScalar = (value: unknown): boolean => value === '' || value === 0 || value === false;
const emptyList = (value: unknown): boolean => (value as unknown[]).length === 0;
const emptyMap = (value: unknown): boolean => {
  for (const _ in value as object) return false;
  return true;
};

function emptinessOf(schema: TSchema): Property['isEmpty'] {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true || schema['format'] === 'int-or-string') return undefined;
  if (schema['type'] === 'array') return emptyList;
  if (schema['type'] === 'object') return mapItem(schema) === undefined ? undefined : emptyMap;
  return emptyScalar;
}

function objectDecoder(schema: TSchema): Decoder {
  const definition = String(schema['x-kubernetes-definition'] ?? '');
  const goType = goTypeOf(schema, '');
  const struct = definition.slice(definition.lastIndexOf('.') + 1);
  // Filled at the first run, so that a schema may contain itself.
  let properties: Map<string, Property> | undefined;
  let withZero: Property[] = [];
  const prepare = (): Map<string, Property> => {
    const required = new Set<string>(Array.isArray(schema['required']) ? schema['required'] : []);
    const made = new Map<string, Property>();
    for (const [name, property] of Object.entries(schema['properties'] as Record<string, TSchema>)) {
      made.set(name, propertyOf(name, property, required.has(name), definition));
    }
    withZero = [...made.values()].filter((property) => property.zero !== undefined);
    return made;
  };
  return (value, run) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(value, goType, run);
    properties ??= prepare();
    const outer = run.struct;
    run.struct = struct;
    const depth = ++run.depth;
    run.fields[depth] = true;
    const input = value as Record<string, unknown>;
    const output: Record<string, unknown> = {};
    for (const key in input) {
      const property = properties.get(key);
      run.path[depth] = key;
      if (property === undefined) {
        run.unknownFields.push(pathText(run));
        continue;
      }
      const given = input[key];
      if (given === null || given === undefined) continue;
      const decoded = property.decode(given, run);
      if (decoded !== undefined && property.isEmpty?.(decoded) !== true) output[key] = decoded;
    }
    run.depth--;
    run.struct = outer;
    for (const property of withZero) {
      if (output[property.name] === undefined) output[property.name] = property.zero?.();
    }
    return output;
  };
}

function mapDecoder(schema: TSchema, item: TSchema, owner: string): Decoder {
  const goType = goTypeOf(schema, owner);
  const zero = zeroOf(item);
  let decode: Decoder | undefined;
  return (value, run) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrongType(value, goType, run);
    decode ??= decoderOf(item, owner);
    const depth = ++run.depth;
    run.fields[depth] = false;
    const input = value as Record<string, unknown>;
    const output: Record<string, unknown> = {};
    for (const key in input) {
      run.path[depth] = key;
      const given = input[key];
      const decoded = given === null || given === undefined ? zero?.() : decode(given, run);
      if (key === '__proto__')
        Object.defineProperty(output, key, { value: decoded, enumerable: true, writable: true, configurable: true });
      else output[key] = decoded;
    }
    run.depth--;
    return output;
  };
}

function listDecoder(schema: TSchema, owner: string): Decoder {
  const item = schema['items'] as TSchema;
  const goType = goTypeOf(schema, owner);
  const zero = zeroOf(item);
  let decode: Decoder | undefined;
  return (value, run) => {
    if (!Array.isArray(value)) throw wrongType(value, goType, run);
    decode ??= decoderOf(item, owner);
    const depth = ++run.depth;
    run.fields[depth] = false;
    const output: unknown[] = [];
    for (let index = 0; index < value.length; index++) {
      run.path[depth] = index;
      const given: unknown = value[index];
      output.push(given === null || given === undefined ? zero?.() : decode(given, run));
    }
    run.depth--;
    return output;
  };
}

function stringDecoder(schema: TSchema, owner: string): Decoder {
  if (schema['format'] === 'quantity') return decodeQuantity;
  const goType = goTypeOf(schema, owner);
  const text = scalarDecoder('string', goType);
  if (schema['format'] === 'byte') return (value, run) => decodeBase64(text(value, run) as string);
  if (schema['format'] !== 'date-time') return text;
  const micro = schema['x-kubernetes-micro-time'] === true;
  return (value, run) => decodeTime(text(value, run) as string, micro);
}

function scalarDecoder(type: 'string' | 'number' | 'boolean', goType: string): Decoder {
  return (value, run) => {
    if (typeof value === type) return value;
    throw wrongType(value, goType, run);
  };
}

const INT32_LIMIT = 2 ** 31;
const INT64_LIMIT = 2 ** 63;

function integerDecoder(goType: 'int32' | 'int64'): Decoder {
  const limit = goType === 'int32' ? INT32_LIMIT : INT64_LIMIT;
  return (value, run) => {
    if (typeof value !== 'number') throw wrongType(value, goType, run);
    if (Number.isInteger(value) && value < limit && value >= -limit) return value === 0 ? 0 : value;
    throw wrongType(value, goType, run, `number ${value}`);
  };
}

const int32 = integerDecoder('int32');
const intOrString: Decoder = (value, run) => (typeof value === 'string' ? value : int32(value, run));

function rawDecoder(schema: TSchema, owner: string): Decoder {
  if (schema['type'] !== 'object') return (value) => value;
  const goType = goTypeOf(schema, owner);
  return (value, run) => {
    if (typeof value === 'object' && !Array.isArray(value)) return value;
    throw wrongType(value, goType, run);
  };
}

function wrongType(value: unknown, goType: string, run: Run, shown = goValueKind(value)): DecodeError {
  const fields: (string | number)[] = [];
  for (let depth = 0; depth <= run.depth; depth++) {
    if (run.fields[depth] === true) fields.push(run.path[depth] ?? '');
  }
  return new DecodeError(
    fields.length === 0
      ? `json: cannot unmarshal ${shown} into Go value of type ${goType}`
      : `json: cannot unmarshal ${shown} into Go struct field ${run.struct}.${fields.join('.')} of type ${goType}`,
    conversionFault(value, goType),
  );
}

function pathText(run: Run): string {
  let text = '';
  for (let depth = 0; depth <= run.depth; depth++) {
    const part = run.path[depth] ?? '';
    if (typeof part === 'number') text += `[${part}]`;
    else text += text === '' ? part : `.${part}`;
  }
  return text;
}
