import { type Kind, type KubeObject, apiVersionOf } from '#api/kind.ts';
import { ListMeta, ObjectMeta } from '#api/meta/object-meta.ts';
import type { TSchema } from './builders.ts';
import { mapItem } from './go-types.ts';
import { openApiPaths } from './openapi-paths.ts';
import { type JsonSchema, isObject } from './structural.ts';

/** An OpenAPI v3 document in JSON form. */
export interface OpenApiDocument {
  readonly openapi: '3.0.0';
  readonly info: { readonly title: string; readonly version: string };
  readonly paths: Readonly<Record<string, unknown>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** The document of one group version (`/openapi/v3/apis/apps/v1`): every schema its kinds reach, and the paths that kubectl looks up. */
export function openApiDocument(kinds: readonly Kind[], serverVersion: string): OpenApiDocument {
  const schemas = new Schemas();
  for (const kind of kinds) schemas.addKind(kind);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: serverVersion },
    paths: Object.assign({}, ...kinds.map(openApiPaths)) as Record<string, unknown>,
    components: { schemas: schemas.sorted() },
  };
}

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const PACKAGES: Readonly<Record<string, string>> = {
  'meta.v1': META,
  'apiextensions.v1': 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1',
};

/** Upstream's name of a definition: `core.v1.Pod` → `io.k8s.api.core.v1.Pod`. A name that begins with a reversed domain stays. */
export function openApiName(definition: string): string {
  const dot = definition.lastIndexOf('.');
  const home = definition.slice(0, dot);
  if (home.split('.').length > 2) return definition;
  return `${PACKAGES[home] ?? `io.k8s.api.${home}`}${definition.slice(dot)}`;
}

/** The definition's name for a kind at run time: the group reversed, `com.example.v1.Widget`. */
export const customDefinitionName = (kind: Pick<Kind, 'group' | 'version' | 'kind'>): string =>
  [...kind.group.split('.').reverse(), kind.version, kind.kind].join('.');

const reference = (name: string): JsonSchema => ({ $ref: `#/components/schemas/${name}` });

/** Types that are strings or numbers in JSON and have a name of their own upstream. */
const SCALARS: Readonly<Record<string, JsonSchema>> = {
  [`${META}.Time`]: { type: 'string', format: 'date-time', description: 'A time in RFC 3339.' },
  [`${META}.MicroTime`]: { type: 'string', format: 'date-time', description: 'A time in RFC 3339 with microseconds.' },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    oneOf: [{ type: 'string' }, { type: 'number' }],
    description: 'A number with an optional suffix: m, k, M, G, T, P, E or Ki, Mi, Gi, Ti, Pi, Ei.',
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    oneOf: [{ type: 'integer' }, { type: 'string' }],
    format: 'int-or-string',
    description: 'A number, or a string such as a name or a percentage.',
  },
};

/** Keywords that clients understand; the rest of ours (protobuf numbers, Go's pointers) stays inside. */
const KEPT = [
  'default',
  'enum',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-patch-strategy',
  'x-kubernetes-patch-merge-key',
  'x-kubernetes-map-type',
];
/** Every object has these; upstream does not call them required. */
const NEVER_REQUIRED = new Set(['kind', 'apiVersion', 'metadata']);

class Schemas {
  readonly #schemas = new Map<string, JsonSchema>();

