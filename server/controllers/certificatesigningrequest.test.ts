import { expect, test } from 'bun:test';
import {
  type CertificateSigningRequest,
  certificateSigningRequestKind as kind,
} from '#api/kinds/certificates/certificatesigningrequest.ts';
import type { ControllerContext, RequestedCertificate } from '#server/reconcile/controller-deps.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { certificateSigningRequestController } from './certificatesigningrequest.ts';
import { SIGNERS } from './certificatesigningrequest/signers.ts';

const API_CLIENT = 'kubernetes.io/kube-apiserver-client';
const KUBELET = 'kubernetes.io/kube-apiserver-client-kubelet';
const HOUR_MS = 3_600_000;
const node: RequestedCertificate = {
  commonName: 'system:node:n1',
  organizations: ['system:nodes'],
  dnsNames: [],
  addresses: [],
  emails: [],
  uris: [],
};

/** A cluster with one request; `rights` are the subresources that its maker may create. */
async function begin(spec: Partial<CertificateSigningRequest['spec']>, rights: readonly string[] = []) {
  const clock = new ManualClock();
  const client = new MemoryClient(clock);
  const signed: number[] = [];
  const certificates = {
    inspect: async () => node,
    sign: async (_: string, { notBefore, notAfter }: { notBefore: Date; notAfter: Date }) => {
      signed.push((notAfter.getTime() - notBefore.getTime()) / 1000);
      return 'made';
    },
    mayCreate: (_: object, subresource: string) => rights.includes(subresource),
  };
  const controller = certificateSigningRequestController({
    client,
    clock,
    certificates,
  } as unknown as ControllerContext);
  await client.create(kind, {
    kind: 'CertificateSigningRequest',
    apiVersion: 'certificates.k8s.io/v1',
    metadata: { name: 'r' },
    spec: { request: '', signerName: API_CLIENT, usages: ['client auth'], username: 'jane', ...spec },
  });
  return {
    clock,
    signed,
    run: () => controller.reconcile('r'),
    found: () => client.get(kind, '', 'r'),
    conditions: () => (client.get(kind, '', 'r')?.status?.conditions ?? []).map(({ type, message }) => [type, message]),
    say: (type: string) =>
      client.updateStatus(kind, '', 'r', (copy) => {
        const lastUpdateTime = new Date(clock.now()).toISOString();
        copy.status = { conditions: [{ type, status: 'True', lastUpdateTime }] };
      }),
  };
}

test('an approved request is signed, for a year or as long as it asks', async () => {
  const { run, say, found, signed } = await begin({ expirationSeconds: 7200 });
  await run();
  expect(found()?.status?.certificate).toBeUndefined();
  await say('Approved');
  await run();
  expect(Buffer.from(found()?.status?.certificate ?? '', 'base64').toString()).toBe('made');
  expect(signed).toEqual([7200]);
  await run();
  expect(signed).toHaveLength(1);
});

test('an approved request that its signer will not sign fails', async () => {
  const { run, say, conditions } = await begin({ usages: ['server auth'] });
  await say('Approved');
  await run();
  expect(conditions()).toEqual([
    ['Approved', undefined],
    ['Failed', 'invalid usage for client certificate: server auth'],
  ]);
});

test('a request for a signer elsewhere is left to it', async () => {
  const { run, say, conditions, signed } = await begin({ signerName: 'example.com/x' });
  await say('Approved');
  await run();
  expect([conditions(), signed]).toEqual([[['Approved', undefined]], []]);
});

test('a node’s own client certificate is approved when the node may have it, and not else', async () => {
  const spec = { signerName: KUBELET, usages: ['digital signature', 'client auth'], username: 'system:node:n1' };
  const may = await begin(spec, ['selfnodeclient']);
  await may.run();
  expect(may.conditions()).toEqual([
    ['Approved', 'Auto approving self kubelet client certificate after SubjectAccessReview.'],
  ]);
  const mayNot = await begin(spec);
  await mayNot.run();
  expect(mayNot.conditions()).toEqual([]);
  const another = await begin({ ...spec, username: 'system:node:n2' }, ['selfnodeclient']);
  await another.run();
  expect(another.conditions()).toEqual([]);
});

test('a request goes an hour after it was decided, or a day after it was made', async () => {
  const denied = await begin({});
  await denied.say('Denied');
  await denied.clock.advance(HOUR_MS - 1);
  await denied.run();
  expect(denied.found()).toBeDefined();
  await denied.clock.advance(1);
  await denied.run();
  expect(denied.found()).toBeUndefined();
  const pending = await begin({});
  await pending.clock.advance(23 * HOUR_MS);
  await pending.run();
  expect(pending.found()).toBeDefined();
  await pending.clock.advance(HOUR_MS);
  await pending.run();
  expect(pending.found()).toBeUndefined();
});

const usages = ['digital signature', 'key encipherment'];
test.each<[signer: string, more: Partial<RequestedCertificate>, purpose: string, fault: string | undefined]>([
  [KUBELET, {}, 'client auth', undefined],
  [KUBELET, { organizations: ['x'] }, 'client auth', 'subject organization is not system:nodes'],
  [KUBELET, { dnsNames: ['x'] }, 'client auth', 'DNS subjectAltNames are not allowed'],
  [KUBELET, { commonName: 'n1' }, 'client auth', 'subject common name does not begin with system:node:'],
  [KUBELET, {}, 'server auth', 'usages did not match [client auth digital signature key encipherment]'],
  ['kubernetes.io/kubelet-serving', { addresses: ['10.0.0.1'] }, 'server auth', undefined],
  ['kubernetes.io/kubelet-serving', {}, 'server auth', 'DNS or IP subjectAltName is required'],
])('the signer %s on %o for %s: %p', (signer, more, purpose, fault) => {
  expect(SIGNERS.get(signer)?.({ ...node, ...more }, [...usages, purpose])).toBe(fault);
});
