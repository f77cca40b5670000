import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { KubeObject } from '#api/kind.ts';
import { type Database, connect } from '#db/connect.ts';
import { type ReadOnlyDatabase, openReadOnly, VIEWS } from '#db/query.ts';
import { writeBatch } from '#db/objects.ts';
import { createTestDatabase } from '#test/support/database.ts';
import { Command } from 'commander';
import { sqlCommand, statements } from './sql.ts';

let database: Database;
let reader: ReadOnlyDatabase;

const objects: readonly (readonly [resource: string, object: object])[] = [
  ['namespaces', { metadata: { name: 'default' }, status: { phase: 'Active' } }],
  [
    'nodes',
    {
      metadata: { name: 'pi' },
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '10.0.0.7' }],
        capacity: { cpu: '4' },
      },
    },
  ],
  ['nodes', { metadata: { name: 'bare' } }],
  [
    'pods',
    {
      metadata: {
        namespace: 'default',
        name: 'web-1',
        labels: { app: 'web' },
        ownerReferences: [{ kind: 'ReplicaSet', name: 'web', controller: true }],
      },
      spec: {
        nodeName: 'pi',
        containers: [
          { name: 'a', image: 'nginx:1' },
          { name: 'b', image: 'log:2' },
        ],
      },
      status: {
        phase: 'Running',
        podIP: '10.42.0.9',
        containerStatuses: [
          { ready: true, restartCount: 2 },
          { ready: false, restartCount: 1, state: { waiting: { reason: 'CrashLoopBackOff' } } },
        ],
      },
    },
  ],
  [
    'pods',
    {
      metadata: { namespace: 'default', name: 'new' },
      spec: { containers: [{ name: 'a', image: 'x' }] },
      status: { phase: 'Pending' },
    },
  ],
  [
    'deployments.apps',
    { metadata: { namespace: 'default', name: 'web' }, spec: { replicas: 3 }, status: { readyReplicas: 1 } },
  ],
  ['replicasets.apps', { metadata: { namespace: 'default', name: 'web' }, spec: { replicas: 3 } }],
  [
    'services',
    {
      metadata: { namespace: 'default', name: 'web' },
      spec: {
        type: 'NodePort',
        clusterIP: '10.43.0.9',
        ports: [
          { port: 80, nodePort: 30080, protocol: 'TCP' },
          { port: 53, protocol: 'UDP' },
        ],
      },
    },
  ],
  ['configmaps', { metadata: { namespace: 'default', name: 'cm' }, data: { b: 'hidden text', a: '' } }],
  ['secrets', { metadata: { namespace: 'default', name: 's' }, data: { password: 'aGlkZGVu' } }],
  [
    'events',
    {
      metadata: { namespace: 'default', name: 'e' },
      type: 'Warning',
      reason: 'BackOff',
      message: 'a\tb\u001b[31m',
      count: 4,
      involvedObject: { kind: 'Pod', name: 'web-1' },
      source: { component: 'kubelet' },
      lastTimestamp: '2026-01-02T03:04:05Z',
    },
  ],
];

beforeAll(async () => {
  database = await connect(await createTestDatabase());
  await writeBatch(
    database.writer,
    objects.map(([resource, object]) => {
      const whole = object as KubeObject;
      Object.assign(whole.metadata, { creationTimestamp: '2026-01-01T00:00:00Z' });
      const { namespace = '', name = '' } = whole.metadata;
      return { resource, namespace, name, expectedRevision: 0, value: JSON.stringify(whole) };
    }),
  );
  reader = await openReadOnly(database);
});
afterAll(async () => {
  await reader.close();
  await database.close();
});

async function ask(query: string, by = reader): Promise<(string | null)[][]> {
  const found: (string | null)[][] = [];
  await by.query(query, ({ rows }) => {
    found.push(...rows.map((row) => [...row]));
    return true;
  });
  return found;
}

