import 'reflect-metadata';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type ConformanceServer, startConformanceServer } from './conformance-server.ts';

// What upstream's conformance tests call "API operations" of a kind: found in discovery, made, read, listed by label, watched, patched, replaced,
// its status written apart, deleted one by one and all together.

let server: ConformanceServer;
beforeAll(async () => {
  server = await startConformanceServer();
});
afterAll(() => server.stop());

/** One kind: the path of its resource, an object, and a patch of its status if that is served apart. */
type Case = readonly [path: string, object: object, status?: Record<string, unknown>];

const CONDITION = {
  type: 'Tested',
  status: 'True',
  reason: 'Test',
  message: 'set by the test',
  lastTransitionTime: '2024-01-02T03:04:05Z',
};
const CONDITIONS = { conditions: [CONDITION] };
const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const FLOW = '/apis/flowcontrol.apiserver.k8s.io/v1';
const DEFAULT = '/api/v1/namespaces/default';
const WEBHOOK = {
  name: 'w.example.com',
  clientConfig: { url: 'https://127.0.0.1:1/' },
  rules: [{ operations: ['CREATE'], apiGroups: ['nothing.example.com'], apiVersions: ['v1'], resources: ['none'] }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
const RULES = {
  resourceRules: [
    { operations: ['CREATE'], apiGroups: ['nothing.example.com'], apiVersions: ['v1'], resources: ['none'] },
  ],
};
const EVENT = {
  metadata: { namespace: 'default' },
  reportingController: 'test.example.com/one',
  reportingInstance: 'one',
  action: 'Do',
  reason: 'Done',
  type: 'Normal',
  eventTime: '2024-01-02T03:04:05.000006Z',
  note: 'a note',
  regarding: { kind: 'Pod', name: 'p', namespace: 'default' },
};

const CASES: readonly Case[] = [
  [`${FLOW}/flowschemas`, { spec: { priorityLevelConfiguration: { name: 'global-default' } } }, CONDITIONS],
  [
    `${FLOW}/prioritylevelconfigurations`,
    { spec: { type: 'Limited', limited: { nominalConcurrencyShares: 2, limitResponse: { type: 'Reject' } } } },
    CONDITIONS,
  ],
  [`${ADMISSION}/validatingwebhookconfigurations`, { webhooks: [WEBHOOK] }],
  [`${ADMISSION}/mutatingwebhookconfigurations`, { webhooks: [WEBHOOK] }],
  [
    `${ADMISSION}/validatingadmissionpolicies`,
    { spec: { matchConstraints: RULES, validations: [{ expression: 'true' }] } },
    CONDITIONS,
  ],
  [`${ADMISSION}/validatingadmissionpolicybindings`, { spec: { policyName: 'nobody', validationActions: ['Deny'] } }],
  [
    `${ADMISSION}/mutatingadmissionpolicies`,
    {
      spec: {
        matchConstraints: RULES,
        reinvocationPolicy: 'Never',
        mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression: '[]' } }],
      },
    },
  ],
  [`${ADMISSION}/mutatingadmissionpolicybindings`, { spec: { policyName: 'nobody' } }],
  [
    `${DEFAULT}/resourcequotas`,
    { spec: { hard: { 'count/leases.coordination.k8s.io': '100' } } },
    { hard: { pods: '1' } },
  ],
  [`${DEFAULT}/serviceaccounts`, { automountServiceAccountToken: false }],
  [
    `${DEFAULT}/events`,
    { involvedObject: { kind: 'Pod', name: 'p', namespace: 'default' }, reason: 'Done', message: 'm', type: 'Normal' },
  ],
  ['/apis/events.k8s.io/v1/namespaces/default/events', EVENT],
  ['/apis/certificates.k8s.io/v1/certificatesigningrequests', {}, CONDITIONS],
];

/** The object of a case under this name; a request for a certificate gets its DER here. */
async function objectOf([path, object]: Case, name: string): Promise<object> {
  const metadata = { name, labels: { run: 'operations' } };
  if (!path.includes('certificates.k8s.io')) return { ...object, metadata };
  const keys = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const signingAlgorithm = { name: 'ECDSA', hash: 'SHA-256' };
  const request = await Pkcs10CertificateRequestGenerator.create({ name: 'CN=someone', keys, signingAlgorithm });
  const spec = { request: btoa(request.toString('pem')), signerName: 'example.com/one', usages: ['client auth'] };
  return { spec, metadata };
}

