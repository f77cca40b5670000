import { afterEach, beforeEach, expect, test } from 'bun:test';
import { type Secret, secretKind } from '#api/kinds/core/secret.ts';
import { type ServiceAccount, serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { type Bench, startBench } from '#test/support/controllers.ts';
import { eventually } from '#test/support/eventually.ts';
import { serviceAccountTokenController } from './serviceaccounttoken.ts';

const NAME = 'kubernetes.io/service-account.name';
const UID = 'kubernetes.io/service-account.uid';

let bench: Bench;
beforeEach(() => {
  const tokens: ControllerContext['tokens'] = {
    secretToken: async ({ namespace, name, uid, secretName }) => `${namespace}/${name}/${uid}/${secretName}`,
  };
  bench = startBench([(context) => serviceAccountTokenController({ ...context, tokens })]);
});
afterEach(() => bench.stop());

const account = (name: string): ServiceAccount => ({
  kind: 'ServiceAccount',
  apiVersion: 'v1',
  metadata: { name, namespace: 'ns' },
});
const secret = (name: string, annotations: Record<string, string>, more: Partial<Secret> = {}): Secret => ({
  kind: 'Secret',
  apiVersion: 'v1',
  metadata: { name, namespace: 'ns', annotations },
  type: 'kubernetes.io/service-account-token',
  ...more,
});
const find = (name: string): Secret | undefined => bench.client.get(secretKind, 'ns', name);
const texts = (name: string): Record<string, string> =>
  Object.fromEntries(Object.entries(find(name)?.data ?? {}).map(([key, value]) => [key, atob(value)]));

test('a Secret gets token, CA and namespace of its account, and the UID of it; other keys stay', async () => {
  const { metadata } = await bench.client.create(serviceAccountKind, account('a'));
  await bench.client.create(secretKind, secret('s', { [NAME]: 'a' }, { data: { mine: btoa('kept') } }));
  await eventually(() => expect(find('s')?.metadata.annotations).toEqual({ [NAME]: 'a', [UID]: metadata.uid ?? '' }));
  const { 'ca.crt': authority, ...others } = texts('s');
  expect(authority).not.toBe('');
  expect(others).toEqual({ mine: 'kept', namespace: 'ns', token: `ns/a/${metadata.uid}/s` });
});

test('a token that is there stays, and one that was taken out is made anew', async () => {
  const { metadata } = await bench.client.create(serviceAccountKind, account('a'));
  await bench.client.create(secretKind, secret('s', { [NAME]: 'a' }, { data: { token: btoa('given') } }));
  await eventually(() => expect(texts('s')).toMatchObject({ token: 'given', namespace: 'ns' }));
  await bench.client.update(secretKind, 'ns', 's', (copy) => void delete copy.data?.['token']);
  await eventually(() => expect(texts('s')).toMatchObject({ token: `ns/a/${metadata.uid}/s` }));
});

test('a Secret goes with its account, and without one; those of other accounts and types stay', async () => {
  const { client } = bench;
  for (const name of ['a', 'b']) await client.create(serviceAccountKind, account(name));
  await client.create(secretKind, secret('of-a', { [NAME]: 'a' }));
  await client.create(secretKind, secret('of-b', { [NAME]: 'b' }));
  await client.create(secretKind, secret('opaque', { [NAME]: 'a' }, { type: 'Opaque' }));
  await client.create(secretKind, secret('of-nobody', { [NAME]: 'c' }));
  await client.create(secretKind, secret('of-another-b', { [NAME]: 'b', [UID]: 'before' }));
  await eventually(() => expect([find('of-nobody'), find('of-another-b')]).toEqual([undefined, undefined]));
  await eventually(() => expect(texts('of-a')).toHaveProperty('token'));
  await client.delete(serviceAccountKind, 'ns', 'a');
  await eventually(() => expect(find('of-a')).toBeUndefined());
  await eventually(() => expect(texts('of-b')).toHaveProperty('token'));
  expect(find('opaque')?.data).toBeUndefined();
});
