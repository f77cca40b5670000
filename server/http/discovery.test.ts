import { expect, test } from 'bun:test';
import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import { Kinds } from '#server/store/kinds.ts';
import { Discovery, compareVersions } from './discovery.ts';

test('compareVersions() puts stable before beta before alpha, newest first, the rest by name', () => {
  const versions = ['foo', 'v1alpha1', 'v1', 'v2beta1', 'v10', 'v1beta2', 'v2', 'bar'];
  expect(versions.sort(compareVersions)).toEqual(['v10', 'v2', 'v1', 'v2beta1', 'v1beta2', 'v1alpha1', 'bar', 'foo']);
});

const discovery = new Discovery({
  kinds: new Kinds(BUILT_IN_KINDS),
  subresources: [],
  serverAddress: 'localhost:6443',
});
const answer = async (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  discovery.answer(new Request(`http://localhost/${path}`, { headers }), path.split('/'));

test('groups come in the order of their priorities, plain and in one document', async () => {
  const { groups } = (await (await answer('apis')).json()) as { groups: { name: string }[] };
  const names = groups.map(({ name }) => name);
  expect(names.slice(0, 3)).toEqual(['apiregistration.k8s.io', 'apps', 'events.k8s.io']);
  expect(names.slice(-2)).toEqual(['flowcontrol.apiserver.k8s.io', 'metrics.k8s.io']);
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const { items } = (await (await answer('apis', { accept })).json()) as { items: { metadata: { name: string } }[] };
  expect(items.map(({ metadata }) => metadata.name)).toEqual(names);
});

test('a group version that another server serves is not shown twice', async () => {
  const resources = [{ name: 'pods', singularName: '', namespaced: true, kind: 'PodMetrics', verbs: ['get', 'list'] }];
  const aggregation = { stamp: 'x', remote: () => [{ group: 'metrics.k8s.io', version: 'v1beta1', resources }] };
  const options = { kinds: new Kinds(BUILT_IN_KINDS), subresources: [], serverAddress: '', aggregation };
  const accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
  const request = new Request('http://localhost/apis', { headers: { accept } });
  const { items } = (await new Discovery(options).answer(request, ['apis']).json()) as {
    items: { metadata: { name: string }; versions: { resources: { resource: string }[] }[] }[];
  };
  const metrics = items.find(({ metadata }) => metadata.name === 'metrics.k8s.io');
  expect(metrics?.versions.map((one) => one.resources.map(({ resource }) => resource))).toEqual([['pods']]);
});

test('what is stored has a hash of the version that it is stored in; what is only asked has none', async () => {
  const { resources } = (await (await answer('api/v1')).json()) as {
    resources: { name: string; storageVersionHash?: string }[];
  };
  const hashOf = (resource: string): string | undefined =>
    resources.find(({ name }) => name === resource)?.storageVersionHash;
  // As kube-apiserver has it for pods.
  expect([hashOf('pods'), hashOf('pods/status')]).toEqual(['xPOwRZ+Yhw8=', undefined]);
});

test('a document that the client has already is not sent again', async () => {
  const first = await answer('apis/apps/v1');
  const etag = first.headers.get('etag') ?? '';
  expect((await answer('apis/apps/v1', { 'if-none-match': etag })).status).toBe(304);
});
