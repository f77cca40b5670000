import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTestDatabase } from './support/database.ts';
import { eventually } from './support/eventually.ts';
import { ROOT } from './support/import-law.ts';
import { type ServerProcess, startServerProcess } from './support/server-process.ts';

/** `SKEP_WRITE_PAGES=1 bun test test/metrics-page.pg.test.ts` writes the table of this page anew. */
const PAGE = join(ROOT, 'docs/metrics.md');
const HEADING = '\n## The metrics\n\n';

interface Metric {
  readonly name: string;
  type: string;
  help: string;
  readonly labels: Set<string>;
  series: number;
}

/** Prometheus' text format: the metrics in it by name. */
function parse(text: string): Map<string, Metric> {
  const found = new Map<string, Metric>();
  const metric = (name: string): Metric => {
    const known = found.get(name) ?? { name, type: '', help: '', labels: new Set<string>(), series: 0 };
    found.set(name, known);
    return known;
  };
  let current: Metric | undefined;
  for (const line of text.split('\n')) {
    const [, what, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (what !== undefined) {
      current = metric(name);
      if (what === 'HELP') current.help = rest;
      else current.type = rest;
    } else if (line !== '' && current !== undefined) {
      current.series += 1;
      for (const [, label = ''] of line.matchAll(/[{,](\w+)="/g)) if (label !== 'le') current.labels.add(label);
    }
  }
  return found;
}

/** The table as `bun fmt` leaves it. */
function tableOf(metrics: Iterable<Metric>): string {
  const rows = [...metrics]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labels, help }) => {
      const all = [...labels].map((label) => `\`${label}\``).join(', ');
      return [`\`${name}\``, type, all, help.replaceAll('|', '\\|')];
    });
  const cells = [['metric', 'type', 'labels', 'what it tells'], ...rows];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |\n`;
  const [head = [], ...body] = cells;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...body.map(line)].join('');
}

let directory: string;
let server: ServerProcess;
let metrics: Map<string, Metric>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-metrics-'));
  server = await startServerProcess(directory, await createTestDatabase());
  const pods = '/api/v1/namespaces/default/pods';
  const pod = { metadata: { name: 'nowhere' }, spec: { containers: [{ name: 'a', image: 'localhost/a:1' }] } };
  // No node can take it: the scheduler has an attempt to tell of.
  await eventually(async () => expect((await server.call('POST', pods, pod)).status).toBe(201));
  const watch = await server.call('GET', `${pods}?watch=1`);
  metrics = await eventually(async () => {
    const all = parse(await (await server.call('GET', '/metrics')).text());
    expect([...all.values()].filter(({ series }) => series === 0).map(({ name }) => name)).toEqual([]);
    return all;
  }, 15_000);
  await watch.body?.cancel();
});
afterAll(async () => {
  await server.kill('SIGTERM');
  await rm(directory, { recursive: true, force: true });
});

test('docs/metrics.md has every metric of a running server with type, labels and help, and no other', async () => {
  const page = await Bun.file(PAGE).text();
  expect(page).toContain(HEADING);
  const start = page.indexOf(HEADING) + HEADING.length;
  const table = tableOf(metrics.values());
  if (process.env.SKEP_WRITE_PAGES === '1') await Bun.write(PAGE, page.slice(0, start) + table);
  expect((await Bun.file(PAGE).text()).slice(start)).toBe(table);
});

test('metrics are named as Prometheus wants: counters end in _total, durations in _seconds, with a unit and a help', () => {
  const wrong = [...metrics.values()].filter(({ name, type, help }) => {
    if (help === '' || !/^(apiserver|scheduler|workqueue|leader_election|process|skep)_[a-z_]+$/.test(name))
      return true;
    if (type === 'histogram') return !name.endsWith('_seconds');
    return (type === 'counter') !== name.endsWith('_total');
  });
  expect(wrong.map(({ name }) => name)).toEqual([]);
});

test('readyz of a running server lists its parts', async () => {
  expect(await (await server.call('GET', '/readyz?verbose')).text()).toBe(
    ['ping', 'store', 'database', 'controllers', 'scheduler', 'upkeep', 'shutdown']
      .map((name) => `[+]${name} ok\n`)
      .join('') + 'readyz check passed\n',
  );
});