describe('the views show ordinary columns', () => {
  test.each([
    ['SELECT name, phase FROM namespaces', [['default', 'Active']]],
    [
      'SELECT name, ready, ip, cpu FROM nodes ORDER BY name',
      [
        ['bare', 'f', null, null],
        ['pi', 't', '10.0.0.7', '4'],
      ],
    ],
    [
      "SELECT name, phase, reason, ready, containers, restarts, node, owner, images, labels ->> 'app' FROM pods WHERE namespace = 'default' ORDER BY name",
      [
        ['new', 'Pending', null, '0', '1', '0', null, null, 'x', null],
        ['web-1', 'Running', 'CrashLoopBackOff', '1', '2', '3', 'pi', 'web', 'nginx:1, log:2', 'web'],
      ],
    ],
    ['SELECT name, replicas, ready FROM deployments', [['web', '3', '1']]],
    ['SELECT replicas, current FROM replicasets', [['3', '0']]],
    ['SELECT type, cluster_ip, ports FROM services', [['NodePort', '10.43.0.9', '80:30080/TCP, 53/UDP']]],
    ['SELECT keys FROM configmaps', [['a, b']]],
    ['SELECT reason, object, count, last_seen::date::text FROM events', [['BackOff', 'web-1', '4', '2026-01-02']]],
    ["SELECT age > interval '1 day', date_part('year', created) FROM pods WHERE name = 'new'", [['t', '2026']]],
  ])('%s', async (query, rows) => {
    expect(await ask(query)).toEqual(rows);
  });

  test('a condition on namespace and name reaches the index, so that one pod costs one lookup', async () => {
    await database.pool`ANALYZE objects`;
    const plan = await database.pool.begin(async (sql) => {
      await sql`SET LOCAL enable_seqscan = off`;
      return sql.unsafe("EXPLAIN SELECT * FROM pods WHERE namespace = 'default' AND name = 'new'");
    });
    expect(JSON.stringify(plan)).toContain("(namespace = 'default'::text) AND (name = 'new'::text)");
  });

  test('every one of them can be read, and none shows the data of a ConfigMap or a Secret', async () => {
    for (const view of VIEWS) {
      const text = JSON.stringify(await ask(`TABLE ${view}`));
      expect(text).not.toContain('hidden');
      expect(text).not.toContain('aGlkZGVu');
    }
  });
});

/** Everything that changes something, or could. */
const WRITES = [
  'DELETE FROM objects',
  'WITH gone AS (DELETE FROM objects RETURNING name) SELECT * FROM gone',
  'UPDATE revision SET value = 1',
  "INSERT INTO allocations (scope, value, holder) VALUES ('a', 'b', 'c')",
  'SELECT * INTO copied FROM pods',
  'EXPLAIN ANALYZE DELETE FROM objects',
  'SELECT 1; DELETE FROM objects',
  'COMMIT; DELETE FROM objects',
  'SELECT * FROM objects FOR UPDATE',
  "SELECT set_config('transaction_read_only', 'off', true)",
  '/* SELECT */ DROP TABLE changes',
  "COPY (SELECT 1) TO PROGRAM 'true'",
  "COPY objects TO '/tmp/skep-copied'",
  'DO $$ BEGIN DELETE FROM objects; END $$',
  'SET TRANSACTION READ WRITE',
  'CREATE TEMP TABLE t (a int)',
  'TRUNCATE objects',
  "SELECT query_to_xml('DELETE FROM objects', true, true, '')",
  'SELECT lo_create(0)',
];

