import { afterAll, beforeAll, expect, test } from 'bun:test';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CredentialStore, keepCredentials } from '#agent/link/credentials.ts';
import { CA_PATH } from '#api/wire/version.ts';
import { type Authority, loadAuthority } from '#server/identity/authority.ts';

const directory = mkdtempSync(join(tmpdir(), 'skep-join-'));
let authority: Authority;
let server: Bun.Server<undefined>;
const token = (hash: string) => `skep1.${hash}.abcdef.0123456789abcdef`;

beforeAll(async () => {
  authority = await loadAuthority(join(directory, 'hub'), ['127.0.0.1']);
  server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { cert: authority.servingCertificate, key: authority.servingKey },
    fetch: (request) =>
      new URL(request.url).pathname === CA_PATH
        ? new Response(authority.caCertificate)
        : new Response(null, { status: 404 }),
  });
});
afterAll(async () => {
  await server.stop(true);
  rmSync(directory, { recursive: true, force: true });
});

test('load() fetches the CA that the join token names, and keeps it', async () => {
  const data = join(directory, 'right');
  const credentials = await new CredentialStore(data, token(authority.caHash)).load(server.url.href);
  expect(credentials).toEqual({ ca: authority.caCertificate.trim(), token: token(authority.caHash) });
  expect(existsSync(join(data, 'ca.crt'))).toBe(true);
});

test('load() refuses a server whose CA is another', async () => {
  const data = join(directory, 'wrong');
  expect(new CredentialStore(data, token('0'.repeat(64))).load(server.url.href)).rejects.toThrow(
    'its CA is not the one that the join token names',
  );
  expect(existsSync(join(data, 'ca.crt'))).toBe(false);
});

test('load() prefers the node token that was kept, and goes back to the join token when it is refused', async () => {
  const data = join(directory, 'kept');
  keepCredentials(data, { ca: authority.caCertificate, token: 'mine' });
  expect(statSync(join(data, 'node.token')).mode & 0o777).toBe(0o600);
  const store = new CredentialStore(data, token(authority.caHash));
  expect((await store.load(server.url.href)).token).toBe('mine');
  expect(store.dropNodeToken()).toBe(true);
  expect((await store.load(server.url.href)).token).toBe(token(authority.caHash));
  expect(store.dropNodeToken()).toBe(false);
});

test('load() says what is missing when there is no token at all', () => {
  expect(new CredentialStore(join(directory, 'none'), undefined).load(server.url.href)).rejects.toThrow(
    'no node token in the data directory and no join token',
  );
});
