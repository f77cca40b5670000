import { expect, test } from 'bun:test';
import { resolve } from 'node:path';
import { Glob } from 'bun';
import { LAW, ROOT, violation } from './support/import-law.ts';

const FOLDERS = ['api', 'base', 'db', 'server', 'agent', 'cli', 'deploy'];
const SPECIFIER =
  /^(?:import|export)\s[^;'"]*?from\s*['"]([^'"\n]+)['"]|^import\s*['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]/gm;
const MAX_LINES = 600;

/** Every source file that is not a test, by its path from the root, with its text. */
async function sources(): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const folder of FOLDERS) {
    for await (const file of new Glob(`${folder}/**/*.ts`).scan(ROOT)) {
      if (/\.(test|suite)\.ts$/.test(file)) continue;
      found.set(file, await Bun.file(resolve(ROOT, file)).text());
    }
  }
  return found;
}
const SOURCES = await sources();

const imports = (text: string): string[] =>
  [...text.matchAll(SPECIFIER)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? '');

test('every import obeys the import law', () => {
  const found = [...SOURCES].flatMap(([file, text]) => imports(text).flatMap((one) => violation(file, one) ?? []));
  expect(found).toEqual([]);
});

test.each([
  ['api/cel/program.ts', 'elysia', 'api/cel/ does not take this package'],
  ['api/kind.ts', 'node:fs', 'api/ takes no built-in'],
  ['api/kind.ts', 'elysia', 'api/ does not take this package'],
  ['api/kind.ts', '#base/clock.ts', 'api/ may not know it'],
  ['base/clock.ts', '#db/schema.ts', 'base/ may not know it'],
  ['db/objects.ts', '#server/hub.ts', 'db/ may not know it'],
  ['server/store/store.ts', '#server/http/api.ts', 'server/store/ may not know it'],
  ['server/store/store.ts', 'drizzle-orm', 'server/store/ does not take this package'],
  ['server/reconcile/manager.ts', '#server/controllers/index.ts', 'server/reconcile/ may not know it'],
  ['server/controllers/replicaset.ts', './deployment.ts', 'server/controllers/ may not know it'],
  ['server/controllers/replicaset.ts', '#server/http/api.ts', 'server/controllers/ may not know it'],
  ['server/controllers/replicaset.ts', '#db/objects.ts', 'server/controllers/ may not know it'],
  ['server/controllers/index.ts', '#server/nodes/gateway.ts', 'server/controllers/index.ts may not know it'],
  ['server/scheduler/scheduler.ts', '#server/nodes/gateway.ts', 'server/scheduler/ may not know it'],
  ['server/admission/chain.ts', '#server/controllers/index.ts', 'server/admission/ may not know it'],
  ['server/identity/tokens.ts', '#server/http/api.ts', 'server/identity/ may not know it'],
  ['server/http/api.ts', '#db/objects.ts', 'server/http/ may not know it'],
  ['server/nodes/gateway.ts', '#server/controllers/index.ts', 'server/nodes/ may not know it'],
  ['server/proxy/dialer.ts', '#server/http/api.ts', 'server/proxy/ may not know it'],
  ['server/config.ts', 'elysia', 'server/config.ts does not take this package'],
  ['server/hub.ts', '#agent/agent.ts', 'server/hub.ts may not know it'],
  ['server/hub-database.ts', 'elysia', 'server/hub-database.ts does not take this package'],
  ['server/hub-database.ts', '#agent/agent.ts', 'server/hub-database.ts may not know it'],
  ['agent/link/link.ts', '#agent/pods/pod-manager.ts', 'agent/link/ may not know it'],
  ['agent/runtime/crictl.ts', '#agent/pods/pod-manager.ts', 'agent/runtime/ may not know it'],
  ['agent/images/pause-image.ts', 'ws', 'agent/images/ does not take this package'],
  ['agent/network/network.ts', '#agent/link/link.ts', 'agent/network/ may not know it'],
  ['agent/proxy/ruleset.ts', '#agent/pods/pod-manager.ts', 'agent/proxy/ may not know it'],
  ['agent/dns/server.ts', '#agent/pods/pod-manager.ts', 'agent/dns/ may not know it'],
  ['agent/volumes/secret.ts', '#agent/pods/pod-manager.ts', 'agent/volumes/ may not know it'],
  ['agent/stats/stats.ts', '#agent/link/link.ts', 'agent/stats/ may not know it'],
  ['agent/node/node.ts', '#agent/link/link.ts', 'agent/node/ may not know it'],
  ['agent/pods/worker.ts', '#agent/runtime/crictl.ts', 'import the interface, not this implementation'],
  ['agent/pods/worker.ts', '#server/hub.ts', 'agent/ may not know it'],
  ['agent/pods/worker.ts', 'ws', 'agent/ does not take this package'],
  ['agent/agent.ts', '#db/objects.ts', 'agent/agent.ts may not know it'],
  ['cli/binary.ts', '#server/hub.ts', 'cli/binary.ts may not know it'],
  ['cli/main.ts', '#server/http/api.ts', 'cli/ may not know it'],
  ['deploy/images.ts', '#server/hub.ts', 'deploy/ may not know it'],
  ['server/authorization/rbac.ts', '#server/http/api.ts', 'server/authorization/ may not know it'],
  ['server/hub.ts', '../agent/agent.ts', 'across top-level folders write #folder/…'],
  ['server/hub.ts', '#server/hub.test.ts', 'the product never imports a test'],
  ['other/file.ts', 'node:fs', 'no room of the import law covers this file'],
])('the law refuses %s -> %s', (file, specifier, why) => {
  expect(violation(file, specifier)).toBe(`${file} -> ${specifier}: ${why}`);
});

