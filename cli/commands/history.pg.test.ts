import { afterAll, beforeAll, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import type { KubeObject } from '#api/kind.ts';
import { deploymentKind } from '#api/kinds/apps/deployment.ts';
import { writeKubeconfig } from '#server/identity/kubeconfig.ts';
import { type ApiServer, startApiServer } from '#test/support/api-server.ts';
import { historyCommand } from './history.ts';
import { undoCommand } from './undo.ts';

let api: ApiServer;
let dataDir: string;
const KUBECTL = { 'user-agent': 'kubectl/v1.33.0 (linux/amd64) kubernetes/abc' };
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';

beforeAll(async () => {
  api = await startApiServer({ port: 0 });
  dataDir = await mkdtemp(join(tmpdir(), 'skep-history-'));
  const { url: server, caCertificate, adminToken: token } = api;
  await writeKubeconfig(join(dataDir, 'kubeconfig'), { server, caCertificate, token });
});
afterAll(async () => {
  await api.stop();
  await rm(dataDir, { recursive: true, force: true });
});

/** Runs a command line; what it printed, and what it said. */
async function skep(...words: string[]): Promise<{ printed: string[]; said: string[] }> {
  const printed: string[] = [];
  const said: string[] = [];
  const program = new Command().exitOverride();
  const host = {
    environment: {},
    postgresArchive: undefined,
    say: (line: string) => void said.push(line),
    print: (line: string) => void printed.push(line),
  };
  historyCommand(program, host);
  undoCommand(program, host);
  await program.parseAsync(['bun', 'skep', ...words, '--data-dir', dataDir]);
  return { printed, said };
}

async function call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}) {
  const response = await api.call(method, path, body, { ...KUBECTL, ...headers });
  const answer = (await response.json()) as KubeObject & { spec: { replicas: number }; message?: string };
  if (!response.ok) throw new Error(`${response.status} ${answer.message ?? ''}`);
  return answer;
}

const merge = (path: string, patch: unknown, headers: Record<string, string> = {}) =>
  call('PATCH', path, JSON.stringify(patch), { 'content-type': 'application/merge-patch+json', ...headers });

const deployment = (name: string) => ({
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  metadata: { name, labels: { tier: 'one' } },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image: 'nginx:1' }] },
    },
  },
});

const columns = (line: string | undefined): string[] => (line ?? '').split(/ {2,}/);

test('skep history lists who changed what, newest first, and --diff shows each field', async () => {
  await call('POST', DEPLOYMENTS, deployment('web'));
  await merge(`${DEPLOYMENTS}/web`, { spec: { replicas: 3 } });
  const image = { spec: { containers: [{ name: 'web', image: 'nginx:2' }] } };
  await call('PATCH', `${DEPLOYMENTS}/web`, JSON.stringify({ spec: { template: image } }), {
    'content-type': 'application/strategic-merge-patch+json',
    'impersonate-user': 'alice',
    'impersonate-group': 'system:masters',
    'user-agent': 'helm/4',
  });
  await api.client.as('system:deployment-controller').updateStatus(deploymentKind, 'default', 'web', (object) => {
    object.status = { replicas: 3 };
  });
  const { printed } = await skep('history', 'deploy', 'web', '--all');
  expect(printed.map((line) => columns(line).slice(2))).toEqual([
    ['USER', 'PROGRAM', 'CHANGE'],
    ['system:deployment-controller', '-', '+status.replicas'],
    ['alice', 'helm/4', 'spec.template.spec.containers[web].image: "nginx:1" → "nginx:2"'],
    ['system:admin', 'kubectl/v1.33.0', 'spec.replicas: 2 → 3'],
    ['system:admin', 'kubectl/v1.33.0', 'created'],
  ]);
  expect((await skep('history', 'deploy', 'web')).printed).toHaveLength(printed.length - 1);
  const one = await skep('history', 'deployments.apps', 'web', '--diff', '--limit', '1');
  expect(one.printed).toContain('    - spec.template.spec.containers[web].image: "nginx:1"');
  expect(one.printed).toContain('    + spec.template.spec.containers[web].image: "nginx:2"');
  expect(one.said).toEqual(['older revisions are kept: see --limit and --all']);
});

test('skep undo puts an object back by an update, and says so when there is nothing to do', async () => {
  const { metadata } = await call('GET', `${DEPLOYMENTS}/web`);
  const first = (await skep('history', 'deploy', 'web')).printed.map(columns).find((line) => line[4] === 'created');
  const { said } = await skep('undo', 'deployment', 'web', '--to', first?.[0] ?? '');
  const back = await call('GET', `${DEPLOYMENTS}/web`);
  expect(said).toEqual([
    `deployments.apps "web" is back as at revision ${first?.[0]}; now ${back.metadata.resourceVersion}`,
  ]);
  expect(back.spec.replicas).toBe(2);
  expect(back).toMatchObject({
    spec: { template: { spec: { containers: [{ image: 'nginx:1' }] } } },
    status: { replicas: 3 },
  });
  expect(back.metadata.uid).toBe(metadata.uid);
  expect(Number(back.metadata.resourceVersion)).toBeGreaterThan(Number(metadata.resourceVersion));
  const again = await skep('undo', 'deployment', 'web', '--to', first?.[0] ?? '');
  expect(again.said[0]).toEndWith('already');
  const [, newest] = (await skep('history', 'deploy', 'web')).printed;
  expect(columns(newest)[3]).toStartWith('skep/');
});

