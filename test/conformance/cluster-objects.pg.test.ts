import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { eventually } from '#test/support/eventually.ts';
import { type Answer, type ConformanceServer, startConformanceServer } from './conformance-server.ts';

let server: ConformanceServer;
beforeAll(async () => {
  server = await startConformanceServer();
});
afterAll(() => server.stop());

/** Makes a namespace with its account; the path of its core resources. */
async function namespace(name: string): Promise<string> {
  const path = `/api/v1/namespaces/${name}`;
  await server.ask('POST', '/api/v1/namespaces', { metadata: { name } });
  await eventually(async () => expect((await server.ask('GET', `${path}/serviceaccounts/default`)).code).toBe(200));
  return path;
}
const namesOf = async (path: string): Promise<(string | undefined)[]> =>
  (await server.ask('GET', path)).items.map(({ metadata }) => metadata.name);
const ownerReference = ({ kind, apiVersion, metadata: { name, uid } }: Answer, more: object = {}): object => ({
  kind,
  apiVersion,
  name,
  uid,
  ...more,
});
const POD = { containers: [{ name: 'c', image: 'i' }] };
const workload = (name: string, replicas: number, selector: object): object => ({
  metadata: { name },
  spec: { replicas, selector, template: { metadata: { labels: { app: name } }, spec: POD } },
});

describe('a replication controller', () => {
  test('takes its pods with it, or waits for them, or leaves them, as its deletion says', async () => {
    const path = await namespace('owners');
    const controllers = `${path}/replicationcontrollers`;
    const make = async (name: string): Promise<void> => {
      expect(await server.ask('POST', controllers, workload(name, 2, { app: name }))).toMatchObject({ code: 201 });
      await eventually(async () => expect((await namesOf(`${path}/pods?labelSelector=app%3D${name}`)).length).toBe(2));
    };
    const remove = (name: string, propagationPolicy: string) =>
      server.ask('DELETE', `${controllers}/${name}`, { propagationPolicy });
    await make('background');
    await remove('background', 'Background');
    await eventually(async () => expect(await namesOf(`${path}/pods`)).toEqual([]));

    await make('foreground');
    const [held] = (await server.ask('GET', `${path}/pods`)).items;
    await server.patch(`${path}/pods/${held?.metadata.name}`, { metadata: { finalizers: ['example.com/held'] } });
    await remove('foreground', 'Foreground');
    await eventually(async () => expect((await namesOf(`${path}/pods`)).length).toBe(1));
    const waiting = await server.ask('GET', `${controllers}/foreground`);
    expect(waiting.metadata.finalizers).toEqual(['foregroundDeletion']);
    await server.patch(`${path}/pods/${held?.metadata.name}`, { metadata: { finalizers: null } });
    await eventually(async () => expect((await server.ask('GET', `${controllers}/foreground`)).code).toBe(404));

    await make('orphan');
    await remove('orphan', 'Orphan');
    await eventually(async () => expect((await server.ask('GET', `${controllers}/orphan`)).code).toBe(404));
    const left = (await server.ask('GET', `${path}/pods`)).items;
    expect(left.map(({ metadata }) => metadata.ownerReferences)).toEqual([undefined, undefined]);
  });
});

describe('the garbage collector', () => {
  test('is not held up by a circle of owners', async () => {
    const pods = `${await namespace('circle')}/pods`;
    const made: Answer[] = [];
    for (const name of ['one', 'two', 'three'])
      made.push(await server.ask('POST', pods, { metadata: { name }, spec: POD }));
    for (const [index, { metadata }] of made.entries()) {
      const owner = made[(index + 2) % 3] as Answer;
      const ownerReferences = [ownerReference(owner, { controller: true, blockOwnerDeletion: true })];
      await server.patch(`${pods}/${metadata.name}`, { metadata: { ownerReferences } });
    }
    await server.ask('DELETE', `${pods}/one`, { propagationPolicy: 'Foreground' });
    await eventually(async () => expect(await namesOf(pods)).toEqual([]));
  });

  test('keeps what has another owner, that is there', async () => {
    const path = await namespace('shared');
    const make = (name: string, more: object = {}) =>
      server.ask('POST', `${path}/configmaps`, { metadata: { name, ...more } });
    const [going, staying] = [await make('going'), await make('staying')];
    const both = [ownerReference(going, { blockOwnerDeletion: true }), ownerReference(staying)];
    await make('shared', { ownerReferences: both });
    await make('single', { ownerReferences: both.slice(0, 1) });
    await server.ask('DELETE', `${path}/configmaps/going`, { propagationPolicy: 'Foreground' });
    await eventually(async () => expect(await namesOf(`${path}/configmaps`)).not.toContain('going'));
    expect(await namesOf(`${path}/configmaps`)).toEqual(expect.arrayContaining(['shared', 'staying']));
    expect(await namesOf(`${path}/configmaps`)).not.toContain('single');
    const { metadata } = await server.ask('GET', `${path}/configmaps/shared`);
    expect(metadata.ownerReferences).toMatchObject([{ name: 'staying' }]);
  });
});

