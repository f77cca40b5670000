import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JWK, createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import { secretKind } from '#api/kinds/core/secret.ts';
import { serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import { systemClock } from '#base/clock.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { Tokens, loadTokenKeys } from './tokens.ts';

let directory: string;
const cluster = async (name: string): Promise<Tokens> =>
  new Tokens(await loadTokenKeys(join(directory, name)), new MemoryClient(systemClock));
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-tokens-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('a server token is known to every server of its cluster, and is nobody to the API', async () => {
  const [one, other] = [await cluster('a'), await cluster('a')];
  const token = await one.serverToken();
  expect(await other.isServerToken(token)).toBe(true);
  expect(await other.authenticate(token)).toBeUndefined();
});

test('isServerToken() refuses all other tokens, those that bear its audience too', async () => {
  const tokens = await cluster('a');
  const { adminToken } = await loadTokenKeys(join(directory, 'a'));
  const account = { namespace: 'default', name: 'default', uid: 'u', expirationSeconds: 600 };
  const { token: ofAccount } = await tokens.serviceAccountToken({ ...account, audiences: ['skep:servers'] });
  const ofStranger = await (await cluster('b')).serverToken();
  for (const token of [adminToken, await tokens.nodeToken('n1'), ofAccount, ofStranger, '', 'x.y.z'])
    expect(await tokens.isServerToken(token)).toBe(false);
});

test('the keys that are published check the tokens of service accounts', async () => {
  const tokens = await cluster('one');
  const account = { namespace: 'n', name: 'a', uid: 'u', audiences: ['vault'], expirationSeconds: 600 };
  const { token } = await tokens.serviceAccountToken(account);
  const keys = createLocalJWKSet({ keys: [...tokens.publicKeys()] as JWK[] });
  const { payload } = await jwtVerify(token, keys, { issuer: tokens.issuer, audience: 'vault' });
  expect(payload.sub).toBe('system:serviceaccount:n:a');
});

test('a token that a Secret holds is good while the Secret holds it and the account is there', async () => {
  const client = new MemoryClient(systemClock);
  const tokens = new Tokens(await loadTokenKeys(join(directory, 'held')), client);
  const metadata = { name: 'a', namespace: 'n' };
  const made = await client.create(serviceAccountKind, { kind: 'ServiceAccount', apiVersion: 'v1', metadata });
  const uid = made.metadata.uid ?? '';
  const token = await tokens.secretToken({ namespace: 'n', name: 'a', uid, secretName: 's' });
  const whyNot = async (): Promise<string> => {
    const reviewed = await tokens.review(token, []);
    return 'error' in reviewed ? reviewed.error : `${reviewed.user.name} ${reviewed.user.uid === uid}`;
  };
  expect(await whyNot()).toBe('[invalid bearer token, Token has been invalidated]');
  const data = { token: Buffer.from(token).toString('base64') };
  await client.create(secretKind, { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's', namespace: 'n' }, data });
  expect(await whyNot()).toBe('system:serviceaccount:n:a true');
  expect(decodeJwt(token).exp).toBeUndefined();
  expect(await tokens.review(token, ['vault'])).toHaveProperty('error');
  await client.update(secretKind, 'n', 's', (copy) => void (copy.data = { token: btoa('another') }));
  expect(await whyNot()).toBe("[invalid bearer token, Token does not match server's copy]");
  await client.update(secretKind, 'n', 's', (copy) => void (copy.data = data));
  await client.delete(serviceAccountKind, 'n', 'a');
  expect(await whyNot()).toBe('[invalid bearer token, serviceaccounts "a" not found]');
  await client.create(serviceAccountKind, { kind: 'ServiceAccount', apiVersion: 'v1', metadata });
  expect(await whyNot()).toMatch(/^\[invalid bearer token, ServiceAccount UID \(.+\) does not match claim \(.+\)\]$/);
});
