import { type Kind, type Verb, apiVersionOf } from '#api/kind.ts';
import type { JsonSchema } from './structural.ts';

type Parameter = JsonSchema;

const query = (name: string, type: string, description: string): Parameter => ({
  name,
  in: 'query',
  description,
  schema: { type, uniqueItems: true },
});
const inPath = (name: string, description: string): Parameter => ({
  name,
  in: 'path',
  required: true,
  description,
  schema: { type: 'string', uniqueItems: true },
});

const NAME = inPath('name', 'The name of the object.');
const NAMESPACE = inPath('namespace', 'The namespace of the object.');
const WRITING: readonly Parameter[] = [
  query('dryRun', 'string', 'All: every check is made and nothing is stored.'),
  query('fieldManager', 'string', 'Who makes the change, for metadata.managedFields.'),
  query('fieldValidation', 'string', 'What unknown and repeated fields do: Ignore, Warn or Strict.'),
];
const LISTING: readonly Parameter[] = [
  query('labelSelector', 'string', 'Only objects whose labels match.'),
  query('fieldSelector', 'string', 'Only objects whose fields match.'),
  query('limit', 'integer', 'At most so many objects; `continue` of the answer gets the next.'),
  query('continue', 'string', 'Where the last list left off.'),
  query('resourceVersion', 'string', 'The revision to read at or to watch from.'),
  query('timeoutSeconds', 'integer', 'How long a watch lasts.'),
  query('watch', 'boolean', 'Answer changes as they happen instead of a list.'),
  query('allowWatchBookmarks', 'boolean', 'Tell the revision from time to time during a watch.'),
];
const PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
] as const;

interface Shape {
  readonly verb: Verb;
  readonly method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  readonly action: string;
  readonly parameters: readonly Parameter[];
  readonly body?: readonly string[];
}

const COLLECTION: readonly Shape[] = [
  { verb: 'list', method: 'get', action: 'list', parameters: LISTING },
  { verb: 'create', method: 'post', action: 'post', parameters: WRITING, body: ['*/*'] },
  { verb: 'deletecollection', method: 'delete', action: 'deletecollection', parameters: LISTING },
];
const OBJECT: readonly Shape[] = [
  { verb: 'get', method: 'get', action: 'get', parameters: [] },
  { verb: 'update', method: 'put', action: 'put', parameters: WRITING, body: ['*/*'] },
  {
    verb: 'patch',
    method: 'patch',
    action: 'patch',
    parameters: [...WRITING, query('force', 'boolean', 'Take over fields of other managers (apply only).')],
    body: PATCH_TYPES,
  },
  { verb: 'delete', method: 'delete', action: 'delete', parameters: [WRITING[0] ?? {}] },
];

/**
 * The `paths` of one kind. kubectl looks for the PATCH operation that bears its group, version and kind, and reads from the query parameters
 * whether the server checks fields and dry-runs; the rest is for people and generators.
 */
export function openApiPaths(kind: Kind): Record<string, unknown> {
  const root = kind.group === '' ? '/api/' : '/apis/';
  const namespaced = kind.scope === 'Namespaced';
  const collection = `${root}${apiVersionOf(kind)}/${namespaced ? 'namespaces/{namespace}/' : ''}${kind.plural}`;
  const common = namespaced ? [NAMESPACE] : [];
  const paths: Record<string, unknown> = {};
  const add = (path: string, shapes: readonly Shape[], parameters: readonly Parameter[]): void => {
    const operations = shapes
      .filter((shape) => kind.verbs.includes(shape.verb))
      .map((shape) => [shape.method, operation(kind, shape)]);
    if (operations.length > 0) paths[path] = { ...Object.fromEntries(operations), parameters };
  };
  add(collection, COLLECTION, common);
  add(`${collection}/{name}`, OBJECT, [NAME, ...common]);
  if (kind.hasStatus)
    add(
      `${collection}/{name}/status`,
      OBJECT.filter((shape) => shape.verb !== 'delete'),
      [NAME, ...common],
    );
  return paths;
}

function operation(kind: Kind, { action, parameters, body }: Shape): JsonSchema {
  const types = kind.custom ? body?.filter((type) => type !== 'application/strategic-merge-patch+json') : body;
  const content = types?.map((type) => [type, { schema: { type: 'object' } }]);
  return {
    description: `${action} ${kind.kind}`,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: kind.group, kind: kind.kind, version: kind.version },
    parameters,
    ...(content === undefined ? {} : { requestBody: { required: true, content: Object.fromEntries(content) } }),
    responses: { '200': { description: 'OK' }, '401': { description: 'Unauthorized' } },
  };
}
