import { afterAll, beforeAll, expect, test } from 'bun:test';
import { nodeKind } from '#api/kinds/core/node.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';

/** A server that hears of no node. */
let server: ApiServer;
beforeAll(async () => {
  server = await startApiServer();
  await server.client.create(nodeKind, { kind: 'Node', apiVersion: 'v1', metadata: { name: 'n' } });
}, 60_000);
afterAll(() => server?.stop());

const BASE = '/apis/metrics.k8s.io/v1beta1';
const answer = async (method: string, path: string): Promise<unknown> =>
  (await server.call(method, `${BASE}${path}`)).json();

test('a list has only what is known, and no resource version', async () => {
  const text = await (await server.call('GET', `${BASE}/nodes`)).text();
  expect(text).toBe('{"kind":"NodeMetricsList","apiVersion":"metrics.k8s.io/v1beta1","metadata":{},"items":[]}');
  expect(await answer('GET', '/pods')).toMatchObject({ kind: 'PodMetricsList', items: [] });
  expect(await answer('GET', '/namespaces/default/pods?limit=500')).toMatchObject({ items: [] });
});

test('what is there and not known is missing by its own kind, what is not there by the kind that is measured', async () => {
  expect(await answer('GET', '/nodes/n')).toMatchObject({ message: 'nodemetrics.metrics.k8s.io "n" not found' });
  expect(await answer('GET', '/nodes/other')).toMatchObject({ message: 'nodes "other" not found' });
  expect(await answer('GET', '/namespaces/default/pods/p')).toMatchObject({ message: 'pods "p" not found', code: 404 });
});

test('it is only read, not watched, and selected by name, namespace and labels', async () => {
  for (const [method, path] of [
    ['GET', '/nodes?watch=true'],
    ['DELETE', '/nodes/n'],
    ['POST', '/namespaces/default/pods'],
  ] as const)
    expect(await answer(method, path)).toMatchObject({ code: 405 });
  expect(await answer('GET', '/pods?fieldSelector=spec.nodeName%3Dn')).toMatchObject({
    code: 400,
    message: '"spec.nodeName" is not a known field selector: only "metadata.name", "metadata.namespace"',
  });
});

test('discovery shows it last, without a hash of how it is stored', async () => {
  const list = (await (await server.call('GET', BASE)).json()) as { resources: unknown[] };
  expect(list.resources).toEqual([
    { name: 'nodes', singularName: '', namespaced: false, kind: 'NodeMetrics', verbs: ['get', 'list'] },
    { name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] },
  ]);
  const { groups } = (await (await server.call('GET', '/apis')).json()) as { groups: { name: string }[] };
  expect(groups.at(-1)?.name).toBe('metrics.k8s.io');
});
