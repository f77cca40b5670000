import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadAuthority } from '#server/identity/authority.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';
import { eventually } from '#test/support/eventually.ts';

const CONFIGURATIONS = '/apis/admissionregistration.k8s.io/v1';
const PATH = '/api/v1/namespaces/default/configmaps';

interface Review {
  readonly request: { readonly uid: string; readonly object?: { readonly data?: Record<string, string> } };
}
interface Answer {
  readonly message?: string;
  readonly reason?: string;
  readonly data?: Record<string, string>;
}

let api: ApiServer;
let directory: string;
let webhook: ReturnType<typeof Bun.serve>;
let caBundle: string;

beforeAll(async () => {
  api = await startApiServer();
  directory = await mkdtemp(join(tmpdir(), 'skep-webhook-'));
  const authority = await loadAuthority(directory, ['127.0.0.1']);
  caBundle = Buffer.from(authority.caCertificate).toString('base64');
  webhook = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { cert: authority.servingCertificate, key: authority.servingKey },
    async fetch(request) {
      const { pathname } = new URL(request.url);
      const { request: asked } = (await request.json()) as Review;
      const patch = Buffer.from(JSON.stringify([{ op: 'add', path: '/data/seen', value: 'yes' }])).toString('base64');
      const isBad = asked.object?.data?.['bad'] === 'yes';
      const denied = { allowed: !isBad, status: { message: 'bad', reason: 'Forbidden', code: 403 } };
      const response = pathname === '/mutate' ? { allowed: true, patchType: 'JSONPatch', patch } : denied;
      const head = { kind: 'AdmissionReview', apiVersion: 'admission.k8s.io/v1' };
      return Response.json({ ...head, response: { uid: asked.uid, ...response } });
    },
  });
});
afterAll(async () => {
  await webhook.stop(true);
  await rm(directory, { recursive: true, force: true });
  await api.stop();
});

const create = async (name: string, data: Record<string, string>): Promise<Answer & { readonly status: number }> => {
  const response = await api.call('POST', PATH, { metadata: { name }, data });
  return { ...((await response.json()) as Answer), status: response.status };
};
const configure = async (resource: string, object: object): Promise<void> => {
  const response = await api.call('POST', `${CONFIGURATIONS}/${resource}`, object);
  if (response.status !== 201) throw new Error(await response.text());
};
const remove = (resource: string, name: string): Promise<Response> =>
  api.call('DELETE', `${CONFIGURATIONS}/${resource}/${name}`);
const webhooks = (path: string, ca = caBundle, host = `127.0.0.1:${webhook.port}`): object => ({
  metadata: { name: 'w' },
  webhooks: [
    {
      name: 'w.example.com',
      clientConfig: { url: `https://${host}${path}`, caBundle: ca },
      rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    },
  ],
});

test('webhooks are asked by HTTPS, change objects and refuse them', async () => {
  await configure('mutatingwebhookconfigurations', webhooks('/mutate'));
  await configure('validatingwebhookconfigurations', webhooks('/validate'));
  expect(await create('a', { x: '1' })).toMatchObject({ status: 201, data: { x: '1', seen: 'yes' } });
  expect(await create('b', { bad: 'yes' })).toMatchObject({
    status: 403,
    reason: 'Forbidden',
    message: 'admission webhook "w.example.com" denied the request: bad',
  });
  await remove('mutatingwebhookconfigurations', 'w');
  await remove('validatingwebhookconfigurations', 'w');
});

test('a webhook whose certificate is not by its authority is not believed', async () => {
  const other = Buffer.from(api.caCertificate).toString('base64');
  await configure('validatingwebhookconfigurations', webhooks('/validate', other));
  const { status, message } = await create('c', {});
  expect(status).toBe(500);
  expect(message).toStartWith(
    `Internal error occurred: failed calling webhook "w.example.com": failed to call webhook: Post "https://127.0.0.1:${webhook.port}/validate?timeout=10s": `,
  );
  await remove('validatingwebhookconfigurations', 'w');
});

test('a webhook whose certificate is for another address is not believed', async () => {
  const { servingCertificate: cert, servingKey: key } = await loadAuthority(directory, ['127.0.0.1']);
  const elsewhere = Bun.serve({ port: 0, hostname: '127.0.0.2', tls: { cert, key }, fetch: () => new Response() });
  const host = `127.0.0.2:${elsewhere.port}`;
  await configure('validatingwebhookconfigurations', webhooks('/validate', caBundle, host));
  const { message } = await create('g', {});
  await elsewhere.stop(true);
  expect(message).toEndWith('x509: certificate is not valid for 127.0.0.2');
  await remove('validatingwebhookconfigurations', 'w');
});

test('a policy that is bound denies what breaks it', async () => {
  await configure('validatingadmissionpolicies', {
    metadata: { name: 'p' },
    spec: {
      matchConstraints: {
        resourceRules: [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
      },
      validations: [{ expression: "!('forbidden' in object.data)", message: 'no such key' }],
    },
  });
  const binding = { policyName: 'p', validationActions: ['Deny'] };
  await configure('validatingadmissionpolicybindings', { metadata: { name: 'b' }, spec: binding });
  expect(await create('d', { x: '1' })).toMatchObject({ status: 201 });
  expect(await create('e', { forbidden: '1' })).toMatchObject({
    status: 422,
    reason: 'Invalid',
    message:
      "configmaps \"e\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no such key",
  });
  await remove('validatingadmissionpolicybindings', 'b');
  await eventually(async () => expect((await create(`f${Date.now()}`, { forbidden: '1' })).status).toBe(201));
});
