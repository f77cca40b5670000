import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTestDatabase, silentLog } from '#test/support/database.ts';
import { dump, OTHER_TABLES, SAVED_TABLES } from './backup.ts';
import { createBackup, readBackup, readHeader } from './backup-file.ts';
import type { Database } from './connect.ts';
import { DEFAULT_RETENTION, maintainLog, oldestRevision } from './log-partitions.ts';
import { SOMEBODY, readEpoch } from './epoch.ts';
import { writeBatch } from './objects.ts';
import { load, verifyBackup } from './restore.ts';
import { ServerSession } from './server-session.ts';
import { eventually } from '#test/support/eventually.ts';

const OBJECTS = 10_000;
const KEY = { file: 'ca.key', mode: 0o600, content: Buffer.from('secret key').toString('base64') };

let directory: string;
let source: Database;
let path: string;

/** Texts that could suffer on the way: quotes, escapes, newlines within JSON, what is not ASCII, half a surrogate pair, and large ones. */
const value = (index: number): string =>
  JSON.stringify({ index, text: `"\\ \n\u001f é 🐝 \ud800 ${'x'.repeat(index % 700 === 0 ? 300_000 : index % 300)}` });

async function save(database: Database, name: string): Promise<string> {
  const target = join(directory, name);
  const writer = await createBackup(target);
  await dump(database.pool, { writer, files: [KEY], onProgress: () => undefined });
  await writer.finish();
  return target;
}

const restore = async (file: string, database: Database, force = false): Promise<number> =>
  load(database.pool, await verifyBackup(file, await readHeader(file)), {
    force,
    onProgress: () => undefined,
  });

const rowsOf = ({ pool }: Database) =>
  pool`SELECT resource, namespace, name, revision, value, written_at::text FROM objects ORDER BY resource, namespace, name`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-backup-'));
  source = await openTestDatabase();
  for (let from = 0; from < OBJECTS; from += 250) {
    const writes = Array.from({ length: 250 }, (_, index) => ({
      resource: index % 2 === 0 ? 'configmaps' : 'pods',
      namespace: `ns-${index % 7}`,
      name: `o-${from + index}`,
      expectedRevision: 0,
      value: value(from + index),
    }));
    await writeBatch(source.writer, writes);
  }
  await source.pool`INSERT INTO allocations (scope, value, holder) VALUES ('clusterip', '10.43.0.9', 'uid-1')`;
  path = await save(source, 'whole');
});
afterAll(async () => {
  await source.close();
  await rm(directory, { recursive: true, force: true });
});

test('every table is either saved or known to be made anew', async () => {
  const tables = await source.pool<{ name: string }[]>`
    SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition AND relnamespace = 'public'::regnamespace`;
  expect(tables.map(({ name }) => name).toSorted()).toEqual([...SAVED_TABLES, ...OTHER_TABLES].toSorted());
});

describe('a backup and a restore', () => {
  let target: Database;
  let revision: number;

  beforeAll(async () => {
    target = await openTestDatabase();
    revision = await restore(path, target);
  });
  afterAll(() => target.close());

  test(`give ${OBJECTS} objects with the same bytes and revisions, and what was given out`, async () => {
    const rows = await rowsOf(target);
    expect(rows).toHaveLength(OBJECTS);
    expect(Bun.deepEquals([...rows], [...(await rowsOf(source))])).toBe(true);
    const allocations = ({ pool }: Database) => pool`SELECT scope, value, holder, allocated_at::text FROM allocations`;
    expect([...(await allocations(target))]).toEqual([...(await allocations(source))]);
  });

  test('let revisions rise beyond any that was ever given out, and the log begin there', async () => {
    const [before] = await source.pool<{ value: number }[]>`SELECT value FROM revision`;
    expect(revision).toBeGreaterThanOrEqual((before?.value ?? 0) + 1_000_000_000);
    expect(await oldestRevision(target.pool)).toBe(revision);
    await maintainLog(target.pool, DEFAULT_RETENTION, true);
    const written = await writeBatch(target.writer, [
      { resource: 'pods', namespace: 'a', name: 'new', expectedRevision: 0, value: '{}' },
    ]);
    expect(written).toMatchObject({ base: revision, applied: [true] });
  });

  test('keep out batches of before, and let the next server wait for one that may still believe to be alone', async () => {
    expect(await readEpoch(target.pool)).toMatchObject({ epoch: revision, alone: SOMEBODY });
  });

  test('do not replace a cluster unless told to', async () => {
    await expect(restore(path, target)).rejects.toThrow(`there is a cluster with ${OBJECTS + 1} objects`);
    expect(await restore(path, target, true)).toBeGreaterThan(revision + 1_000_000_000);
    expect(await rowsOf(target)).toHaveLength(OBJECTS);
  });
});

