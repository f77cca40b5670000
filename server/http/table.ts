import { type Column, type Kind, type KubeObject } from '#api/kind.ts';
import { invalid } from '#api/meta/field-error.ts';
import { badRequest } from '#api/meta/status.ts';
import { age } from '#api/meta/time.ts';
import type { StoredObject } from '#server/store/object-store.ts';

/** What of each object goes into its row: its metadata (the default), the whole of it, or nothing. */
export type IncludeObject = 'Metadata' | 'Object' | 'None';

/** Reads `includeObject`. Throws 400 with upstream's text. */
export function readIncludeObject(url: URL): IncludeObject {
  const value = url.search === '' ? '' : (url.searchParams.get('includeObject') ?? '');
  if (value === '' || value === 'Metadata') return 'Metadata';
  if (value === 'Object' || value === 'None') return value;
  const { field, detail } = invalid('includeObject', value, "must be 'Metadata', 'Object', 'None', or empty");
  throw badRequest(`Unable to convert to Table as requested: ${field}: ${detail}`);
}

/** What kinds without columns of their own show. */
const DEFAULT_COLUMNS: readonly Column<KubeObject>[] = [
  {
    name: 'Name',
    type: 'string',
    format: 'name',
    description: 'Name must be unique within a namespace.',
    cell: ({ metadata }) => metadata.name ?? '',
  },
  {
    name: 'Age',
    type: 'string',
    description: 'The time since the object was created.',
    cell: ({ metadata }, now) => age(metadata.creationTimestamp, now),
  },
];

const columnsOf = (kind: Kind): readonly Column<KubeObject>[] =>
  kind.columns.length === 0 ? DEFAULT_COLUMNS : kind.columns;

/** The columns do not change while a kind lives. */
const definitions = new WeakMap<Kind, string>();

/** The columnDefinitions of a kind, in JSON. */
function columnDefinitions(kind: Kind): string {
  let text = definitions.get(kind);
  if (text === undefined) {
    text = JSON.stringify(
      columnsOf(kind).map(({ name, type, format = '', description, priority = 0 }) => ({
        name,
        type,
        format,
        description,
        priority,
      })),
    );
    definitions.set(kind, text);
  }
  return text;
}

/** What a Table is made of. `metadata` is its ListMeta in JSON. */
export interface TableParts {
  readonly kind: Kind;
  readonly metaVersion: string;
  readonly metadata: string;
  readonly include: IncludeObject;
  readonly now: Date;
  /** Watch events after the first leave the columns out. */
  readonly withoutColumns?: boolean;
}

/** A Table in JSON, a row an object. */
export function tableText(stored: readonly StoredObject[], parts: TableParts): string {
  const columns = columnsOf(parts.kind);
  const rows = stored.map((one) => rowText(one, columns, parts)).join(',');
  const heads = parts.withoutColumns === true ? 'null' : columnDefinitions(parts.kind);
  return `{"kind":"Table","apiVersion":"meta.k8s.io/${parts.metaVersion}","metadata":${parts.metadata},"columnDefinitions":${heads},"rows":[${rows}]}`;
}

function rowText(
  stored: StoredObject,
  columns: readonly Column<KubeObject>[],
  { include, metaVersion, now }: TableParts,
): string {
  const cells = JSON.stringify(columns.map((column) => column.cell(stored.object, now)));
  const object =
    include === 'None' ? 'null' : include === 'Object' ? stored.text : partialText(stored.object, metaVersion);
  return `{"cells":${cells},"object":${object}}`;
}

/** The PartialObjectMetadata of an object, in JSON. */
export const partialText = (object: KubeObject, metaVersion: string): string =>
  `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/${metaVersion}","metadata":${JSON.stringify(object.metadata)}}`;