  sorted(): Record<string, JsonSchema> {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  addKind(kind: Kind<KubeObject>): void {
    const name = kind.custom
      ? customDefinitionName(kind)
      : openApiName(String(kind.schema['x-kubernetes-definition'] ?? customDefinitionName(kind)));
    const gvk = [{ group: kind.group, kind: kind.kind, version: kind.version }];
    const body = kind.custom ? this.#customBody(kind) : this.#body(kind.schema);
    this.#schemas.set(name, { ...body, 'x-kubernetes-group-version-kind': gvk });
    if (!kind.verbs.includes('list')) return;
    const dot = name.lastIndexOf('.');
    this.#schemas.set(`${name.slice(0, dot)}.${kind.listKind}`, {
      description: `${kind.listKind} is a list of ${kind.kind} objects.`,
      type: 'object',
      required: ['items'],
      properties: {
        apiVersion: TYPE_FIELDS.apiVersion,
        items: { type: 'array', description: 'The objects.', items: { allOf: [reference(name)], default: {} } },
        kind: TYPE_FIELDS.kind,
        metadata: {
          ...this.#convert(ListMeta),
          default: {},
          description: 'The revision of the list and how to get the rest of it.',
        },
      },
      'x-kubernetes-group-version-kind': [{ ...gvk[0], kind: kind.listKind }],
    });
  }

  /** A CRD's schema is OpenAPI already; only the fields of every object are added. */
  #customBody(kind: Kind<KubeObject>): JsonSchema {
    const { properties, ...rest } = kind.schema as JsonSchema & { properties?: Record<string, unknown> };
    return {
      type: 'object',
      description: `${kind.kind} in ${apiVersionOf(kind)}.`,
      ...rest,
      properties: {
        ...properties,
        ...TYPE_FIELDS,
        metadata: { ...this.#convert(ObjectMeta), description: 'Standard metadata.' },
      },
    };
  }

  /** The schema where it is used: scalars inline, definitions by reference. */
  #convert(schema: TSchema): JsonSchema {
    const kept = Object.fromEntries(
      KEPT.filter((word) => schema[word] !== undefined).map((word) => [word, schema[word]]),
    );
    const description: unknown = schema['x-kubernetes-field-description'] ?? schema.description;
    if (description !== undefined) kept['description'] = description;
    const named = this.#nameOf(schema);
    if (named !== undefined) {
      delete kept['x-kubernetes-map-type'];
      const own: unknown = schema['x-kubernetes-field-map-type'];
      if (own !== undefined) kept['x-kubernetes-map-type'] = own;
      return { ...kept, allOf: [reference(named)], ...(schema['x-kubernetes-value'] === true ? { default: {} } : {}) };
    }
    if (schema['type'] === 'array') return { ...kept, type: 'array', items: this.#item(schema['items'] as TSchema) };
    const item = mapItem(schema);
    if (item !== undefined) return { ...kept, type: 'object', additionalProperties: this.#item(item) };
    if (schema['type'] === undefined) return { ...kept, 'x-kubernetes-preserve-unknown-fields': true };
    return { ...kept, type: schema['type'], ...(schema['format'] === undefined ? {} : { format: schema['format'] }) };
  }

  #item(schema: TSchema): JsonSchema {
    const converted = this.#convert(schema);
    return Array.isArray(converted['allOf']) ? { ...converted, default: {} } : converted;
  }

  /** The name under which the schema stands in components.schemas, entered there at the first meeting. */
  #nameOf(schema: TSchema): string | undefined {
    const scalar = scalarName(schema);
    if (scalar !== undefined) {
      this.#schemas.set(scalar, SCALARS[scalar] ?? {});
      return scalar;
    }
    const definition: unknown = schema['x-kubernetes-definition'];
    if (typeof definition !== 'string') return undefined;
    const name = openApiName(definition);
    if (!this.#schemas.has(name)) {
      this.#schemas.set(name, {});
      this.#schemas.set(name, this.#body(schema));
    }
    return name;
  }

  #body(schema: TSchema): JsonSchema {
    const properties: Record<string, JsonSchema> = {};
    const given = isObject(schema['properties']) ? (schema['properties'] as Record<string, TSchema>) : {};
    const fields = Object.keys(given).sort();
    for (const name of fields) {
      const property = given[name];
      if (property === undefined) continue;
      const isType = fields.includes('metadata') && (name === 'kind' || name === 'apiVersion');
      properties[name] = isType ? TYPE_FIELDS[name] : this.#convert(property);
    }
    const listed: unknown = schema['required'];
    const required = (Array.isArray(listed) ? listed : []).filter(
      (name) => !(fields.includes('apiVersion') && fields.includes('metadata') && NEVER_REQUIRED.has(String(name))),
    );
    const definition = String(schema['x-kubernetes-definition'] ?? '');
    return {
      description:
        schema.description ??
        `${definition.slice(definition.lastIndexOf('.') + 1)} of ${definition.slice(0, definition.lastIndexOf('.'))}.`,
      type: 'object',
      ...(required.length === 0 ? {} : { required }),
      properties,
      ...(schema['x-kubernetes-map-type'] === undefined
        ? {}
        : { 'x-kubernetes-map-type': schema['x-kubernetes-map-type'] }),
    };
  }
}

const TYPE_FIELDS = {
  apiVersion: { type: 'string', description: 'The group and version of this object, e.g. apps/v1.' },
  kind: { type: 'string', description: 'The kind of this object, e.g. Deployment.' },
} as const;

function scalarName(schema: TSchema): string | undefined {
  switch (schema['format']) {
    case 'quantity':
      return 'io.k8s.apimachinery.pkg.api.resource.Quantity';
    case 'int-or-string':
      return 'io.k8s.apimachinery.pkg.util.intstr.IntOrString';
    case 'date-time':
      return `${META}.${schema['x-kubernetes-micro-time'] === true ? 'MicroTime' : 'Time'}`;
    default:
      return undefined;
  }
}