describe('a namespace', () => {
  test('is patched and updated; its status and the finalizers of its spec have paths of their own', async () => {
    const path = await namespace('changed');
    expect(await server.patch(path, { metadata: { labels: { patched: 'yes' } } })).toMatchObject({ code: 200 });
    const { code, warnings, ...found } = await server.ask('GET', path);
    expect([code, warnings]).toEqual([200, []]);
    const labels = { ...found.metadata.labels, updated: 'yes' };
    const updated = await server.ask('PUT', path, { ...found, metadata: { ...found.metadata, labels } });
    expect(updated.metadata.labels).toMatchObject({ patched: 'yes', updated: 'yes' });
    const conditions = [{ type: 'StatusPatch', status: 'True', reason: 'Test', message: 'm' }];
    const status = await server.patch(`${path}/status`, { status: { conditions } });
    expect(status).toMatchObject({ code: 200, status: { phase: 'Active', conditions } });
    const finalizers = ['kubernetes', 'example.com/held'];
    const held = { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'changed' }, spec: { finalizers } };
    expect(await server.ask('PUT', `${path}/finalize`, held)).toMatchObject({ code: 200, spec: { finalizers } });
    await server.ask('DELETE', path);
    await eventually(async () =>
      expect(await server.ask('GET', path)).toMatchObject({
        status: { phase: 'Terminating' },
        spec: { finalizers: ['example.com/held'] },
      }),
    );
    await server.ask('PUT', `${path}/finalize`, { ...held, spec: { finalizers: [] } });
    await eventually(async () => expect((await server.ask('GET', path)).code).toBe(404));
  });

  test('takes pods and Services with it, and pods first: while one stays, so does all else', async () => {
    const path = await namespace('ordered');
    const finalizers = ['example.com/held'];
    await server.ask('POST', `${path}/pods`, { metadata: { name: 'p', finalizers }, spec: POD });
    await server.ask('POST', `${path}/services`, { metadata: { name: 's' }, spec: { ports: [{ port: 80 }] } });
    await server.ask('POST', `${path}/configmaps`, { metadata: { name: 'c' } });
    await server.ask('DELETE', path);
    await eventually(async () => {
      const { metadata } = await server.ask('GET', `${path}/pods/p`);
      expect(metadata.deletionTimestamp).toBeDefined();
      const { status } = await server.ask('GET', path);
      expect(status?.['conditions']).toContainEqual(
        expect.objectContaining({ type: 'NamespaceContentRemaining', status: 'True' }),
      );
    });
    expect(await namesOf(`${path}/configmaps`)).toContain('c');
    expect(await namesOf(`${path}/services`)).toEqual(['s']);
    await server.patch(`${path}/pods/p`, { metadata: { finalizers: null } });
    await eventually(async () => expect((await server.ask('GET', path)).code).toBe(404), 15_000);
    expect([...(await namesOf(`${path}/pods`)), ...(await namesOf(`${path}/services`))]).toEqual([]);
  });
});