test('skep undo makes a deleted object again, with a new uid; of a deletion or an unknown revision it says what to do', async () => {
  const made = await call('POST', DEPLOYMENTS, deployment('gone'));
  const revision = made.metadata.resourceVersion ?? '';
  await call('DELETE', `${DEPLOYMENTS}/gone`);
  const { printed } = await skep('history', 'Deployment', 'gone');
  expect(printed.slice(1).map((line) => columns(line)[4])).toEqual(['deleted', 'created']);
  await expect(skep('undo', 'deploy', 'gone', '--to', columns(printed[1])[0] ?? '')).rejects.toThrow(
    'give the revision before it',
  );
  await expect(skep('undo', 'deploy', 'gone', '--to', '1')).rejects.toThrow('is not kept');
  await expect(skep('undo', 'deploy', 'gone', '--to', 'x')).rejects.toThrow('whole number');
  await skep('undo', 'deploy', 'gone', '--to', revision);
  const back = await call('GET', `${DEPLOYMENTS}/gone`);
  expect(back.spec).toEqual(made.spec);
  expect(back.metadata.labels).toEqual({ tier: 'one' });
  expect(back.metadata.uid).not.toBe(made.metadata.uid);
});

test('skep undo obeys the rules of an update: an immutable field is refused and nothing changes', async () => {
  const path = '/api/v1/namespaces/default/configmaps';
  const map = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'fixed' }, data: { a: '1' } };
  const made = await call('POST', path, map);
  await merge(`${path}/fixed`, { data: { a: '2' }, immutable: true });
  await expect(skep('undo', 'cm', 'fixed', '--to', made.metadata.resourceVersion ?? '')).rejects.toThrow('immutable');
  expect(await call('GET', `${path}/fixed`)).toMatchObject({ data: { a: '2' } });
});

test('a history never prints what a Secret holds, but the API gives it to masters, and to nobody else', async () => {
  const path = '/api/v1/namespaces/default/secrets';
  const value = Buffer.from('hidden').toString('base64');
  await call('POST', path, { kind: 'Secret', apiVersion: 'v1', metadata: { name: 's' }, data: { password: value } });
  await merge(`${path}/s`, { data: { password: Buffer.from('other').toString('base64') } });
  const { printed } = await skep('history', 'secret', 's', '--diff');
  expect(printed.join('\n')).toContain('+ data.password: ***');
  expect(printed.join('\n')).not.toContain(value);
  const history = '/skep/v1/history/secrets/default/s';
  expect(await (await api.call('GET', history)).text()).toContain(value);
  const other = await api.call('GET', history, undefined, { 'impersonate-user': 'bob' });
  expect([other.status, await other.text()]).toEqual([403, expect.not.stringContaining(value)]);
  const nobody = await api.call('GET', history, undefined, { authorization: '' });
  expect(nobody.status).toBe(403);
});

test.each([
  ['/skep/v1/history/nothings/default/x', 404],
  ['/skep/v1/history/pods/x', 404],
  ['/skep/v1/history/namespaces/default', 200],
  ['/skep/v1/history/pods/default/never', 200],
  ['/skep/v1/history/pods/default/never?limit=0', 400],
  ['/skep/v1/history/pods/default/never?upTo=x', 400],
])('GET %s answers %d', async (path, code) => {
  expect((await api.call('GET', path)).status).toBe(code);
});

test('a history ends where the log was cut, and still shows the object that is there', async () => {
  const path = '/api/v1/namespaces/default/configmaps';
  const made = await call('POST', path, {
    kind: 'ConfigMap',
    apiVersion: 'v1',
    metadata: { name: 'old' },
    data: { a: '1' },
  });
  await api.database.pool`DELETE FROM changes WHERE name = 'old'`;
  const { printed } = await skep('history', 'cm', 'old');
  expect(printed.slice(1).map((line) => columns(line))).toEqual([
    [
      made.metadata.resourceVersion ?? '',
      expect.any(String),
      '-',
      '-',
      'changed; what it was before is no longer kept',
    ],
  ]);
});

test('a User-Agent with control characters cannot reach the terminal, nor break the write', async () => {
  const path = '/api/v1/namespaces/default/configmaps';
  const map = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'agent' }, data: {} };
  await call('POST', path, map, { 'user-agent': `a\u009b31m"\\,{}${'x'.repeat(5000)}` });
  const { printed } = await skep('history', 'cm', 'agent', '--diff');
  expect(printed[0]).toContain('  a 31m"\\,{}xxx');
  expect(printed[0]?.length).toBeLessThan(400);
});