test('a backup holds secrets: its mode is 0600, and a second one of the same state has the same rows', async () => {
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  const rows = async (file: string) => (await Array.fromAsync(readBackup(file))).map((entry) => JSON.stringify(entry));
  expect(await rows(await save(source, 'again'))).toEqual(await rows(path));
});

test('a backup is of one moment, while writers go on', async () => {
  const database = await openTestDatabase();
  let stop = false;
  let count = 0;
  const writing = (async () => {
    while (!stop) {
      const pair = [`a-${count}`, `b-${count}`];
      await writeBatch(
        database.writer,
        pair.map((name) => ({ resource: 'pods', namespace: '', name, expectedRevision: 0, value: '{}' })),
      );
      count += 1;
    }
  })();
  await eventually(() => expect(count).toBeGreaterThan(50));
  const file = await save(database, 'moving');
  const atEnd = count;
  stop = true;
  await writing;
  const header = await readHeader(file);
  const entries = await Array.fromAsync(readBackup(file));
  const names = entries.flatMap((entry) => ('row' in entry ? [(JSON.parse(entry.row) as { name: string }).name] : []));
  // Both of each batch or neither, and as many as the revision says: the counter begins at 1.
  expect(names.length).toBe(header.revision - 1);
  expect(names.filter((name) => name.startsWith('a-')).length).toBe(names.length / 2);
  expect(names.length / 2).toBeLessThanOrEqual(atEnd);
  await database.close();
});

test('restore refuses while a server runs on the database, and changes nothing', async () => {
  const database = await openTestDatabase();
  const session = new ServerSession({ address: database.address, log: silentLog });
  const running = session.run();
  await eventually(() => expect(session.isMember).toBe(true));
  await expect(restore(path, database, true)).rejects.toThrow(
    'a server runs on this database; stop every server first',
  );
  expect(await rowsOf(database)).toHaveLength(0);
  await session.stop();
  await running;
  await restore(path, database);
  expect(await rowsOf(database)).toHaveLength(OBJECTS);
  await database.close();
});

/** The uncompressed lines of the whole backup, changed, as a backup again. */
async function changed(name: string, change: (lines: string[]) => string[]): Promise<string> {
  const text = Buffer.from(Bun.zstdDecompressSync(await readFile(path))).toString();
  const file = join(directory, name);
  await writeFile(file, Bun.zstdCompressSync(Buffer.from(change(text.split('\n')).join('\n'))));
  return file;
}

async function cut(name: string, change: (bytes: Buffer) => Buffer): Promise<string> {
  const file = join(directory, name);
  await writeFile(file, change(await readFile(path)));
  return file;
}

const withHeader = (change: object) => (lines: string[]) => [
  JSON.stringify({ ...(JSON.parse(lines[0] ?? '') as object), ...change }),
  ...lines.slice(1),
];

