import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Elysia } from 'elysia';
import { Link } from '#agent/link/link.ts';
import type { KubeObject } from '#api/kind.ts';
import { type ConfigMap, configMapKind } from '#api/kinds/core/configmap.ts';
import { eventKind } from '#api/kinds/core/event.ts';
import { type Node, nodeKind } from '#api/kinds/core/node.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import type { HelloFrame, StreamRequest, SyncedResource } from '#api/wire/frames.ts';
import type { WireStream } from '#api/wire/wire-stream.ts';
import { systemClock } from '#base/clock.ts';
import { createLogger } from '#base/logger.ts';
import { NodeGateway } from '#server/nodes/gateway.ts';
import { NodeMonitor } from '#server/nodes/node-monitor.ts';
import { MemoryClient } from './support/memory-client.ts';

const log = createLogger({ name: 'test', level: process.env['LOG'] ?? 'silent' });

async function eventually<T>(probe: () => T | undefined | false): Promise<T> {
  const deadline = Date.now() + 4_000;
  for (;;) {
    const value = probe();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error('Waited in vain: 4 s');
    await Bun.sleep(2);
  }
}

/** The state of an agent, as agent/state keeps it, in a map; `log` is what it was told. */
class State {
  readonly objects = new Map<string, KubeObject>();
  readonly told: string[] = [];
  syncs = 0;
  known(): HelloFrame['known'] {
    const known: Partial<Record<SyncedResource, Record<string, string>>> = {};
    for (const [id, object] of this.objects) {
      const [resource = '', key = ''] = id.split(' ');
      (known[resource as SyncedResource] ??= {})[key] = object.metadata.resourceVersion ?? '';
    }
    return known;
  }
  upsert(resource: SyncedResource, object: KubeObject): void {
    const { namespace, name = '' } = object.metadata;
    const id = `${resource} ${namespace === undefined ? name : `${namespace}/${name}`}`;
    this.objects.set(id, object);
    this.told.push(`+${id}`);
  }
  remove(resource: SyncedResource, key: string): void {
    this.objects.delete(`${resource} ${key}`);
    this.told.push(`-${resource} ${key}`);
  }
  synced(): void {
    this.syncs++;
  }
}

const tokens = {
  authenticate: async (token: string) =>
    token.startsWith('node-') ? { name: `system:node:${token.slice(5)}`, groups: ['system:nodes'] } : undefined,
  serviceAccountToken: async (request: { name: string; pod?: { name: string } }) => ({
    token: `sa-${request.name}-${request.pod?.name}`,
    expirationTimestamp: '2027-01-01T00:00:00Z',
  }),
  nodeToken: async (name: string) => `node-${name}`,
  isJoinToken: async (token: string) => token === 'join',
};

const nodeObject = (name: string): Node => ({
  kind: 'Node',
  apiVersion: 'v1',
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  spec: {},
  status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] },
});

const pod = (name: string, nodeName: string, configMap?: string): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'default' },
  spec: {
    nodeName,
    serviceAccountName: 'default',
    containers: [
      {
        name: 'c',
        image: 'x',
        ...(configMap === undefined ? {} : { envFrom: [{ configMapRef: { name: configMap } }] }),
      },
    ],
  },
});

const configMap = (name: string, value: string): ConfigMap => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name, namespace: 'default' },
  data: { value },
});

