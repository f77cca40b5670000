import { expect, test } from 'bun:test';
import { parseRequest } from './request-info.ts';

const parse = (method: string, path: string) => parseRequest(method, new URL(`http://localhost${path}`));

const CASES: readonly [method: string, path: string, expected: Record<string, unknown>][] = [
  [
    'GET',
    '/api/v1/pods',
    { verb: 'list', group: '', version: 'v1', resource: 'pods', namespace: '', inNamespace: false },
  ],
  ['GET', '/api/v1/namespaces/n/pods', { verb: 'list', namespace: 'n', resource: 'pods', inNamespace: true }],
  ['GET', '/api/v1/namespaces/n/pods?watch=1', { verb: 'watch' }],
  ['GET', '/api/v1/namespaces/n/pods?watch=', { verb: 'watch' }],
  ['GET', '/api/v1/namespaces/n/pods?watch=false', { verb: 'list' }],
  ['GET', '/api/v1/watch/namespaces/n/pods/p', { verb: 'watch', namespace: 'n', resource: 'pods', name: 'p' }],
  ['DELETE', '/api/v1/namespaces/n/pods', { verb: 'deletecollection' }],
  ['DELETE', '/api/v1/namespaces/n/pods/p', { verb: 'delete', name: 'p' }],
  ['POST', '/apis/apps/v1/namespaces/n/deployments', { verb: 'create', group: 'apps', resource: 'deployments' }],
  ['PUT', '/apis/apps/v1/namespaces/n/deployments/d/scale', { verb: 'update', name: 'd', subresource: 'scale' }],
  ['GET', '/api/v1/namespaces/n/pods/p/proxy/a/b', { subresource: 'proxy', subpath: 'a/b' }],
  [
    'GET',
    '/api/v1/namespaces/n',
    { verb: 'get', resource: 'namespaces', name: 'n', namespace: 'n', inNamespace: false },
  ],
  ['PUT', '/api/v1/namespaces/n/finalize', { resource: 'namespaces', name: 'n', subresource: 'finalize' }],
  ['GET', '/api/v1/namespaces/n/pods/a%2Eb', { name: 'a.b' }],
  ['GET', '/apis/apps/v1', { isResourceRequest: false, verb: 'get', path: '/apis/apps/v1' }],
  ['GET', '/healthz', { isResourceRequest: false }],
];

for (const [method, path, expected] of CASES)
  test(`parseRequest() reads ${method} ${path}`, () => {
    expect(parse(method, path)).toMatchObject(expected);
  });

test('parseRequest() keeps an escaped slash inside its segment, so that it names no subresource', () => {
  expect(parse('GET', '/api/v1/namespaces/n/pods/a%2Flog')).toMatchObject({ name: 'a/log', subresource: '' });
});

test('parseRequest() throws URIError for a percent sign that escapes nothing', () => {
  expect(() => parse('GET', '/api/v1/namespaces/n/pods/%zz')).toThrow(URIError);
});