const LABEL = 'labelSelector=run%3Doperations';

describe('the operations of', () => {
  test.each(CASES.map((one) => [one[0].replace('/apis/', ''), one] as const))('%s', async (_, one) => {
    const { ask, patch, watch } = server;
    const [path, , status] = one;
    const resource = path.split('/').at(-1) ?? '';
    const discovered = await ask('GET', path.replace(/\/namespaces\/.*|\/[^/]*$/, ''));
    const entry = (discovered['resources'] as { name: string; verbs: string[] }[]).find(
      ({ name }) => name === resource,
    );
    expect(entry?.verbs.toSorted()).toEqual([
      'create',
      'delete',
      'deletecollection',
      'get',
      'list',
      'patch',
      'update',
      'watch',
    ]);

    const before = await ask('GET', `${path}?${LABEL}`);
    expect(before.items).toEqual([]);
    const since = before.metadata.resourceVersion ?? '';
    const events = watch(`${path}?watch=1&${LABEL}&resourceVersion=${since}`, 'DELETED a');

    expect(await ask('POST', path, await objectOf(one, 'a'))).toMatchObject({ code: 201 });
    const got = await ask('GET', `${path}/a`);
    expect(got.metadata.labels).toEqual({ run: 'operations' });
    expect((await ask('GET', `${path}?${LABEL}`)).items.map(({ metadata }) => metadata.name)).toEqual(['a']);

    const patched = await patch(`${path}/a`, { metadata: { annotations: { patched: 'yes' } } });
    expect(patched).toMatchObject({ code: 200, metadata: { annotations: { patched: 'yes' } } });
    const { code, warnings, ...object } = patched;
    expect([code, warnings]).toEqual([200, []]);
    const annotations = { ...object.metadata.annotations, updated: 'yes' };
    const updated = await ask('PUT', `${path}/a`, { ...object, metadata: { ...object.metadata, annotations } });
    expect(updated).toMatchObject({ code: 200, metadata: { annotations: { patched: 'yes', updated: 'yes' } } });
    if (status !== undefined) {
      expect(await patch(`${path}/a/status`, { status })).toMatchObject({ code: 200, status });
      const shown = await ask('GET', `${path}/a/status`);
      // What a quota says is written anew by its controller.
      expect(shown).toMatchObject(resource === 'resourcequotas' ? { code: 200 } : { code: 200, status });
    }

    expect((await ask('DELETE', `${path}/a`)).code).toBe(200);
    expect((await ask('GET', `${path}/a`)).code).toBe(404);
    const seen = await events;
    expect([seen[0], seen.at(-1)]).toEqual(['ADDED a', 'DELETED a']);
    expect(seen.slice(1, -1).filter((each) => each === 'MODIFIED a').length).toBeGreaterThanOrEqual(2);

    for (const name of ['b', 'c'])
      expect(await ask('POST', path, await objectOf(one, name))).toMatchObject({ code: 201 });
    expect((await ask('DELETE', `${path}?${LABEL}`)).code).toBe(200);
    expect((await ask('GET', `${path}?${LABEL}`)).items).toEqual([]);
  });
});

test('a request for a certificate is approved at /approval, and nowhere else', async () => {
  const { ask, patch } = server;
  const one = CASES.at(-1) as Case;
  const path = `${one[0]}/approved`;
  await ask('POST', one[0], await objectOf(one, 'approved'));
  const approved = { ...CONDITION, type: 'Approved' };
  expect(await patch(`${path}/status`, { status: { conditions: [approved] } })).toMatchObject({ code: 422 });
  expect(await patch(`${path}/approval`, { status: { conditions: [approved] } })).toMatchObject({
    code: 200,
    status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Test' }] },
  });
  expect(await ask('GET', `${path}/approval`)).toMatchObject({ status: { conditions: [{ type: 'Approved' }] } });
});