describe('Link and NodeGateway', () => {
  let client: MemoryClient;
  let gateway: NodeGateway;
  let server: ReturnType<typeof serve>;
  let port = 0;
  let directory: string;
  const links: Link[] = [];
  const started: (() => void)[] = [];

  const serve = () => new Elysia().use(gateway.routes()).listen({ port, hostname: '127.0.0.1' });

  function startServer(): void {
    gateway = new NodeGateway({
      client,
      authenticator: tokens,
      issuer: tokens,
      clock: systemClock,
      log,
      serverVersion: 'v1.33.0',
      cluster: {
        clusterCIDR: '10.42.0.0/16',
        serviceCIDR: '10.43.0.0/16',
        clusterDNS: '10.43.0.10',
        clusterDomain: 'cluster.local',
      },
      graceMs: 2_000,
      podCIDRDeadlineMs: 300,
    });
    gateway.start();
    server = serve();
    port = server.server?.port ?? 0;
  }

  async function stopServer(): Promise<void> {
    gateway.stop();
    await server.stop(true);
  }

  /** The controller that gives nodes their pod network. */
  function allotNetworks(): void {
    const give = (node: Node) => {
      if (node.spec?.podCIDR === undefined)
        void client.update(nodeKind, '', node.metadata.name ?? '', (copy) => {
          copy.spec = { ...copy.spec, podCIDR: '10.42.0.0/24' };
        });
    };
    started.push(client.watch(nodeKind, { added: give, modified: give, deleted: () => undefined }));
  }

  function joinNode(
    nodeName: string,
    options: { state?: State; token?: string; openStream?: (request: StreamRequest, stream: WireStream) => void } = {},
  ) {
    const state = options.state ?? new State();
    const welcomes: string[] = [];
    const link = new Link({
      server: `http://127.0.0.1:${port}`,
      nodeName,
      agentVersion: '0.1.0',
      joinToken: options.token ?? 'join',
      dataDirectory: directory,
      log,
      state,
      node: () => nodeObject(nodeName),
      welcomed: (welcome) => welcomes.push(welcome.podCIDR),
      openStream: options.openStream ?? ((_request, stream) => stream.close({ error: 'no streams here', code: 400 })),
      backoff: { baseMs: 10, maxMs: 40 },
    });
    void link.run();
    links.push(link);
    return { link, state, welcomes };
  }

  beforeEach(() => {
    client = new MemoryClient(systemClock);
    directory = mkdtempSync(`${tmpdir()}/skep-link-`);
    startServer();
    allotNetworks();
  });

  afterEach(async () => {
    await Promise.all(links.splice(0).map((link) => link.stop()));
    await stopServer();
    for (const end of started.splice(0)) end();
    port = 0;
    rmSync(directory, { recursive: true, force: true });
  });

  test('a node registers, is given its network and a token of its own, and hears what concerns it', async () => {
    await client.create(configMapKind, configMap('mine', '1'));
    await client.create(configMapKind, configMap('other', '1'));
    await client.create(podKind, pod('a', 'n1', 'mine'));
    await client.create(podKind, pod('b', 'n2', 'other'));
    const { state, welcomes } = joinNode('n1');
    await eventually(() => state.syncs === 1);
    expect(welcomes).toEqual(['10.42.0.0/24']);
    expect([...state.objects.keys()].sort()).toEqual(['configmaps default/mine', 'nodes n1', 'pods default/a']);
    expect(state.told.indexOf('+configmaps default/mine')).toBeLessThan(state.told.indexOf('+pods default/a'));
    expect(readFileSync(join(directory, 'node.token'), 'utf8').trim()).toBe('node-n1');
    expect(statSync(join(directory, 'node.token')).mode & 0o777).toBe(0o600);
    expect(client.get(nodeKind, '', 'n1')?.metadata.labels).toEqual({ 'kubernetes.io/hostname': 'n1' });
  });

  test('changes follow: a pod that names another ConfigMap brings it, and takes the old one away', async () => {
    await client.create(configMapKind, configMap('one', '1'));
    await client.create(configMapKind, configMap('two', '1'));
    await client.create(podKind, pod('a', 'n1', 'one'));
    const { state } = joinNode('n1');
    await eventually(() => state.syncs === 1);
    await client.update(configMapKind, 'default', 'one', (object) => {
      object.data = { value: '2' };
    });
    await eventually(() => (state.objects.get('configmaps default/one') as ConfigMap).data?.['value'] === '2');
    await client.create(podKind, pod('b', 'n1', 'two'));
    await eventually(() => state.objects.has('pods default/b') && state.objects.has('configmaps default/two'));
    await client.delete(podKind, 'default', 'a', { gracePeriodSeconds: 0 });
    await eventually(() => !state.objects.has('pods default/a') && !state.objects.has('configmaps default/one'));
    expect(state.objects.has('configmaps default/two')).toBe(true);
  });

  test('after the server was away only differences are sent, and statuses said meanwhile arrive', async () => {
    const a = await client.create(podKind, pod('a', 'n1'));
    await client.create(podKind, pod('gone', 'n1'));
    const { state, link } = joinNode('n1');
    await eventually(() => state.syncs === 1);
    await stopServer();
    await eventually(() => !link.linked);
    link.podStatus({ namespace: 'default', name: 'a', uid: a.metadata.uid ?? '' }, { phase: 'Pending' });
    link.podStatus({ namespace: 'default', name: 'a', uid: a.metadata.uid ?? '' }, { phase: 'Running' });
    await client.delete(podKind, 'default', 'gone', { gracePeriodSeconds: 0 });
    await client.create(podKind, pod('new', 'n1'));
    state.told.length = 0;
    startServer();
    await eventually(() => state.syncs === 2);
    expect(state.told.filter((line) => line.includes('pods')).sort()).toEqual([
      '+pods default/new',
      '-pods default/gone',
    ]);
    await eventually(() => client.get(podKind, 'default', 'a')?.status?.phase === 'Running');
  });

  test('a status that was said on a link that broke is said again on the next', async () => {
    const a = await client.create(podKind, pod('a', 'n1'));
    const { state, link } = joinNode('n1');
    await eventually(() => state.syncs === 1);
    const of = { namespace: 'default', name: 'a', uid: a.metadata.uid ?? '' };
    link.podStatus(of, { phase: 'Running' });
    await eventually(() => client.get(podKind, 'default', 'a')?.status?.phase === 'Running');
    await stopServer();
    // As if the write had been lost with the server.
    await client.updateStatus(podKind, 'default', 'a', (object) => {
      object.status = { phase: 'Pending' };
    });
    startServer();
    await eventually(() => client.get(podKind, 'default', 'a')?.status?.phase === 'Running');
  });

  test("a status keeps other parties' conditions, and one for a pod that was replaced is not written", async () => {
    const a = await client.create(podKind, {
      ...pod('a', 'n1'),
      status: { conditions: [{ type: 'PodScheduled', status: 'True' }], qosClass: 'BestEffort' },
    });
    const { state, link } = joinNode('n1');
    await eventually(() => state.syncs === 1);
    link.podStatus(
      { namespace: 'default', name: 'a', uid: a.metadata.uid ?? '' },
      { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
    );
    await eventually(() => client.get(podKind, 'default', 'a')?.status?.phase === 'Running');
    const { status } = client.get(podKind, 'default', 'a') ?? {};
    expect(status?.conditions?.map(({ type }) => type)).toEqual(['Ready', 'PodScheduled']);
    expect(status?.qosClass).toBe('BestEffort');
    state.told.length = 0;
    link.podStatus({ namespace: 'default', name: 'a', uid: 'another' }, { phase: 'Failed' });
    await eventually(() => state.told.includes('+pods default/a'));
    expect(client.get(podKind, 'default', 'a')?.status?.phase).toBe('Running');
  });

  test('podGone removes a pod that is being deleted, and only such a one', async () => {
    const a = await client.create(podKind, pod('a', 'n1'));
    const { state, link } = joinNode('n1');
    await eventually(() => state.syncs === 1);
    const of = { namespace: 'default', name: 'a', uid: a.metadata.uid ?? '' };
    state.told.length = 0;
    link.podGone(of);
    await eventually(() => state.told.includes('+pods default/a'));
    expect(client.get(podKind, 'default', 'a')).toBeDefined();
    await client.delete(podKind, 'default', 'a', { gracePeriodSeconds: 30 });
    expect(client.get(podKind, 'default', 'a')?.metadata.deletionTimestamp).toBeDefined();
    link.podGone(of);
    await eventually(() => client.get(podKind, 'default', 'a') === undefined);
    await eventually(() => state.told.includes('-pods default/a'));
  });

  test('events become Event objects and repeats are counted', async () => {
    const { state, link } = joinNode('n1');
    await eventually(() => state.syncs === 1);
    const regarding = {
      kind: 'Pod',
      namespace: 'default',
      name: 'a',
      uid: 'u',
      apiVersion: 'v1',
      fieldPath: 'spec.containers{c}',
    };
    for (let round = 0; round < 3; round++)
      link.event({ regarding, eventType: 'Normal', reason: 'Pulled', message: 'pulled', component: 'kubelet' });
    const event = await eventually(() => client.list(eventKind).find(({ count }) => count === 3));
    expect(event).toMatchObject({
      involvedObject: regarding,
      reason: 'Pulled',
      type: 'Normal',
      source: { component: 'kubelet', host: 'n1' },
      reportingComponent: 'kubelet',
      reportingInstance: 'n1',
    });
    expect(client.list(eventKind)).toHaveLength(1);
  });

  test('request() gives a token for a pod of this node only', async () => {
    await client.create(serviceAccountKind, {
      kind: 'ServiceAccount',
      apiVersion: 'v1',
      metadata: { name: 'default', namespace: 'default' },
    });
    const mine = await client.create(podKind, pod('a', 'n1'));
    const other = await client.create(podKind, pod('b', 'n2'));
    const { link } = joinNode('n1');
    const params = { namespace: 'default', serviceAccount: 'default', audiences: [], expirationSeconds: 3600 };
    expect(await link.request('serviceAccountToken', { ...params, podName: 'a', podUid: mine.metadata.uid })).toEqual({
      token: 'sa-default-a',
      expirationTimestamp: '2027-01-01T00:00:00Z',
    });
    expect(
      link.request('serviceAccountToken', { ...params, podName: 'b', podUid: other.metadata.uid }),
    ).rejects.toThrow('does not run on this node');
  });

  test('a wrong token, and the name of a node that is linked, are refused', async () => {
    const stranger = joinNode('n9', { token: 'wrong' });
    const first = joinNode('n1');
    await eventually(() => first.link.linked);
    rmSync(join(directory, 'node.token'));
    const second = joinNode('n1');
    await Bun.sleep(100);
    expect(second.link.linked).toBe(false);
    expect(stranger.link.linked).toBe(false);
    expect(first.link.linked).toBe(true);
    expect(client.get(nodeKind, '', 'n9')).toBeUndefined();
  });

  test('a silent node turns Unknown after the grace, not before, and Ready again when it is back', async () => {
    let now = 1_000_000;
    const clock = { ...systemClock, now: () => now };
    const ready = () => client.get(nodeKind, '', 'n1')?.status?.conditions?.find(({ type }) => type === 'Ready');
    await client.create(nodeKind, { ...nodeObject('n1'), spec: { podCIDR: '10.42.0.0/24' } });
    const monitor = new NodeMonitor({ client, sessions: gateway.sessions, clock, log, graceMs: 40_000 });
    const running = monitor.run();
    now += 39_000;
    await monitor.check();
    expect(ready()?.status).toBe('True');
    now += 1_000;
    await monitor.check();
    expect(ready()).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    });
    await monitor.stop();
    await running;
    joinNode('n1');
    await eventually(() => ready()?.status === 'True');
  });

  test('a stream carries megabytes both ways with credit, and ends with what either side says', async () => {
    const requests: StreamRequest[] = [];
    const { link } = joinNode('n1', {
      openStream: (request, stream) => {
        requests.push(request);
        void (async () => {
          for await (const message of stream) {
            if (message.eof) break;
            await stream.write(1, message.data);
          }
          stream.closeChannel(1);
          stream.close({ error: 'done', code: 418 });
        })();
      },
    });
    await eventually(() => link.linked);
    const stream = gateway.sessions.open('n1', { verb: 'portForward', namespace: 'default', pod: 'a', port: 80 });
    const piece = crypto.getRandomValues(new Uint8Array(60_000));
    void (async () => {
      for (let round = 0; round < 50; round++) await stream.write(0, piece);
      stream.closeChannel(0);
    })();
    const received: Uint8Array[] = [];
    let sawEof = false;
    for await (const message of stream) {
      if (message.eof) sawEof = true;
      else received.push(message.data);
    }
    const bytes = Buffer.concat(received);
    expect(bytes.length).toBe(50 * piece.length);
    expect(bytes.subarray(49 * piece.length).equals(Buffer.from(piece))).toBe(true);
    expect(sawEof).toBe(true);
    expect(await stream.ended).toEqual({ error: 'done', code: 418 });
    expect(requests).toEqual([{ verb: 'portForward', namespace: 'default', pod: 'a', port: 80 }]);
  });

  test('a reader that does not read holds the writer back, and a lost link ends the stream', async () => {
    let written = 0;
    const { link } = joinNode('n1', {
      openStream: (_request, stream) => {
        void (async () => {
          while (await stream.write(1, new Uint8Array(10_000))) written += 10_000;
        })();
      },
    });
    await eventually(() => link.linked);
    const stream = gateway.sessions.open('n1', { verb: 'portForward', namespace: 'default', pod: 'a', port: 80 });
    await eventually(() => written > 200_000);
    await Bun.sleep(50);
    expect(written).toBeLessThanOrEqual(256 * 1024);
    await link.stop();
    expect((await stream.ended).error).toStartWith('lost the link to node "n1"');
  });

  test('open() on a node that is not linked is refused with 503', () => {
    expect(() => gateway.sessions.open('n7', { verb: 'portForward', namespace: 'd', pod: 'p', port: 1 })).toThrow(
      'node "n7" is not connected',
    );
  });
});
