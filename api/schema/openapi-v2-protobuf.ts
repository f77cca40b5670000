import type { SwaggerDocument } from './openapi-v2.ts';
import { type JsonSchema, isObject } from './structural.ts';

/**
 * An OpenAPI v2 document in the protobuf form in which kubectl asks for it (`openapi.v2.Document` of the gnostic project): it turns to v2 for
 * kinds that no v3 document has, a List or one that is not served at all. The messages are described by tables; what JSON has beside the
 * fields of a message are its extensions.
 */
export function encodeSwagger(document: SwaggerDocument): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writeMessage(writer, DOCUMENT, document as unknown as JsonSchema);
  return writer.bytes();
}

/** How a field is written: its number, and a scalar, a message, or a way of its own. */
type Field = readonly [number, 'text' | 'flag' | 'count' | 'number' | 'any' | (() => Message) | Writing];
type Writing = (writer: Writer, number: number, value: unknown) => void;

/** `extensions` is the number of the field for what is not in `fields`; without one it is left out. */
interface Message {
  readonly fields: Readonly<Record<string, Field>>;
  readonly extensions?: number;
}

/** A list of scalars or messages: each item by itself. */
const each =
  (item: Field[1]): Writing =>
  (writer, number, value) => {
    for (const one of Array.isArray(value) ? value : [value]) writeField(writer, [number, item], one);
  };

/** A map: `{ repeated Named… additional_properties = entry }`, each with its name and value. */
const named =
  (entry: number, item: Field[1]): Writing =>
  (writer, number, value) => {
    writer.message(number, (inner) => {
      for (const [name, one] of Object.entries(isObject(value) ? value : {})) {
        inner.message(entry, (pair) => {
          pair.text(1, name);
          writeField(pair, [2, item], one);
        });
      }
    });
  };

/** A message within another one at `path`, as choices are: the numbers from the outer one in. */
const within =
  (path: readonly number[], item: () => Message): Writing =>
  (writer, number, value) => {
    const [next, ...rest] = path;
    if (next === undefined) writeField(writer, [number, item], value);
    else writer.message(number, (inner) => within(rest, item)(inner, next, value));
  };

const SCHEMA: Message = {
  fields: {
    $ref: [1, 'text'],
    format: [2, 'text'],
    title: [3, 'text'],
    description: [4, 'text'],
    default: [5, 'any'],
    maximum: [7, 'number'],
    exclusiveMaximum: [8, 'flag'],
    minimum: [9, 'number'],
    exclusiveMinimum: [10, 'flag'],
    maxLength: [11, 'count'],
    minLength: [12, 'count'],
    pattern: [13, 'text'],
    maxItems: [14, 'count'],
    minItems: [15, 'count'],
    uniqueItems: [16, 'flag'],
    maxProperties: [17, 'count'],
    minProperties: [18, 'count'],
    required: [19, each('text')],
    enum: [20, each('any')],
    additionalProperties: [21, additionalProperties],
    type: [22, (writer, number, value) => writer.message(number, (inner) => each('text')(inner, 1, value))],
    items: [23, within([1], () => SCHEMA)],
    allOf: [24, each(() => SCHEMA)],
    properties: [25, named(1, () => SCHEMA)],
    example: [30, 'any'],
  },
  extensions: 31,
};

/** A schema, or a boolean. */
function additionalProperties(writer: Writer, number: number, value: unknown): void {
  writer.message(number, (inner) =>
    writeField(inner, typeof value === 'boolean' ? [2, 'flag'] : [1, () => SCHEMA], value),
  );
}

const BODY_PARAMETER: Message = {
  fields: {
    description: [1, 'text'],
    name: [2, 'text'],
    in: [3, 'text'],
    required: [4, 'flag'],
    schema: [5, () => SCHEMA],
  },
  extensions: 6,
};
const QUERY_PARAMETER: Message = {
  fields: {
    required: [1, 'flag'],
    in: [2, 'text'],
    description: [3, 'text'],
    name: [4, 'text'],
    type: [6, 'text'],
    format: [7, 'text'],
    uniqueItems: [20, 'flag'],
  },
  extensions: 23,
};
const PATH_PARAMETER: Message = {
  fields: {
    required: [1, 'flag'],
    in: [2, 'text'],
    description: [3, 'text'],
    name: [4, 'text'],
    type: [5, 'text'],
    format: [6, 'text'],
    uniqueItems: [19, 'flag'],
  },
  extensions: 22,
};

