import { afterAll, beforeAll, expect, test } from 'bun:test';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveOptions } from '#base/options.ts';
import type { Service } from '#base/service.ts';
import { SERVER_OPTIONS } from '#server/config.ts';
import { type Hub, startHub } from '#server/hub.ts';
import { silentLog } from './support/database.ts';
import { eventually } from './support/eventually.ts';
import { LIGHT_IMAGE, startLightAgent } from './support/light-agent.ts';
import { WriteMeter } from './support/write-meter.ts';

const AGENTS = 3;
/** Longer than every round of server and agent but those of a minute, which test/bench/idle.bench.ts waits for. */
const QUIET_MS = 25_000;

let directory: string;
let hub: Hub;
let meter: WriteMeter;
const agents: Service[] = [];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-idle-'));
  await chmod(directory, 0o755); // Postgres runs as a user of its own
  const flags = {
    'data-dir': join(directory, 'server'),
    listen: `127.0.0.1:${20_000 + Math.floor(Math.random() * 10_000)}`,
    'node-monitor-grace': '4s',
    'database-fsync': 'false',
  };
  const config = resolveOptions(SERVER_OPTIONS, { flags, environment: {}, file: {} });
  hub = await startHub({ config, log: silentLog, say: () => undefined });
  for (let index = 0; index < AGENTS; index++)
    agents.push(await startLightAgent(hub, `node${index}`, join(directory, `agent${index}`)));
  meter = await WriteMeter.open(config.dataDir);
});
afterAll(async () => {
  await meter.close();
  for (const agent of agents) await agent.stop();
  await hub.stop();
  await rm(directory, { recursive: true, force: true });
});

test('a cluster in which nothing happens writes nothing: no revision, no log of Postgres, no file', async () => {
  await call('POST', DEPLOYMENTS, DEPLOYMENT);
  await eventually(async () => {
    const { status } = await call('GET', `${DEPLOYMENTS}/idle`);
    expect(status?.readyReplicas).toBe(2 * AGENTS);
  }, 30_000);
  // Meanwhile the agents' heartbeats and probes, their looks at their nodes, and the server's own rounds go on.
  await meter.settle(QUIET_MS, 90_000);
}, 150_000);

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const DEPLOYMENT = {
  kind: 'Deployment',
  apiVersion: 'apps/v1',
  metadata: { name: 'idle' },
  spec: {
    replicas: 2 * AGENTS,
    selector: { matchLabels: { app: 'idle' } },
    template: {
      metadata: { labels: { app: 'idle' } },
      spec: {
        containers: [
          { name: 'main', image: LIGHT_IMAGE, readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 } },
        ],
      },
    },
  },
};

/** A request as the admin. */
async function call(method: string, path: string, body?: unknown): Promise<{ status?: { readyReplicas?: number } }> {
  const token = /token: (.*)/.exec(await Bun.file(hub.kubeconfigPath).text())?.[1] ?? '';
  const response = await fetch(hub.url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    tls: { ca: hub.authority.caCertificate },
  });
  return (await response.json()) as { status?: { readyReplicas?: number } };
}