describe('a ResourceQuota', () => {
  const used = async (path: string): Promise<Record<string, unknown>> =>
    ((await server.ask('GET', path)).status?.['used'] ?? {}) as Record<string, unknown>;
  const limited = {
    ...POD,
    containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '1', memory: '1Gi' } } }],
  };

  test.each([
    ['configmaps', 'configmaps', {}],
    ['secrets', 'secrets', {}],
    ['services', 'services', { spec: { ports: [{ port: 80 }] } }],
    ['replicationcontrollers', 'replicationcontrollers', workload('x', 0, { app: 'x' })],
    ['replicasets', 'count/replicasets.apps', workload('x', 0, { matchLabels: { app: 'x' } })],
    ['pods', 'requests.cpu', { spec: limited }],
  ])('counts %s while they live, and refuses one more than it allows', async (resource, name, object) => {
    const path = await namespace(`quota-${resource}`);
    const quota = `${path}/resourcequotas/q`;
    const start = resource === 'configmaps' ? 1 : 0;
    if (start === 1)
      await eventually(async () => expect(await namesOf(`${path}/configmaps`)).toEqual(['kube-root-ca.crt']));
    const hard = { [name]: `${start + 1}` };
    await server.ask('POST', `${path}/resourcequotas`, { metadata: { name: 'q' }, spec: { hard } });
    await eventually(async () => expect(await used(quota)).toEqual({ [name]: `${start}` }));
    const at =
      resource === 'replicasets' ? `/apis/apps/v1/namespaces/quota-${resource}/${resource}` : `${path}/${resource}`;
    const make = (metadata: object) => server.ask('POST', at, { ...object, metadata });
    expect(await make({ name: 'x' })).toMatchObject({ code: 201 });
    await eventually(async () => expect(await used(quota)).toEqual({ [name]: `${start + 1}` }));
    expect(await make({ name: 'y' })).toMatchObject({
      code: 403,
      message: expect.stringContaining('exceeded quota: q') as string,
    });
    await server.ask('DELETE', `${at}/x`, { gracePeriodSeconds: 0 });
    await eventually(async () => expect(await used(quota)).toEqual({ [name]: `${start}` }));
  });

  test('counts only pods of its scope: with and without a deadline, with and without requests', async () => {
    const path = await namespace('quota-scopes');
    const scopes = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating'];
    for (const scope of scopes) {
      const metadata = { name: scope.toLowerCase() };
      await server.ask('POST', `${path}/resourcequotas`, { metadata, spec: { hard: { pods: '5' }, scopes: [scope] } });
    }
    const counts = () =>
      Promise.all(scopes.map(async (scope) => (await used(`${path}/resourcequotas/${scope.toLowerCase()}`))['pods']));
    await eventually(async () => expect(await counts()).toEqual(['0', '0', '0', '0']));
    await server.ask('POST', `${path}/pods`, { metadata: { name: 'best' }, spec: POD });
    await eventually(async () => expect(await counts()).toEqual(['1', '0', '0', '1']));
    await server.ask('POST', `${path}/pods`, {
      metadata: { name: 'd' },
      spec: { ...limited, activeDeadlineSeconds: 60 },
    });
    await eventually(async () => expect(await counts()).toEqual(['1', '1', '1', '1']));
    await server.ask('DELETE', `${path}/pods`, { gracePeriodSeconds: 0 });
    await eventually(async () => expect(await counts()).toEqual(['0', '0', '0', '0']));
  });

  test('takes over another limit, and is gone when it is deleted', async () => {
    const quotas = `${await namespace('quota-change')}/resourcequotas`;
    await server.ask('POST', quotas, { metadata: { name: 'q' }, spec: { hard: { pods: '1' } } });
    await server.patch(`${quotas}/q`, { spec: { hard: { pods: '7' } } });
    await eventually(async () =>
      expect((await server.ask('GET', `${quotas}/q`)).status).toMatchObject({ hard: { pods: '7' } }),
    );
    await server.ask('DELETE', `${quotas}/q`);
    expect(await server.ask('GET', `${quotas}/q`)).toMatchObject({ code: 404 });
  });
});

