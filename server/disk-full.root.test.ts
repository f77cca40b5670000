import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdir, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectClient } from '#db/connect.ts';
import { runningEmbedded, stopEmbedded } from '#db/embedded.ts';
import { eventually } from '#test/support/eventually.ts';
import { type ServerProcess, startServerProcess } from '#test/support/server-process.ts';

/** The embedded Postgres is on a disk of its own that can be filled: a small tmpfs below the data directory. */
let dataDir: string;
let disk: string;
let server: ServerProcess;
const acknowledged: string[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'skep-disk-full-'));
  disk = join(dataDir, 'postgres');
  await mkdir(disk);
  expect(Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=160m,mode=0755', 'tmpfs', disk]).exitCode).toBe(0);
  server = await startServerProcess(dataDir, undefined);
  expect((await create('first')).status).toBe(201);
}, 60_000);
afterAll(async () => {
  await server.kill('SIGKILL');
  await stopEmbedded(dataDir);
  Bun.spawnSync(['umount', '-l', disk]);
  await rm(dataDir, { recursive: true });
});

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

/** 87 KB that do not compress. */
async function create(name: string): Promise<Response> {
  const random = Buffer.from(crypto.getRandomValues(new Uint8Array(65_536))).toString('base64');
  const body = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name }, data: { random } };
  const answer = await server.call('POST', CONFIG_MAPS, body);
  if (answer.status === 201) acknowledged.push(name);
  return answer;
}

async function fill(leavingBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(disk);
  await writeFile(join(disk, 'filler'), new Uint8Array(Math.max(0, bavail * bsize - leavingBytes)));
}
const free = () => rm(join(disk, 'filler'));

const read = async () => {
  const { status, headers } = await server.call('GET', `${CONFIG_MAPS}/first`);
  return [status, headers.get('warning')?.slice(0, 5)];
};

/** All that was acknowledged is there, and writes go through. */
async function isWell(name: string): Promise<void> {
  await eventually(async () => expect((await create(name)).status).toBe(201), 30_000);
  await eventually(async () => expect(await read()).toEqual([200, undefined]), 10_000);
  const list = (await (await server.call('GET', CONFIG_MAPS)).json()) as { items: { metadata: { name: string } }[] };
  const names = new Set(list.items.map(({ metadata }) => metadata.name));
  expect(acknowledged.filter((one) => !names.has(one))).toEqual([]);
}

test('no space for a table: writes are 503 and say so, reads go on as before, and it goes on when there is space', async () => {
  await fill(1_000_000);
  let answer = await create('a-0');
  for (let round = 1; answer.status === 201 && round < 400; round++) answer = await create(`a-${round}`);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '5']);
  expect(((await answer.json()) as { message: string }).message).toBe(
    'Cannot write: the database has no space left; try again later',
  );
  expect(await read()).toEqual([200, undefined]);
  expect(await server.log()).toContain('"why":"its disk is full; nothing can be written until there is space"');
  await free();
  await isWell('after-table');
}, 90_000);

test('no space for its log: Postgres crashes and cannot start, reads come from memory, and it starts again when there is space', async () => {
  await fill(0);
  const address = await runningEmbedded(dataDir);
  if (address === undefined) throw new Error('Postgres does not run');
  const sql = connectClient(address, { name: 'test', max: 1 });
  // Goes to the write-ahead log and nowhere else.
  const crash = async (): Promise<void> => {
    for (let round = 0; round < 200; round++)
      await sql`SELECT pg_logical_emit_message(true, 'test', repeat('x', 1000000))`;
  };
  await expect(crash()).rejects.toThrow();
  await sql.end({ timeout: 0 });
  await eventually(async () => {
    expect(await read()).toEqual([200, '299 -']);
    const { status, headers } = await create('refused');
    expect([status, headers.get('retry-after')]).toEqual([503, '1']);
  }, 10_000);
  await eventually(async () => {
    const line = (await server.log()).split('\n').find((one) => one.includes('cannot start Postgres again'));
    expect(line).toContain('No space left on device');
  }, 10_000);
  await free();
  await isWell('after-log');
}, 90_000);

test('a start without space ends and says so, and goes well when there is space', async () => {
  await server.kill('SIGTERM');
  await fill(0);
  await expect(startServerProcess(dataDir, undefined)).rejects.toThrow(
    /The server ended with 1:.*Cannot start Postgres.*No space left on device/s,
  );
  await free();
  server = await startServerProcess(dataDir, undefined);
  await isWell('after-start');
  expect(await readFile(join(dataDir, 'server.pid'), 'utf8')).toMatch(/^\d+/);
}, 90_000);
