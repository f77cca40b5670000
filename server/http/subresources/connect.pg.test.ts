import { afterAll, beforeAll, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAuthority } from '#server/identity/authority.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';
import { nodeSubresources } from './node-streams.ts';

const NAMESPACE = '/api/v1/namespaces/default';
const DENIAL = 'admission webhook "w.example.com" denied the request: not here';

/** What the webhook was asked. */
interface Asked {
  readonly uid: string;
  readonly operation: string;
  readonly kind: { readonly kind: string };
  readonly [field: string]: unknown;
}

let api: ApiServer;
let directory: string;
let webhook: ReturnType<typeof Bun.serve>;
let asked: Asked[] = [];
let allowed = true;

beforeAll(async () => {
  const nodes = { find: () => Promise.reject(new Error('there are no nodes')) };
  const client: { get: ApiServer['client']['get'] } = { get: (kind, ...key) => api.client.get(kind, ...key) };
  api = await startApiServer({ subresources: nodeSubresources({ client: client as ApiServer['client'], nodes }) });
  directory = await mkdtemp(join(tmpdir(), 'skep-connect-'));
  const authority = await loadAuthority(directory, ['127.0.0.1']);
  webhook = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { cert: authority.servingCertificate, key: authority.servingKey },
    async fetch(request) {
      const review = (await request.json()) as { request: Asked };
      asked.push(review.request);
      const response = { uid: review.request.uid, allowed, status: { message: 'not here' } };
      return Response.json({ kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1', response });
    },
  });
  const rule = (operation: string, resources: string[]): object => ({
    operations: [operation],
    apiGroups: ['*'],
    apiVersions: ['v1'],
    resources,
  });
  const configuration = {
    metadata: { name: 'w' },
    webhooks: [
      {
        name: 'w.example.com',
        clientConfig: {
          url: `https://127.0.0.1:${webhook.port}/`,
          caBundle: Buffer.from(authority.caCertificate).toString('base64'),
        },
        rules: [
          rule('CONNECT', ['pods/*', 'nodes/proxy']),
          rule('CREATE', ['pods/eviction', 'pods/binding', 'serviceaccounts/token']),
          rule('UPDATE', ['pods/binding', '*/scale']),
        ],
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  };
  const path = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
  expect((await api.call('POST', path, configuration)).status).toBe(201);
});
beforeEach(() => {
  asked = [];
  allowed = true;
});
afterAll(async () => {
  await webhook.stop(true);
  await rm(directory, { recursive: true, force: true });
  await api.stop();
});

const call = async (method: string, path: string, body?: unknown): Promise<{ status: number; message?: string }> => {
  const response = await api.call(method, path, body);
  const { message } = (await response.json()) as { message?: string };
  return { status: response.status, ...(message === undefined ? {} : { message }) };
};
const makePod = (name: string): Promise<unknown> =>
  call('POST', `${NAMESPACE}/pods`, { metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }] } });
const v1 = (kind: string): object => ({ group: '', version: 'v1', kind });

test('a webhook that denies exec is heard before the pod is looked at, with the options of the URL', async () => {
  allowed = false;
  const query = 'container=c&command=sh&command=-c&stdin=true&stdout=1&stderr=false';
  expect(await call('POST', `${NAMESPACE}/pods/p/exec?${query}`)).toEqual({ status: 400, message: DENIAL });
  const [request] = asked;
  expect(request as unknown).toEqual({
    uid: expect.any(String),
    userInfo: expect.any(Object),
    kind: v1('PodExecOptions'),
    requestKind: v1('PodExecOptions'),
    resource: { group: '', version: 'v1', resource: 'pods' },
    requestResource: { group: '', version: 'v1', resource: 'pods' },
    subResource: 'exec',
    requestSubResource: 'exec',
    name: 'p',
    namespace: 'default',
    operation: 'CONNECT',
    object: {
      kind: 'PodExecOptions',
      apiVersion: 'v1',
      stdin: true,
      stdout: true,
      container: 'c',
      command: ['sh', '-c'],
    },
    oldObject: null,
    dryRun: false,
    options: null,
  });
});

test('attach and portforward are asked about by their own options, and go on when that is allowed', async () => {
  expect(await call('GET', `${NAMESPACE}/pods/none/attach?stdout=true`)).toMatchObject({ status: 404 });
  expect(await call('GET', `${NAMESPACE}/pods/none/portforward?ports=80&ports=443`)).toMatchObject({ status: 404 });
  expect(asked.map(({ object }) => object)).toEqual([
    { kind: 'PodAttachOptions', apiVersion: 'v1', stdout: true },
    { kind: 'PodPortForwardOptions', apiVersion: 'v1', ports: [80, 443] },
  ]);
});

test('an Eviction, a TokenRequest and a Binding are asked about as what they are, and once', async () => {
  await makePod('p');
  await call('POST', `${NAMESPACE}/serviceaccounts/default/token`, { spec: { audiences: ['vault'] } });
  await call('POST', `${NAMESPACE}/pods/p/binding`, { metadata: { name: 'p' }, target: { kind: 'Node', name: 'n1' } });
  await call('POST', `${NAMESPACE}/pods/p/eviction`, { metadata: { name: 'p' } });
  expect(asked.map(({ operation, kind, subResource }) => [operation, kind, subResource])).toEqual([
    ['CREATE', { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }, 'token'],
    ['CREATE', v1('Binding'), 'binding'],
    ['CREATE', { group: 'policy', version: 'v1', kind: 'Eviction' }, 'eviction'],
  ]);
  expect(asked[1]?.['object']).toMatchObject({
    metadata: { name: 'p', namespace: 'default' },
    target: { kind: 'Node', name: 'n1' },
  });
});

test('a pod whose eviction, and whose binding by the scheduler, is denied stays where it is', async () => {
  await makePod('stays');
  allowed = false;
  expect(await call('POST', `${NAMESPACE}/pods/stays/eviction`, {})).toEqual({ status: 400, message: DENIAL });
  const bound = api.client.updateSubresource(podKind, 'default', 'stays', 'binding', (copy) => {
    if (copy.spec !== undefined) copy.spec.nodeName = 'n2';
  });
  await expect(bound).rejects.toThrow(DENIAL);
  expect(asked[1]?.['object']).toMatchObject({ kind: 'Binding', target: { kind: 'Node', name: 'n2' } });
  expect(api.client.get(podKind, 'default', 'stays')?.spec?.nodeName ?? '').toBe('');
});

test('a change through scale is an UPDATE of the Scale', async () => {
  const labels = { app: 'd' };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } };
  const path = '/apis/apps/v1/namespaces/default/deployments';
  const spec = { replicas: 1, selector: { matchLabels: labels }, template };
  expect(await call('POST', path, { metadata: { name: 'd' }, spec })).toMatchObject({ status: 201 });
  const scaled = { metadata: { name: 'd', namespace: 'default' }, spec: { replicas: 3 } };
  expect(await call('PUT', `${path}/d/scale`, scaled)).toMatchObject({ status: 200 });
  expect(asked).toMatchObject([
    {
      operation: 'UPDATE',
      kind: { group: 'autoscaling', version: 'v1', kind: 'Scale' },
      resource: { group: 'apps', version: 'v1', resource: 'deployments' },
      subResource: 'scale',
      object: { kind: 'Scale', spec: { replicas: 3 } },
      oldObject: { kind: 'Scale', spec: { replicas: 1 } },
    },
  ]);
});