describe('no write gets through', () => {
  const state = () =>
    database.pool`SELECT (SELECT count(*) FROM objects) AS objects, (SELECT count(*) FROM changes) AS changes, (SELECT value FROM revision) AS revision,
      (SELECT count(*) FROM allocations) AS allocations, (SELECT count(*) FROM pg_class) AS relations, (SELECT count(*) FROM pg_largeobject_metadata) AS large`;

  test.each(WRITES)('%s', async (query) => {
    const before = await state();
    // With no more rights than the views, and with those of the database's owner, as over a URL.
    const owner = await openReadOnly({ address: { url: urlOf(database) }, pool: database.pool });
    expect(await ask('SELECT current_user', owner)).toEqual([['postgres']]);
    for (const by of [reader, owner])
      await expect(ask(query, by)).rejects.toThrow(
        /read-only|run here|permission denied|multiple commands|before any query|non-volatile/,
      );
    await owner.close();
    expect([...(await state())]).toEqual([...before]);
  });

  test('the tables themselves, and with them Secrets, are out of reach of the embedded reader', async () => {
    for (const query of ['SELECT value FROM objects', 'SELECT * FROM changes', "SELECT pg_read_file('/etc/passwd')"])
      await expect(ask(query)).rejects.toThrow('permission denied');
  });
});

/** The same database, as a person would name it. */
function urlOf({ address }: Database): string {
  if ('url' in address) return address.url;
  // A URL cannot name a socket; without a host the client takes libpq's variables.
  Object.assign(process.env, { PGHOST: address.socketDirectory, PGUSER: address.user });
  return `postgres:///${address.database}`;
}

test('a query that takes longer than 10 s is ended, and the next one works', async () => {
  const started = performance.now();
  await expect(ask('SELECT pg_sleep(60)')).rejects.toThrow('longer than 10s');
  expect(performance.now() - started).toBeLessThan(20_000);
  expect(await ask('SELECT 1')).toEqual([['1']]);
}, 30_000);

async function skep(...words: string[]): Promise<{ printed: string[]; said: string[] }> {
  const printed: string[] = [];
  const said: string[] = [];
  const program = new Command().exitOverride();
  sqlCommand(program, {
    environment: {},
    postgresArchive: undefined,
    say: (line) => void said.push(line),
    print: (line) => void printed.push(line),
  });
  await program.parseAsync(['bun', 'skep', 'sql', '--database-url', urlOf(database), ...words]);
  return { printed, said };
}

test('skep sql -c prints a table, and objects with --json', async () => {
  const query = 'SELECT name, ready, node, labels FROM pods ORDER BY name';
  expect(await skep('-c', query)).toEqual({
    printed: ['name   ready  node  labels', 'new    0', 'web-1  1      pi    {"app": "web"}'],
    said: ['2 rows'],
  });
  expect((await skep('-c', query, '--json')).printed.map((line) => JSON.parse(line))).toEqual([
    { name: 'new', ready: 0, node: null, labels: null },
    { name: 'web-1', ready: 1, node: 'pi', labels: { app: 'web' } },
  ]);
  const many = await skep('-c', 'SELECT generate_series(1, 1200) AS n', '--json');
  expect(many.printed).toHaveLength(1200);
  expect(many.printed.at(-1)).toBe('{"n":1200}');
  expect((await skep('-c', 'SELECT message FROM events')).printed).toEqual(['message', 'a b [31m']);
  expect((await skep('-c', 'SELECT name FROM pods WHERE false')).printed).toEqual(['name']);
  expect((await skep('-c', 'SELECT generate_series(1, 20000)')).said[0]).toStartWith('sql: more than 10000 rows');
  await expect(skep('-c', 'SELECT nothing FROM pods')).rejects.toThrow('column "nothing" does not exist');
});

test('statements() splits at semicolons outside of quotes and comments, wherever the input was cut', async () => {
  const text = `SELECT ';' AS "a;b"; -- one; two\nSELECT $x$;$x$ /* ; */;;\n SELECT 'it''s;'`;
  for (const size of [1, 3, 1000]) {
    const bytes = new TextEncoder().encode(text);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
    const found: string[] = [];
    for await (const one of statements(stream)) found.push(one);
    expect(found).toEqual([`SELECT ';' AS "a;b"`, `-- one; two\nSELECT $x$;$x$ /* ; */`, `SELECT 'it''s;'`]);
  }
});
