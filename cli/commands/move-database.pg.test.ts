import { afterAll, beforeAll, expect, test } from 'bun:test';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '#db/connect.ts';
import { createTestDatabase } from '#test/support/database.ts';
import { ROOT } from '#test/support/import-law.ts';
import { type ServerProcess, databaseUrl, startServerProcess } from '#test/support/server-process.ts';

let directory: string;
let dataDir: string;
let server: ServerProcess;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-move-'));
  await chmod(directory, 0o711);
  dataDir = join(directory, 'data');
  server = await startServerProcess(dataDir, undefined, ['--database-fsync', 'false']);
}, 60_000);
afterAll(async () => {
  await server.kill('SIGKILL');
  await rm(directory, { recursive: true, force: true });
});

/** Runs a command of the binary; resolves with its exit status and what it said. */
async function skep(...words: string[]): Promise<[number, string]> {
  const child = Bun.spawn([process.execPath, join(ROOT, 'cli/main.ts'), ...words], {
    stdout: 'ignore',
    stderr: 'pipe',
  });
  const said = await new Response(child.stderr).text();
  return [await child.exited, said];
}

interface Item {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
}

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const create = (name: string) =>
  server.call('POST', CONFIG_MAPS, { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { name } });
async function list(): Promise<{ readonly revision: string; readonly items: ReadonlyMap<string, Item> }> {
  const body = (await (await server.call('GET', CONFIG_MAPS)).json()) as {
    metadata: { resourceVersion: string };
    items: Item[];
  };
  return {
    revision: body.metadata.resourceVersion,
    items: new Map(body.items.map((item) => [item.metadata.name, item])),
  };
}

test('a cluster moves from the embedded database to another Postgres by a backup under load and a restore', async () => {
  const file = join(directory, 'cluster.skep');
  let isEnough = false;
  // Each writes its next object when the one before is acknowledged, so an object is never there without those before it.
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    let next = 0;
    for (; !isEnough; next++) expect((await create(`w${writer}-${next}`)).status).toBe(201);
    return next;
  });
  const atStart = (await list()).items.size;
  const [status, said] = await skep('backup', file, '--data-dir', dataDir);
  isEnough = true;
  const written = await Promise.all(writers);
  expect([status, said]).toEqual([0, expect.stringMatching(/backup: \d+ objects at revision \d+/)]);
  const before = await list();
  const token = server.adminToken;
  await server.kill('SIGTERM');

  const address = await createTestDatabase();
  const url = databaseUrl(address);
  expect(await skep('restore', file, '--data-dir', dataDir, '--database-url', url)).toEqual([
    0,
    expect.stringMatching(/restore: \d+ objects of /),
  ]);
  server = await startServerProcess(dataDir, address);
  expect(server.adminToken).toBe(token);
  const after = await list();
  expect(after.items.size).toBeGreaterThanOrEqual(atStart);
  for (const [name, item] of after.items) expect(before.items.get(name)?.metadata).toEqual(item.metadata);
  for (const [writer, count] of written.entries()) {
    const there = Array.from({ length: count }, (_, index) => after.items.has(`w${writer}-${index}`));
    // The first ones and no gap.
    expect(there).toEqual(there.toSorted((a, b) => Number(b) - Number(a)));
  }
  const late = await server.call('GET', `${CONFIG_MAPS}?watch=1&resourceVersion=${before.revision}`);
  expect(await late.text()).toContain('"code":410');
  expect((await create('moved')).status).toBe(201);
}, 120_000);

test('a damaged backup and one of a newer format are refused with exit status 1, and neither data directory nor database is touched', async () => {
  const file = join(directory, 'cluster.skep');
  const bytes = await readFile(file);
  const text = Buffer.from(Bun.zstdDecompressSync(bytes)).toString();
  const refused = {
    'cut.skep': [bytes.subarray(0, bytes.length - 30), 'cut off'],
    'newer.skep': [
      Bun.zstdCompressSync(Buffer.from(text.replace('"formatVersion":1', '"formatVersion":2'))),
      'it has format 2',
    ],
  } as const;
  for (const [name, [content, message]] of Object.entries(refused)) {
    const path = join(directory, name);
    await writeFile(path, content);
    const fresh = join(directory, `fresh-${name}`);
    const database = await connect(await createTestDatabase());
    await database.pool`INSERT INTO objects (resource, namespace, name, revision, value) VALUES ('pods', '', 'kept', 1, '{}')`;
    const url = databaseUrl(database.address);
    const [status, said] = await skep('restore', path, '--data-dir', fresh, '--database-url', url, '--force');
    expect([status, said]).toEqual([1, expect.stringContaining(message)]);
    expect(await database.pool`SELECT name FROM objects`).toMatchObject([{ name: 'kept' }]);
    await database.close();
    expect(await Bun.file(join(fresh, 'identity', 'ca.key')).exists()).toBe(false);
  }
}, 60_000);
