import { afterAll, afterEach, beforeEach, expect, test } from 'bun:test';
import { copyFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Database } from '#db/connect.ts';
import { IdentityTable } from '#db/identity.ts';
import { openTestDatabase } from '#test/support/database.ts';
import { loadAuthority } from './authority.ts';
import { seal, unseal } from './sealed.ts';
import { shareIdentity } from './shared-identity.ts';
import { loadTokenKeys } from './tokens.ts';

const directories: string[] = [];
const databases: Database[] = [];
let database: Database;
let table: IdentityTable;

beforeEach(async () => {
  database = await openTestDatabase();
  databases.push(database);
  table = new IdentityTable(database.pool);
});
afterEach(async () => {
  for (const one of directories.splice(0)) await rm(one, { recursive: true });
});
afterAll(async () => {
  for (const one of databases) await one.close();
});

async function directory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'skep-identity-'));
  directories.push(path);
  return path;
}

const FILES = ['admin.token', 'ca.crt', 'ca.key', 'service-account.key'];
const contents = (path: string) => Promise.all(FILES.map((name) => readFile(join(path, name), 'utf8')));
const giveKey = (from: string, to: string) => copyFile(join(from, 'encryption.key'), join(to, 'encryption.key'));
const message = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );

test('shareIdentity() makes all servers with the key known by the same CA, keys and admin token', async () => {
  const [first, second] = [await directory(), await directory()];
  await shareIdentity({ table, directory: first });
  await giveKey(first, second);
  await shareIdentity({ table, directory: second });
  expect(await contents(second)).toEqual(await contents(first));
  expect((await stat(join(second, 'ca.key'))).mode & 0o777).toBe(0o600);
  const [one, two] = [await loadAuthority(first, ['a.example']), await loadAuthority(second, ['b.example'])];
  expect(two.caHash).toBe(one.caHash);
  expect(two.servingKey).not.toBe(one.servingKey);
  await shareIdentity({ table, directory: first });
});

test('shareIdentity() takes what an older server has left on disk into an empty database', async () => {
  const first = await directory();
  const { caHash } = await loadAuthority(first, ['localhost']);
  const { adminToken } = await loadTokenKeys(first);
  await shareIdentity({ table, directory: first });
  expect((await loadAuthority(first, ['localhost'])).caHash).toBe(caHash);
  expect((await loadTokenKeys(first)).adminToken).toBe(adminToken);
});

test('shareIdentity() keeps no secret in the database that can be read without the key', async () => {
  const first = await directory();
  await shareIdentity({ table, directory: first });
  const rows = await database.pool<{ value: string }[]>`SELECT value FROM identity`;
  const all = rows.map(({ value }) => value).join('\n');
  expect(rows).toHaveLength(4);
  for (const text of await contents(first)) {
    expect(all).not.toContain(text.trim());
    expect(all).not.toContain(Buffer.from(text).toString('base64url'));
  }
});

test('shareIdentity() refuses a server without the key or with another, and leaves nothing of its own behind', async () => {
  const [first, second] = [await directory(), await directory()];
  await shareIdentity({ table, directory: first });
  expect(await message(shareIdentity({ table, directory: second }))).toBe(
    `Cannot open the cluster's identity in the database: there is no key in ${second}/encryption.key. Copy identity/encryption.key from the data directory of a server that runs to this one, or name a copy by --encryption-key-file`,
  );
  expect(await readdir(second)).toEqual([]);
  const other = join(second, 'other.key');
  await writeFile(other, Buffer.alloc(32, 7).toString('base64'));
  expect(await message(shareIdentity({ table, directory: second, keyFile: other }))).toContain(
    `the key in ${other} is not the one it is sealed with`,
  );
  await writeFile(other, 'short');
  expect(await message(shareIdentity({ table, directory: second, keyFile: other }))).toContain(
    'want 32 bytes in base64',
  );
  await shareIdentity({ table, directory: second, keyFile: join(first, 'encryption.key') });
  expect(await contents(second)).toEqual(await contents(first));
});

test('shareIdentity() refuses the directory of another cluster', async () => {
  const [first, second] = [await directory(), await directory()];
  await shareIdentity({ table, directory: first });
  await loadAuthority(second, []);
  await giveKey(first, second);
  const before = await readFile(join(second, 'ca.key'), 'utf8');
  expect(await message(shareIdentity({ table, directory: second }))).toContain(`its ca.crt is another cluster's`);
  expect(await readFile(join(second, 'ca.key'), 'utf8')).toBe(before);
});

test('shareIdentity() of servers that begin at once lets one make it', async () => {
  const both = [await directory(), await directory(), await directory()];
  const key = join(both[0] ?? '', 'shared.key');
  await writeFile(key, Buffer.alloc(32, 9).toString('base64'));
  await Promise.all(both.map((path) => shareIdentity({ table, directory: path, keyFile: key })));
  const [one, ...others] = await Promise.all(both.map(contents));
  expect(others).toEqual([one ?? [], one ?? []]);
});

test('unseal() opens a text under its own name and key only, and not when a bit of it is another', () => {
  const key = Buffer.alloc(32, 1);
  const sealed = seal(key, 'ca.key', 'text ü');
  expect(unseal(key, 'ca.key', sealed)).toBe('text ü');
  expect(unseal(key, 'admin.token', sealed)).toBeUndefined();
  expect(unseal(Buffer.alloc(32, 2), 'ca.key', sealed)).toBeUndefined();
  const [version, text = ''] = sealed.split('.');
  const bytes = Buffer.from(text, 'base64url');
  for (let at = 0; at < bytes.length; at++) {
    const broken = Buffer.from(bytes);
    broken[at] = (broken[at] ?? 0) ^ 1;
    expect(unseal(key, 'ca.key', `${version}.${broken.toString('base64url')}`)).toBeUndefined();
  }
});
