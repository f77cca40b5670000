import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AgentFrame, HubFrame } from '#api/wire/frames.ts';
import { createLogger } from '#base/logger.ts';
import { eventually } from '#test/support/eventually.ts';
import { Link } from './link.ts';

const WELCOME = {
  type: 'welcome',
  protocol: 1,
  serverVersion: 'v1.33.0',
  podCIDR: '10.42.0.0/24',
  clusterCIDR: '10.42.0.0/16',
  serviceCIDR: '10.43.0.0/16',
  clusterDNS: '10.43.0.10',
  clusterDomain: 'cluster.local',
  heartbeatMs: 200,
} satisfies HubFrame;

let directory: string;
let hub: ReturnType<typeof serve>;
let connections = 0;
let heard: AgentFrame[] = [];

/** A hub that welcomes everybody and has nothing else to say. */
const serve = () =>
  Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('', { status: 400 })),
    websocket: {
      message(socket, message) {
        const frame = JSON.parse(String(message)) as AgentFrame;
        heard.push(frame);
        if (frame.type === 'hello') {
          connections += 1;
          socket.send(JSON.stringify(WELCOME));
        }
      },
    },
  });

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-link-'));
  hub = serve();
  connections = 0;
  heard = [];
});
afterEach(async () => {
  await hub.stop(true);
  await rm(directory, { recursive: true, force: true });
});

test('an agent that speaks all the time pings a hub that has long said nothing', async () => {
  const link = new Link({
    server: `http://127.0.0.1:${hub.port}`,
    nodeName: 'n1',
    agentVersion: 'v1',
    joinToken: 'join',
    dataDirectory: directory,
    log: createLogger({ name: 'test', level: 'silent' }),
    state: { known: () => ({}), upsert: () => undefined, remove: () => undefined, synced: () => undefined },
    node: () => ({ kind: 'Node', apiVersion: 'v1', metadata: { name: 'n1' } }),
    welcomed: () => undefined,
    openStream: () => undefined,
  });
  const running = link.run();
  const regarding = { kind: 'Pod', namespace: 'default', name: 'p', uid: 'u', apiVersion: 'v1' };
  const event = { regarding, eventType: 'Warning', reason: 'Unhealthy', message: 'no', component: 'kubelet' } as const;
  const speaking = setInterval(() => link.event(event), 5);
  try {
    await eventually(() => {
      if (connections > 1) throw new Error('The link was ended and made anew without a ping');
      expect(heard.map(({ type }) => type)).toContain('ping');
    }, 3_000);
    expect(connections).toBe(1);
  } finally {
    clearInterval(speaking);
    await link.stop();
    await running;
  }
});
