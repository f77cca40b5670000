import { expect, test } from 'bun:test';
import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import { Kinds } from '#server/store/kinds.ts';
import { OpenApi } from './openapi.ts';

const openApi = new OpenApi(new Kinds(BUILT_IN_KINDS), 'v1.33.0');
const get = (path: string, headers: Record<string, string> = {}): Response => {
  const url = new URL(`http://localhost${path}`);
  return openApi.answer(new Request(url.href, { headers }), url, url.pathname.split('/').slice(1));
};

/** Every reference in a document, without what stands before the name. */
function references(value: unknown, prefix: string): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([word, inner]) =>
    word === '$ref' && typeof inner === 'string' ? [inner.replace(prefix, '')] : references(inner, prefix),
  );
}

test('the index leads to documents that a client keeps by their hash', async () => {
  const { paths } = (await get('/openapi/v3').json()) as { paths: Record<string, { serverRelativeURL: string }> };
  const url = paths['apis/networking.k8s.io/v1']?.serverRelativeURL ?? '';
  const response = get(url);
  expect(response.headers.get('cache-control')).toContain('immutable');
  const etag = response.headers.get('etag') ?? '';
  expect(url).toEndWith(`?hash=${etag.replaceAll('"', '')}`);
  expect(get(url, { 'if-none-match': etag }).status).toBe(304);
  const stale = get('/openapi/v3/apis/networking.k8s.io/v1?hash=0');
  expect([stale.status, stale.headers.get('location')]).toEqual([301, url]);
  expect(get('/openapi/v3/apis/none/v1').status).toBe(404);
});

test('version 2 has every kind, refers only to what it has, and has nothing of version 3', async () => {
  const response = get('/openapi/v2', { accept: 'application/json' });
  const document = (await response.json()) as {
    swagger: string;
    paths: Record<string, unknown>;
    definitions: Record<string, { 'x-kubernetes-group-version-kind'?: { kind: string }[]; properties?: object }>;
  };
  expect(document.swagger).toBe('2.0');
  const kinds = Object.values(document.definitions).flatMap(
    (one) => one['x-kubernetes-group-version-kind']?.map(({ kind }) => kind) ?? [],
  );
  for (const { kind } of BUILT_IN_KINDS) expect(kinds).toContain(kind);
  const missing = references(document, '#/definitions/').filter((name) => document.definitions[name] === undefined);
  expect(missing).toEqual([]);
  expect(JSON.stringify(document)).not.toMatch(/"(allOf|oneOf|components|requestBody)":/);
  expect(Object.keys(document.paths)).toContain('/apis/apps/v1/namespaces/{namespace}/deployments/{name}');
});

test('who takes version 2 in protobuf alone has it, and nobody another form', () => {
  const accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
  const response = get('/openapi/v2', { accept });
  expect(response.headers.get('content-type')).toBe('application/com.github.proto-openapi.spec.v2.v1.0+protobuf');
  expect(get('/openapi/v2', { accept: `${accept},application/json` }).headers.get('content-type')).toContain('json');
  expect(() => get('/openapi/v2', { accept: 'text/html' })).toThrow(
    'only the following media types are accepted: application/json',
  );
});
