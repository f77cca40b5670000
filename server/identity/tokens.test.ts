import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type JWK, createLocalJWKSet, jwtVerify } from 'jose';
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
