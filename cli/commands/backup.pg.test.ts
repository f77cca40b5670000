import { afterAll, beforeAll, expect, test } from 'bun:test';
import { chmod, cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { connect, type Database } from '#db/connect.ts';
import { type EmbeddedPostgres, runningEmbedded, startEmbedded } from '#db/embedded.ts';
import { loadAuthority } from '#server/identity/authority.ts';
import { loadTokenKeys } from '#server/identity/tokens.ts';
import { type DatabaseStore, openStore } from '#server/store/store.ts';
import { createTestDatabase, silentLog } from '#test/support/database.ts';
import { backupCommand } from './backup.ts';
import { restoreCommand } from './restore.ts';

const SETTINGS = { fsync: 'off' };
let parent: string;
let dataDir: string;
let file: string;
let postgres: EmbeddedPostgres;
let database: Database;
let store: DatabaseStore;
let running: Promise<void>;

/** Runs a command line; resolves with what it said. */
async function skep(...words: string[]): Promise<string[]> {
  const said: string[] = [];
  const program = new Command().exitOverride();
  const host = {
    environment: {},
    postgresArchive: undefined,
    say: (line: string) => void said.push(line),
    print: (line: string) => void said.push(line),
  };
  backupCommand(program, host);
  restoreCommand(program, host);
  await program.parseAsync(['bun', 'skep', ...words]);
  return said;
}

const create = (name: string) =>
  store.write({
    operation: 'create',
    resource: 'configmaps',
    namespace: 'default',
    name,
    expectedRevision: 0,
    object: { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name, namespace: 'default', uid: `uid-${name}` } },
  });

beforeAll(async () => {
  parent = await mkdtemp(join(tmpdir(), 'skep-move-'));
  await chmod(parent, 0o711);
  dataDir = join(parent, 'a');
  file = join(parent, 'cluster.backup');
  postgres = await startEmbedded({ dataDirectory: dataDir, log: silentLog, settings: SETTINGS });
  await loadAuthority(join(dataDir, 'identity'), ['127.0.0.1']);
  await loadTokenKeys(join(dataDir, 'identity'));
  await writeFile(join(dataDir, 'identity', 'encryption.key'), 'key', { mode: 0o600 });
  database = await connect(postgres.address);
  store = await openStore({ database, log: silentLog });
  running = store.run();
  await create('one');
  await create('two');
});
afterAll(async () => {
  await store.stop();
  await running;
  await database.close();
  await postgres.stop();
  await rm(parent, { recursive: true, force: true });
});

/** The store of a restored cluster, handed to `look`. */
async function withStore(
  address: Database['address'],
  look: (restored: DatabaseStore) => Promise<void>,
): Promise<void> {
  const restored = await connect(address);
  const opened = await openStore({ database: restored, log: silentLog });
  const run = opened.run();
  try {
    await look(opened);
  } finally {
    await opened.stop();
    await run;
    await restored.close();
  }
}

async function isSame(restored: DatabaseStore): Promise<void> {
  expect(restored.list('configmaps').map(({ text }) => text)).toEqual(store.list('configmaps').map(({ text }) => text));
  const before = store.revision();
  expect(restored.revision()).toBeGreaterThan(before);
  // Who watched before does not wait for ever for what it has missed: it is told to list again.
  const nothing = { event: () => undefined };
  for (const revision of [1, before, before + 500])
    expect(() => restored.subscribe('configmaps', revision, nothing)).toThrow(/too old resource version/);
  restored.subscribe('configmaps', restored.revision(), nothing)();
}

const identityOf = (directory: string) =>
  Promise.all(
    ['ca.crt', 'ca.key', 'admin.token', 'service-account.key', 'encryption.key'].map(async (name) => {
      const path = join(directory, 'identity', name);
      return [name, await readFile(path, 'utf8'), (await stat(path)).mode & 0o777];
    }),
  );

