import type { OpenApiDocument } from './openapi.ts';
import { type JsonSchema, isObject } from './structural.ts';

/** An OpenAPI v2 (Swagger) document in JSON form. */
export interface SwaggerDocument {
  readonly swagger: '2.0';
  readonly info: OpenApiDocument['info'];
  readonly paths: Readonly<Record<string, unknown>>;
  readonly definitions: Readonly<Record<string, unknown>>;
}

/** The v2 document of a whole server, out of the v3 documents of its group versions. */
export function openApiV2(documents: readonly OpenApiDocument[]): SwaggerDocument {
  const definitions: Record<string, unknown> = {};
  const paths: Record<string, unknown> = {};
  for (const document of documents) {
    for (const [name, schema] of Object.entries(document.components.schemas))
      definitions[name] ??= withoutFieldsIfOpen(definition(schema));
    for (const [path, item] of Object.entries(document.paths)) paths[path] = pathItem(item as JsonSchema);
  }
  const sorted = (all: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  return {
    swagger: '2.0',
    info: documents[0]?.info ?? { title: 'Kubernetes', version: '' },
    paths: sorted(paths),
    definitions: sorted(definitions),
  };
}

const PRESERVE = 'x-kubernetes-preserve-unknown-fields';

/** A kind that keeps unknown fields is an object of which v2 says no more (apiextensions-apiserver: buildKubeNative). */
function withoutFieldsIfOpen(schema: unknown): unknown {
  return isObject(schema) && schema[PRESERVE] === true ? { ...schema, type: 'object' } : schema;
}

/**
 * kubectl takes the fields and items that v2 names for all there may be and does not know nulls: where a schema is wider, v2 does not
 * name them (apiextensions-apiserver: ToStructuralOpenAPIV2).
 */
function narrowed(schema: JsonSchema): JsonSchema {
  if (schema[PRESERVE] !== true && schema['nullable'] !== true) return schema;
  const {
    nullable: _nullable,
    type: _type,
    items: _items,
    properties: _properties,
    required: _required,
    ...rest
  } = schema;
  return rest;
}

const isNullable = (schema: unknown): boolean => isObject(schema) && schema['nullable'] === true;

/** A schema in v2: a reference stands alone beside words about it, and there is no choice of types. */
function definition(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(definition);
  if (!isObject(schema)) return schema;
  const { allOf, oneOf, default: initial, ...rest } = narrowed(schema);
  const fields: JsonSchema = isObject(rest['properties']) ? rest['properties'] : {};
  const converted = Object.fromEntries(
    Object.entries(rest).map(([word, value]) => {
      if (word === '$ref') return [word, reference(value)];
      if (word === 'required' && Array.isArray(value)) return [word, value.filter((name) => !isNullable(fields[name]))];
      return [word, word === 'properties' && isObject(value) ? properties(value) : definition(value)];
    }),
  );
  const only: unknown = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined;
  if (isObject(only) && '$ref' in only) return { ...converted, $ref: reference(only['$ref']) };
  // A number or a string: v2 has only one type, and clients of it know these by their format.
  if (Array.isArray(oneOf)) return { ...converted, type: 'string' };
  return initial === undefined ? converted : { ...converted, default: initial };
}

/** Here the names are those of fields, `default` among them (LimitRangeItem), and no words of a schema. */
const properties = (fields: JsonSchema): JsonSchema =>
  Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, definition(field)]));

const reference = (target: unknown): string => String(target).replace('#/components/schemas/', '#/definitions/');

const METHODS = new Set(['get', 'post', 'put', 'patch', 'delete']);

const pathItem = (item: JsonSchema): unknown =>
  Object.fromEntries(
    Object.entries(item).map(([word, value]) => {
      if (METHODS.has(word)) return [word, operation(value as JsonSchema)];
      return [word, word === 'parameters' ? (value as JsonSchema[]).map(parameter) : value];
    }),
  );

/** `{ schema: { type } }` of v3 is written beside the name in v2. */
const parameter = ({ schema, ...rest }: JsonSchema): JsonSchema => ({
  ...rest,
  ...(isObject(schema) ? (definition(schema) as JsonSchema) : {}),
});

function operation({ requestBody, parameters, responses, ...rest }: JsonSchema): JsonSchema {
  const contents = isObject(requestBody) && isObject(requestBody['content']) ? requestBody['content'] : {};
  const [first] = Object.values(contents) as JsonSchema[];
  const body =
    first === undefined ? [] : [{ name: 'body', in: 'body', required: true, schema: definition(first['schema']) }];
  return {
    ...rest,
    consumes: first === undefined ? ['*/*'] : Object.keys(contents),
    produces: ['application/json', 'application/yaml'],
    parameters: [...((parameters ?? []) as JsonSchema[]).map(parameter), ...body],
    responses: Object.fromEntries(
      Object.entries((responses ?? {}) as Record<string, JsonSchema>).map(([code, response]) => [
        code,
        answer(response),
      ]),
    ),
  };
}

function answer({ content, ...rest }: JsonSchema): JsonSchema {
  const [first] = isObject(content) ? (Object.values(content) as JsonSchema[]) : [];
  return first === undefined ? rest : { ...rest, schema: definition(first['schema']) };
}