/** ParametersItem → Parameter → the body's, or NonBodyParameter → that of the query or the path. */
function parameter(writer: Writer, number: number, value: unknown): void {
  const place = isObject(value) ? value['in'] : undefined;
  if (place === 'body') within([1, 1], () => BODY_PARAMETER)(writer, number, value);
  else if (place === 'path') within([1, 2, 4], () => PATH_PARAMETER)(writer, number, value);
  else within([1, 2, 3], () => QUERY_PARAMETER)(writer, number, value);
}

const RESPONSE: Message = {
  fields: { description: [1, 'text'], schema: [2, within([1], () => SCHEMA)] },
  extensions: 5,
};
const OPERATION: Message = {
  fields: {
    tags: [1, each('text')],
    summary: [2, 'text'],
    description: [3, 'text'],
    operationId: [5, 'text'],
    produces: [6, each('text')],
    consumes: [7, each('text')],
    parameters: [8, each(parameter)],
    responses: [
      9,
      named(
        1,
        within([1], () => RESPONSE),
      ),
    ],
    schemes: [10, each('text')],
    deprecated: [11, 'flag'],
  },
  extensions: 13,
};
const PATH_ITEM: Message = {
  fields: {
    get: [2, () => OPERATION],
    put: [3, () => OPERATION],
    post: [4, () => OPERATION],
    delete: [5, () => OPERATION],
    options: [6, () => OPERATION],
    head: [7, () => OPERATION],
    patch: [8, () => OPERATION],
    parameters: [9, each(parameter)],
  },
  extensions: 10,
};
const DOCUMENT: Message = {
  fields: {
    swagger: [1, 'text'],
    info: [2, () => ({ fields: { title: [1, 'text'], version: [2, 'text'], description: [3, 'text'] } })],
    paths: [8, named(2, () => PATH_ITEM)],
    definitions: [9, named(1, () => SCHEMA)],
  },
  extensions: 16,
};

function writeMessage(writer: Writer, { fields, extensions }: Message, value: JsonSchema): void {
  for (const [name, one] of Object.entries(value)) {
    const field = fields[name];
    if (field !== undefined) writeField(writer, field, one);
    else if (extensions !== undefined && name.startsWith('x-')) {
      writer.message(extensions, (pair) => {
        pair.text(1, name);
        writeAny(pair, 2, one);
      });
    }
  }
}

function writeField(writer: Writer, [number, type]: Field, value: unknown): void {
  if (value === undefined || value === null) return;
  if (type === 'text') writer.text(number, typeof value === 'string' ? value : JSON.stringify(value));
  else if (type === 'flag') writer.varint(number, value === true ? 1 : 0);
  else if (type === 'count') writer.varint(number, Number(value));
  else if (type === 'number') writer.double(number, Number(value));
  else if (type === 'any') writeAny(writer, number, value);
  else if (type.length === 0)
    writer.message(number, (inner) => writeMessage(inner, (type as () => Message)(), value as JsonSchema));
  else (type as Writing)(writer, number, value);
}

/** `Any` holds a value as YAML, and JSON is YAML. */
function writeAny(writer: Writer, number: number, value: unknown): void {
  writer.message(number, (inner) => inner.text(2, JSON.stringify(value)));
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;

/** Writes protobuf; a message within another is written in place, its length filled in afterwards. */
class Writer {
  #buffer = new Uint8Array(1 << 16);
  #at = 0;
  readonly #encoder = new TextEncoder();

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.#at);
  }

  text(number: number, value: string): void {
    this.#tag(number, LENGTH);
    this.#sized(value.length * 3, () => {
      this.#at += this.#encoder.encodeInto(value, this.#buffer.subarray(this.#at)).written;
    });
  }

  varint(number: number, value: number): void {
    this.#tag(number, VARINT);
    this.#number(value);
  }

  double(number: number, value: number): void {
    this.#tag(number, FIXED64);
    this.#reserve(8);
    new DataView(this.#buffer.buffer).setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  message(number: number, write: (inner: Writer) => void): void {
    this.#tag(number, LENGTH);
    this.#sized(0, () => write(this));
  }

  /** Four bytes are kept for the length, which may be written longer than it need be. */
  #sized(atMost: number, write: () => void): void {
    this.#reserve(atMost + 4);
    const start = this.#at;
    this.#at += 4;
    write();
    let length = this.#at - start - 4;
    for (let place = 0; place < 4; place++) {
      this.#buffer[start + place] = (length & 0x7f) | (place < 3 ? 0x80 : 0);
      length >>>= 7;
    }
  }

  #tag(number: number, type: number): void {
    this.#number(number * 8 + type);
  }

  #number(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#at++] = rest;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = new Uint8Array(Math.max(this.#buffer.length * 2, this.#at + bytes));
    larger.set(this.#buffer.subarray(0, this.#at));
    this.#buffer = larger;
  }
}
