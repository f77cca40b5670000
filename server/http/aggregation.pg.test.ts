import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiServiceKind } from '#api/kinds/apiregistration/apiservice.ts';
import { loadAuthority } from '#server/identity/authority.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';

const GROUP = 'far.example.com';
let directory: string;
let remote: ReturnType<typeof Bun.serve>;
let api: ApiServer;
let caBundle: string;

/** A server of one resource, which tells who asks and what. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-aggregation-'));
  const authority = await loadAuthority(directory, ['far.default.svc']);
  caBundle = Buffer.from(authority.caCertificate).toString('base64');
  remote = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { cert: authority.servingCertificate, key: authority.servingKey },
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname === `/apis/${GROUP}/v1`)
        return Response.json({
          kind: 'APIResourceList',
          apiVersion: 'v1',
          groupVersion: `${GROUP}/v1`,
          resources: [
            {
              name: 'stars',
              singularName: 'star',
              namespaced: true,
              kind: 'Star',
              verbs: ['get', 'list'],
              shortNames: ['st'],
            },
            { name: 'stars/status', singularName: '', namespaced: true, kind: 'Star', verbs: ['get'] },
          ],
        });
      if (searchParams.has('watch')) return new Response('{"type":"ADDED"}\n');
      const header = (name: string): string | null => request.headers.get(name);
      return Response.json(
        {
          method: request.method,
          path: pathname,
          body: await request.text(),
          user: header('x-remote-user'),
          groups: header('x-remote-group'),
          token: header('authorization'),
        },
        { status: request.method === 'POST' ? 201 : 200 },
      );
    },
  });
  const service = async (): Promise<ReturnType<typeof connect>> =>
    connect({ host: '127.0.0.1', port: remote.port ?? 0, allowHalfOpen: true });
  api = await startApiServer({ dialer: { service } });
});
afterAll(async () => {
  await api.stop();
  await remote.stop(true);
  await rm(directory, { recursive: true, force: true });
});

const AGGREGATED = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' };
const STARS = `/apis/${GROUP}/v1/namespaces/default/stars`;

test('a group version whose APIService names a Service is answered by it, and is in discovery', async () => {
  expect((await api.call('GET', STARS)).status).toBe(404);
  await api.client.create(apiServiceKind, {
    kind: 'APIService',
    apiVersion: 'apiregistration.k8s.io/v1',
    metadata: { name: `v1.${GROUP}` },
    spec: {
      group: GROUP,
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 10,
      caBundle,
      service: { namespace: 'default', name: 'far', port: 443 },
    },
  });
  const early = await api.call('GET', STARS);
  expect([early.status, await early.text()]).toEqual([503, 'service unavailable\n']);
  await api.client.updateStatus(apiServiceKind, '', `v1.${GROUP}`, (copy) => {
    copy.status = { conditions: [{ type: 'Available', status: 'True' }] };
  });
  const made = await api.call('POST', `${STARS}?x=1`, { a: 1 });
  expect(made.status).toBe(201);
  expect(await made.json()).toMatchObject({
    method: 'POST',
    path: STARS,
    body: '{"a":1}',
    groups: expect.stringContaining('system:masters'),
    token: null,
  });
  expect(await (await api.call('GET', `${STARS}?watch=1`)).text()).toBe('\n{"type":"ADDED"}\n');
  expect(await (await api.call('GET', `/apis/${GROUP}/v1`)).json()).toMatchObject({ groupVersion: `${GROUP}/v1` });
  const { items } = (await (await api.call('GET', '/apis', undefined, AGGREGATED)).json()) as {
    items: { metadata: { name: string }; versions: unknown[] }[];
  };
  const responseKind = { group: GROUP, version: 'v1', kind: 'Star' };
  expect(items.find(({ metadata }) => metadata.name === GROUP)?.versions).toEqual([
    {
      version: 'v1',
      resources: [
        {
          resource: 'stars',
          responseKind,
          scope: 'Namespaced',
          singularResource: 'star',
          verbs: ['get', 'list'],
          shortNames: ['st'],
          subresources: [{ subresource: 'status', responseKind, verbs: ['get'] }],
        },
      ],
      freshness: 'Current',
    },
  ]);
  const { groups } = (await (await api.call('GET', '/apis')).json()) as { groups: { name: string }[] };
  expect(groups.map(({ name }) => name)).toContain(GROUP);
  await api.client.delete(apiServiceKind, '', `v1.${GROUP}`);
  expect((await api.call('GET', `/apis/${GROUP}`)).status).toBe(404);
});