test('skep backup works beside a running server, and leaves its Postgres running', async () => {
  const said = await skep('backup', file, '--data-dir', dataDir);
  expect(said.at(-1)).toMatch(/^backup: 2 objects at revision \d+, \d+ bytes in .*; it holds secrets$/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await runningEmbedded(dataDir)).toBeDefined();
  expect(Buffer.from(Bun.zstdDecompressSync(await readFile(file))).toString()).not.toContain('server.key');
});

test('skep restore into a fresh data directory gives the same objects, revisions, uids, CA, keys and tokens', async () => {
  const fresh = join(parent, 'fresh');
  const said = await skep('restore', file, '--data-dir', fresh);
  expect(said[0]).toBe(`restore: checking ${file}`);
  expect(said.at(-1)).toContain('restore: 2 objects of ');
  expect(await identityOf(fresh)).toEqual(await identityOf(dataDir));
  expect(await runningEmbedded(fresh)).toBeUndefined();
  const again = await startEmbedded({ dataDirectory: fresh, log: silentLog, settings: SETTINGS });
  await withStore(again.address, isSame);
  await again.stop();
  await expect(skep('restore', file, '--data-dir', fresh)).rejects.toThrow(
    'a cluster with 2 objects in this database; --force',
  );
  await loadAuthority(join(parent, 'other', 'identity'), ['127.0.0.1']);
  await expect(skep('restore', file, '--data-dir', join(parent, 'other'))).rejects.toThrow(
    'CA of another cluster; --force',
  );
  await skep('restore', file, '--data-dir', fresh, '--force');

  // And the stopped one can be backed up: its Postgres runs for that long only.
  const second = join(parent, 'second.backup');
  expect(await skep('backup', second, '--data-dir', fresh)).toEqual([
    'database: starting the embedded Postgres',
    expect.stringContaining('backup: 2 objects'),
  ]);
  expect(await runningEmbedded(fresh)).toBeUndefined();
}, 60_000);

test('skep restore --database-url moves an embedded cluster to another Postgres', async () => {
  const address = await createTestDatabase();
  if ('url' in address) throw new Error('no socket');
  // A URL cannot name a socket; without a host the client takes libpq's variables.
  Object.assign(process.env, { PGHOST: address.socketDirectory, PGUSER: address.user });
  const moved = join(parent, 'moved');
  // In place: a data directory that has the cluster's keys already, beside its embedded database.
  await cp(join(dataDir, 'identity'), join(moved, 'identity'), { recursive: true });
  await skep('restore', file, '--data-dir', moved, '--database-url', `postgres:///${address.database}`);
  expect(await identityOf(moved)).toEqual(await identityOf(dataDir));
  await withStore(address, isSame);
  await expect(
    skep('restore', file, '--data-dir', join(parent, 'third'), '--database-url', `postgres:///${address.database}`),
  ).rejects.toThrow('there is a cluster with 2 objects in this database; --force replaces it');
  const back = join(parent, 'back.backup');
  const said = await skep('backup', back, '--data-dir', moved, '--database-url', `postgres:///${address.database}`);
  expect(said.at(-1)).toContain('backup: 2 objects');
});

test('what cannot be done says what to do instead, and changes nothing', async () => {
  const nowhere = join(parent, 'nowhere');
  await expect(skep('backup', file, '--data-dir', nowhere)).rejects.toThrow('run this on a host with a server');
  await expect(skep('restore', join(parent, 'none'), '--data-dir', nowhere)).rejects.toThrow('ENOENT');
  const broken = join(parent, 'broken');
  await writeFile(broken, (await readFile(file)).subarray(0, 100));
  await expect(skep('restore', broken, '--data-dir', nowhere)).rejects.toThrow('cut off');
  expect(await stat(nowhere).catch(() => 'not there')).toBe('not there');
  const busy = join(parent, 'fresh');
  const server = Bun.spawn(['sh', '-c', 'sleep 60; : skep'], { stdout: 'ignore' });
  await writeFile(join(busy, 'server.pid'), `${server.pid}\n`);
  await expect(skep('restore', file, '--data-dir', busy, '--force')).rejects.toThrow(
    `server ${server.pid} runs with ${busy}; stop it first`,
  );
  server.kill();
});