test('every room of the law has a planted violation above', async () => {
  const text = await Bun.file(import.meta.path).text();
  const planted = [...text.matchAll(/^ {2}\['([^']+)', /gm)].map(([, file = '']) => file);
  const roomOf = (file: string) =>
    LAW.find(({ files }) => file === files || (files.endsWith('/') && file.startsWith(files)));
  const bare = LAW.filter((room) => !planted.some((file) => roomOf(file) === room)).map(({ files }) => files);
  expect(bare).toEqual([]);
});

test('no import cycle', () => {
  const graph = new Map<string, string[]>();
  for (const [file, text] of SOURCES) {
    const valueImports = imports(text.replace(/^(import|export) type [^;]*;/gm, ''));
    graph.set(
      file,
      valueImports.flatMap((one) =>
        one.startsWith('#') ? [one.slice(1)] : one.startsWith('.') ? [resolve('/', file, '..', one).slice(1)] : [],
      ),
    );
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) {
      cycles.push([...trail.slice(trail.indexOf(file)), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  expect(cycles).toEqual([]);
});

test('every export has a docstring', () => {
  const bare: string[] = [];
  for (const [file, text] of SOURCES) {
    const lines = text.split('\n');
    lines.forEach((line, index) => {
      const name =
        /^export (?:declare )?(?:async )?(?:abstract )?(?:function\*?|class|interface|type|const)\s+(\w+)/.exec(
          line,
        )?.[1];
      if (name !== undefined && !/\*\/\s*$/.test(lines[index - 1] ?? '')) bare.push(`${file}:${index + 1} ${name}`);
    });
  }
  expect(bare).toEqual([]);
});

test(`no source file is longer than ${MAX_LINES} lines`, () => {
  const long = [...SOURCES].filter(([, text]) => text.split('\n').length > MAX_LINES).map(([file]) => file);
  expect(long).toEqual([]);
});

test('nothing committed names a path of one machine or the host of a package registry', async () => {
  const hosts = ['registry.npmjs' + '.org', 'proxy.golang' + '.org', 'deb.debian' + '.org'];
  const listed = Bun.spawnSync(['git', 'ls-files'], { cwd: ROOT }).stdout.toString().trim().split('\n');
  const found: string[] = [];
  for (const file of listed) {
    const text = await Bun.file(resolve(ROOT, file))
      .text()
      .catch(() => '');
    for (const host of hosts) if (text.includes(host)) found.push(`${file}: ${host}`);
  }
  expect(found).toEqual([]);
});