describe('service accounts', () => {
  test('a token of one is known to TokenReview; its issuer shows where its keys are', async () => {
    const path = '/api/v1/namespaces/default/serviceaccounts/default/token';
    const { status } = await server.ask('POST', path, { spec: {} });
    const token = String(status?.['token']);
    const review = await server.ask('POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } });
    expect(review.status).toMatchObject({
      authenticated: true,
      user: { username: 'system:serviceaccount:default:default' },
    });
    const asAccount = { authorization: `Bearer ${token}` };
    const issuer = await server.ask('GET', '/.well-known/openid-configuration', undefined, asAccount);
    const claims = JSON.parse(atob(token.split('.')[1]?.replaceAll('-', '+').replaceAll('_', '/') ?? '')) as {
      iss: string;
    };
    expect(issuer).toMatchObject({ code: 200, issuer: claims.iss });
    const keys = await server.ask('GET', '/openid/v1/jwks', undefined, asAccount);
    expect((keys['keys'] as { kid: string }[]).length).toBeGreaterThan(0);
  });

  test('kube-root-ca.crt is in every namespace, and comes back when it is deleted or changed', async () => {
    const ca = `${await namespace('ca')}/configmaps/kube-root-ca.crt`;
    const first = await eventually(async () => {
      const found = await server.ask('GET', ca);
      expect(found.code).toBe(200);
      return found;
    });
    await server.ask('DELETE', ca);
    await eventually(async () => expect((await server.ask('GET', ca)).data).toEqual(first.data));
    await server.patch(ca, { data: { 'ca.crt': 'other' } });
    await eventually(async () => expect((await server.ask('GET', ca)).data).toEqual(first.data));
  });

  test('a pod mounts a token unless it, or else its account, opts out', async () => {
    const path = await namespace('opt');
    for (const [name, automountServiceAccountToken] of [
      ['mounts', true],
      ['not', false],
    ] as const)
      await server.ask('POST', `${path}/serviceaccounts`, { metadata: { name }, automountServiceAccountToken });
    const mounts = async (serviceAccountName: string, own?: boolean): Promise<number> => {
      const spec = { ...POD, serviceAccountName, ...(own === undefined ? {} : { automountServiceAccountToken: own }) };
      const pod = await server.ask('POST', `${path}/pods`, { metadata: { generateName: 'p-' }, spec });
      const [container] = (pod.spec?.['containers'] ?? []) as { volumeMounts?: object[] }[];
      return container?.volumeMounts?.length ?? 0;
    };
    const all = [await mounts('default'), await mounts('default', true), await mounts('default', false)];
    expect(all).toEqual([1, 1, 0]);
    expect([await mounts('mounts'), await mounts('mounts', true), await mounts('mounts', false)]).toEqual([1, 1, 0]);
    expect([await mounts('not'), await mounts('not', true), await mounts('not', false)]).toEqual([0, 1, 0]);
  });

  test('reviews of what a user, and one in a namespace, may do', async () => {
    const reviews = '/apis/authorization.k8s.io/v1';
    const resourceAttributes = { verb: 'list', resource: 'configmaps', namespace: 'default' };
    const about = { kind: 'x', user: 'system:serviceaccount:default:default', resourceAttributes };
    const { kind: _, ...spec } = about;
    const asked = [
      await server.ask('POST', `${reviews}/subjectaccessreviews`, { spec }),
      await server.ask('POST', `${reviews}/namespaces/default/localsubjectaccessreviews`, {
        metadata: { namespace: 'default' },
        spec,
      }),
      await server.ask('POST', `${reviews}/selfsubjectaccessreviews`, { spec: { resourceAttributes } }),
    ];
    expect(asked.map(({ code, status }) => [code, status?.['allowed']])).toEqual([
      [201, false],
      [201, false],
      [201, true],
    ]);
  });
});

test('a Table is 406 of what has no metadata', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const spec = { nonResourceAttributes: { path: '/', verb: 'get' } };
  expect(await server.ask('POST', path, { spec }, { accept })).toMatchObject({ code: 406, reason: 'NotAcceptable' });
});

test('the version of the server is that of an API of Kubernetes', async () => {
  const found = await server.ask('GET', '/version');
  expect(found).toMatchObject({ code: 200, major: '1', gitVersion: expect.stringMatching(/^v1\.\d+\./) as string });
});

test('each group of discovery has its preferred version among its own, and resources in it', async () => {
  const groups = (await server.ask('GET', '/apis'))['groups'] as {
    versions: { groupVersion: string }[];
    preferredVersion: { groupVersion: string };
  }[];
  for (const { versions, preferredVersion } of groups) {
    expect(versions.map(({ groupVersion }) => groupVersion)).toContain(preferredVersion.groupVersion);
    const found = await server.ask('GET', `/apis/${preferredVersion.groupVersion}`);
    expect(found).toMatchObject({ code: 200, groupVersion: preferredVersion.groupVersion });
    expect((found['resources'] as unknown[]).length).toBeGreaterThan(0);
  }
});

test('watches at the same time see the same events in the same order', async () => {
  const path = `${await namespace('concurrent')}/configmaps`;
  const since = (await server.ask('GET', path)).metadata.resourceVersion ?? '';
  const watches = Array.from({ length: 10 }, () =>
    server.watch(`${path}?watch=1&resourceVersion=${since}`, 'DELETED last'),
  );
  await Promise.all(
    Array.from({ length: 10 }, async (_, index) => {
      await server.ask('POST', path, { metadata: { name: `c${index}` } });
      await server.patch(`${path}/c${index}`, { data: { x: 'y' } });
    }),
  );
  await server.ask('POST', path, { metadata: { name: 'last' } });
  await server.ask('DELETE', `${path}/last`);
  const [first, ...others] = await Promise.all(watches);
  expect(first?.length).toBe(22 + (first?.includes('ADDED kube-root-ca.crt') === true ? 1 : 0));
  for (const other of others) expect(other).toEqual(first ?? []);
});
