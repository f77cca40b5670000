import { type Body, objectBody, patchBody } from './bodies.ts';
import type { Dice } from './dice.ts';
import { type Schema, anyName, anyText, valueOf } from './values.ts';

/** A resource that the server serves. */
export interface Resource {
  /** `/api/v1` or `/apis/apps/v1`. */
  readonly root: string;
  /** `pods` or `pods/status`. */
  readonly name: string;
  readonly namespaced: boolean;
  readonly kind: string;
  readonly apiVersion: string;
}

/** What requests are made of. */
export interface Served {
  readonly resources: readonly Resource[];
  /** By apiVersion and kind: `apps/v1 Deployment`. */
  readonly kinds: ReadonlyMap<string, Schema>;
  readonly schemas: Readonly<Record<string, Schema>>;
}

/** A request of a run. */
export interface FuzzRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | undefined;
}

const METHODS = ['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'PATCH', 'PATCH', 'DELETE'] as const;
const ACCEPTS = [
  '*/*',
  'application/json',
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  'application/vnd.kubernetes.protobuf',
  'application/vnd.kubernetes.protobuf,application/json',
  'text/html;q=x',
  ';;,,=',
] as const;
const QUERIES: readonly ((dice: Dice) => string)[] = [
  (dice) =>
    `labelSelector=${esc(dice.pick(['a=b', 'a in (b,c)', '!a', 'a notin (', 'a==b,,', '(', 'a'.repeat(4_000), anyText(dice)]))}`,
  (dice) =>
    `fieldSelector=${esc(dice.pick(['metadata.name=a', 'spec.nodeName!=x', 'status.phase=Running', 'x=y', '=', 'metadata.name\\', anyText(dice)]))}`,
  (dice) => `limit=${dice.pick(['1', '2', '-1', '9999999999999999999', 'x', ''])}`,
  (dice) => `continue=${esc(dice.is(0.5) ? token(dice) : anyText(dice))}`,
  (dice) => `resourceVersion=${dice.pick(['0', '1', '-1', '99999999999999999999', 'x', '5'])}`,
  (dice) => `resourceVersionMatch=${dice.pick(['Exact', 'NotOlderThan', 'x'])}`,
  () => 'watch=1&timeoutSeconds=1',
  () => 'watch=true&timeoutSeconds=1&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1',
  (dice) => `dryRun=${dice.pick(['All', 'x', ''])}`,
  (dice) => `fieldValidation=${dice.pick(['Strict', 'Warn', 'Ignore', 'x'])}`,
  (dice) => `fieldManager=${esc(anyText(dice))}`,
  (dice) => `force=${dice.pick(['true', 'x'])}`,
  (dice) => `includeObject=${dice.pick(['Object', 'None', 'x'])}`,
  (dice) => `pretty=${dice.pick(['1', 'x'])}`,
  (dice) => `timeout=${dice.pick(['5s', '1h', '-1s', 'x', '1ms'])}`,
  (dice) => `propagationPolicy=${dice.pick(['Foreground', 'Background', 'Orphan', 'x'])}`,
  (dice) => `gracePeriodSeconds=${dice.pick(['0', '-1', 'x', '1e9'])}`,
  (dice) => `${esc(anyText(dice))}=${esc(anyText(dice))}`,
];

/** A lone surrogate has no UTF-8 form. */
const esc = (text: string): string => encodeURIComponent(text.toWellFormed());

const token = (dice: Dice): string =>
  Buffer.from(
    JSON.stringify({
      v: 'meta.k8s.io/v1',
      rv: dice.pick([1, 5, -1, 1e18, 'x']),
      start: dice.pick(['default/a', '', '\u0000', 7]),
    }),
  ).toString('base64url');

/** The next request of a run. */
export function anyRequest(dice: Dice, served: Served): FuzzRequest {
  const resource = dice.pick(served.resources);
  const method = dice.is(0.03) ? dice.pick(['HEAD', 'OPTIONS']) : dice.pick(METHODS);
  const [base = '', subresource] = resource.name.split('/');
  const namespace =
    resource.namespaced && dice.is(0.95) ? `/namespaces/${esc(dice.is(0.95) ? 'default' : anyText(dice))}` : '';
  const named = subresource !== undefined || (method !== 'POST' && dice.is(0.7));
  const parts = [resource.root + namespace, base];
  const name = dice.is(0.95) ? anyName(dice) : anyText(dice);
  if (named) parts.push(esc(name === '' ? 'a' : name));
  if (subresource !== undefined) parts.push(subresource);
  if (dice.is(0.02)) parts.push(esc(anyText(dice)));
  // Namespaces are left alone: all would soon be on their way out, and nothing could be made in them.
  const harmless = base === 'namespaces' && method === 'DELETE';
  const query = dice.some(2, () => dice.pick(QUERIES)(dice));
  const path = dice.is(0.02) ? `/${parts.join('/').slice(dice.below(20))}` : parts.join('/');
  const body = harmless ? undefined : bodyFor(dice, method, resource, served, name);
  return {
    method: harmless ? 'GET' : method,
    path: path + (query.length === 0 ? '' : `?${query.join('&')}`),
    headers: {
      accept: dice.is(0.6) ? 'application/json' : dice.pick(ACCEPTS),
      ...(body === undefined || body.type === '' ? {} : { 'content-type': body.type }),
      ...(dice.is(0.02) ? { 'impersonate-user': anyName(dice), 'impersonate-group': 'people' } : {}),
    },
    body: body?.bytes,
  };
}

function bodyFor(dice: Dice, method: string, resource: Resource, served: Served, name: string): Body | undefined {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return undefined;
  if (method === 'DELETE' && dice.is(0.7)) return undefined;
  const { apiVersion, kind } = resource;
  const schema = served.kinds.get(`${apiVersion} ${kind}`);
  const made = schema === undefined ? {} : valueOf(dice, schema, served.schemas);
  const metadata = dice.is(0.9) ? { name, ...(dice.is(0.3) ? { labels: { a: 'b' } } : {}) } : { generateName: 'x-' };
  const object = {
    ...(typeof made === 'object' ? made : {}),
    apiVersion,
    kind,
    ...(dice.is(0.97) ? { metadata } : {}),
  };
  return method === 'PATCH' ? patchBody(dice, object) : objectBody(dice, object);
}