describe('a file that is not whole or not ours is refused before anything is changed', () => {
  test.each([
    ['cut off by its last bytes', () => cut('c1', (bytes) => bytes.subarray(0, -40)), 'cut off'],
    ['cut in half', () => cut('c2', (bytes) => bytes.subarray(0, bytes.length / 2)), 'cut off'],
    ['empty', () => cut('c3', () => Buffer.alloc(0)), /empty|cannot be decompressed/],
    ['no backup at all', () => cut('c4', () => Buffer.from('kind: Pod\n')), 'cannot be decompressed'],
    [
      'with one bit turned',
      () =>
        cut('c5', (bytes) => {
          const copy = Buffer.from(bytes);
          copy[copy.length >> 1] = (copy[copy.length >> 1] ?? 0) ^ 4;
          return copy;
        }),
      /damaged/,
    ],
    ['without its last line', () => changed('l1', (lines) => lines.slice(0, -2)), 'its last line is missing'],
    [
      'with a line missing in the middle',
      () => changed('l2', (lines) => lines.toSpliced(500, 1)),
      'its SHA-256 is not the one that was written',
    ],
    [
      'with a value changed',
      () =>
        changed('l3', (lines) => lines.with(500, (lines[500] ?? '').replace('xx', 'xy').replace('"index', '"jndex'))),
      'its SHA-256',
    ],
    [
      'of a newer format',
      () => changed('n1', withHeader({ formatVersion: 2, skep: '9.9.9' })),
      'it has format 2, made by Skep 9.9.9; this Skep reads format 1',
    ],
    [
      'of a newer schema',
      () => changed('n2', withHeader({ skep: '9.9.9', migrations: ['0000_ground', '9999_later'] })),
      'made by Skep 9.9.9, whose tables this Skep does not know (9999_later)',
    ],
    ['of another program', () => changed('n3', withHeader({ format: 'other' })), 'it is no backup of Skep'],
  ] as const)('%s', async (_, make, message) => {
    const file = await make();
    const database = await openTestDatabase();
    await database.pool`INSERT INTO objects (resource, namespace, name, revision, value) VALUES ('pods', '', 'kept', 1, '{}')`;
    await expect(restore(file, database, true)).rejects.toThrow(message);
    expect((await rowsOf(database)).map(({ name }) => name as string)).toEqual(['kept']);
    await database.close();
  });
});

test('a backup of an older schema gets the tables it had, and then the migrations that came since', async () => {
  const file = await changed('old', (lines) => {
    const header = JSON.parse(lines[0] ?? '') as { migrations: string[] };
    const some = [withHeader({ migrations: header.migrations.slice(0, 1) })(lines)[0] ?? '', ...lines.slice(1, -2)];
    const sha256 = new Bun.CryptoHasher('sha256').update(`${some.join('\n')}\n`).digest('hex');
    const end = JSON.parse(lines.at(-2) ?? '') as { end: object };
    return [...some, JSON.stringify({ end: end.end, sha256 }), ''];
  });
  const database = await openTestDatabase();
  await restore(file, database);
  expect(await rowsOf(database)).toHaveLength(OBJECTS);
  const applied = ({ pool }: Database) => pool`SELECT id, name FROM skep_migrations ORDER BY id`;
  expect([...(await applied(database))]).toEqual([...(await applied(source))]);
  expect(await database.pool`SELECT changed_by FROM changes`).toHaveLength(0);
  await database.close();
});

test('a restore that fails half-way leaves what was there', async () => {
  const database = await openTestDatabase();
  await writeBatch(database.writer, [
    { resource: 'pods', namespace: '', name: 'kept', expectedRevision: 0, value: '{}' },
  ]);
  const backup = await verifyBackup(path, await readHeader(path));
  let rows = 0;
  const failing = load(database.pool, backup, {
    force: true,
    onProgress: (count) => {
      rows = count;
      if (count > 5_000) throw new Error('power cut');
    },
  });
  await expect(failing).rejects.toThrow('power cut');
  expect(rows).toBeGreaterThan(5_000);
  expect((await rowsOf(database)).map(({ name }) => name as string)).toEqual(['kept']);
  await database.close();
});

test('a backup that cannot be written leaves no file behind, and says why', async () => {
  const before = await readdir(directory);
  const writer = await createBackup(join(directory, 'given-up'));
  await writer.header({ skep: 'x', createdAt: '', revision: 1, migrations: [] });
  await writer.abandon();
  expect(await readdir(directory)).toEqual(before);
  await expect(createBackup(join(directory, 'none', 'file'))).rejects.toThrow('ENOENT');
});
