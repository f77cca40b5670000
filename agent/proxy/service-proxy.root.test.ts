import { afterAll, beforeAll, expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Service } from '#api/kinds/core/service.ts';
import type { EndpointSlice } from '#api/kinds/discovery/endpointslice.ts';
import { createLogger } from '#base/logger.ts';
import { waitFor, type Host, makeHosts, type Network } from '#test/support/hosts.ts';
import { ROOT } from '#test/support/import-law.ts';
import { addPod, type NetnsPod } from '#test/support/netns-pods.ts';
import { NodeNetwork } from '../network/node-network.ts';
import type { ProxyState } from './ruleset.ts';
import { ServiceProxy } from './service-proxy.ts';

const place = {
  nodeName: 'host1',
  podCIDR: '10.42.0.0/24',
  clusterCIDR: '10.42.0.0/16',
  serviceCIDR: '10.43.0.0/16',
  dnsAddress: '10.43.0.10',
};
const isRoot = process.getuid?.() === 0;
const log = createLogger({ name: 'test', level: 'warn' });

let network: Network;
let node: Host;
let outside: Host;
let nodeNetwork: NodeNetwork;
let proxy: ServiceProxy;
const pods: NetnsPod[] = [];
let client: NetnsPod;
let hasConntrack = true;

beforeAll(async () => {
  if (!isRoot) return;
  network = await makeHosts(2);
  [node, outside] = network.hosts as [Host, Host];
  nodeNetwork = new NodeNetwork({
    ...place,
    nodeIP: node.address,
    dataDir: join(network.directory, 'data'),
    cniConfigDirectory: join(network.directory, 'cni'),
    log,
    run: node.run,
  });
  await nodeNetwork.start();
  proxy = new ServiceProxy({
    ...place,
    log,
    run: async (argv, options) =>
      hasConntrack || argv[0] !== 'conntrack' ? node.run(argv, options) : { code: 127, stdout: '', stderr: '' },
  });
  void proxy.run();
  for (const index of [1, 2, 3, 4]) {
    const pod = await addPod(node, `10.42.0.${index + 10}`, '10.42.0.1');
    pods.push(pod);
    pod.start([process.execPath, join(ROOT, 'test/support/answer-name.ts'), '8080', `pod${index}`]);
  }
  client = await addPod(node, '10.42.0.20', '10.42.0.1');
  for (const pod of pods)
    await waitFor(`${pod.address} listens`, async () => (await ask(node, pod.address, 8080)).includes('pod'));
}, 60_000);

afterAll(async () => {
  await proxy?.stop();
  for (const pod of [...pods, client].filter((one) => one !== undefined)) await pod.remove();
  await network?.remove();
}, 60_000);

const service = (spec: NonNullable<Service['spec']>, name = 'web'): Service => ({
  kind: 'Service',
  apiVersion: 'v1',
  metadata: { name, namespace: 'default' },
  spec: { clusterIP: '10.43.0.100', ports: [{ port: 80, protocol: 'TCP', nodePort: 30_080 }], ...spec },
});
const slice = (addresses: readonly string[], nodeName = 'host1', protocol = 'TCP'): EndpointSlice => ({
  kind: 'EndpointSlice',
  apiVersion: 'discovery.k8s.io/v1',
  metadata: { name: 'web-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'web' } },
  addressType: 'IPv4',
  ports: [{ name: '', port: 8080, protocol }],
  endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true }, nodeName })),
});
const all = ['10.42.0.11', '10.42.0.12', '10.42.0.13', '10.42.0.14'];

async function apply(state: ProxyState): Promise<void> {
  proxy.update(state);
  await proxy.settled();
}
type Place = Pick<Host, 'run'>;
/** One connection; what was answered, or '' and how it failed. */
const ask = async (from: Place, address: string, port: number, ...options: string[]): Promise<string> => {
  const { stdout, stderr } = await from.run(['busybox', 'nc', ...options, '-w', '2', address, String(port)], {
    stdin: '',
  });
  return stdout.trim() || stderr.trim();
};
interface Answers {
  readonly answers: Readonly<Record<string, number>>;
  readonly failures: readonly number[];
  readonly startedAt: number;
}
async function connectMany(from: Place, address: string, port: number, count: number, pauseMs = 0): Promise<Answers> {
  const script = join(ROOT, 'test/support/connect-many.ts');
  const { stdout } = await from.run([process.execPath, script, address, String(port), String(count), String(pauseMs)]);
  const { answers, ...rest } = JSON.parse(stdout) as Answers;
  const byName: Record<string, number> = {};
  for (const [line, times] of Object.entries(answers)) {
    const name = line.split(' ')[0] ?? '';
    byName[name] = (byName[name] ?? 0) + times;
  }
  return { ...rest, answers: byName };
}
const expectSpread = (answers: Readonly<Record<string, number>>): void => {
  expect(Object.keys(answers).toSorted()).toEqual(['pod1', 'pod2', 'pod3', 'pod4']);
  for (const count of Object.values(answers)) {
    expect(count).toBeGreaterThanOrEqual(180);
    expect(count).toBeLessThanOrEqual(320);
  }
};

test.skipIf(!isRoot)(
  '1,000 connections from a pod and from the host spread over 4 endpoints',
  async () => {
    await apply({ services: [service({ type: 'ClusterIP' })], slices: [slice(all)] });
    for (const from of [client, node]) {
      const { answers, failures } = await connectMany(from, '10.43.0.100', 80, 1000);
      expect(failures).toEqual([]);
      expectSpread(answers);
    }
  },
  60_000,
);

test.skipIf(!isRoot)('a pod keeps its own address towards another pod, also through a Service', async () => {
  await apply({ services: [service({ type: 'ClusterIP' })], slices: [slice(['10.42.0.11'])] });
  expect(await ask(client, '10.43.0.100', 80)).toBe('pod1 10.42.0.20');
});

test.skipIf(!isRoot)('a pod reaches itself through its Service', async () => {
  await apply({ services: [service({ type: 'ClusterIP' })], slices: [slice(['10.42.0.11'])] });
  expect(await ask(pods[0] as NetnsPod, '10.43.0.100', 80)).toBe('pod1 10.42.0.1');
});

test.skipIf(!isRoot)('a NodePort answers from outside, from a pod and from the host itself', async () => {
  await apply({ services: [service({ type: 'NodePort' })], slices: [slice(['10.42.0.11'])] });
  expect(await ask(outside, node.address, 30_080)).toBe('pod1 10.42.0.1');
  expect(await ask(client, node.address, 30_080)).toStartWith('pod1 ');
  expect(await ask(node, node.address, 30_080)).toStartWith('pod1 ');
});

test.skipIf(!isRoot)(
  'externalTrafficPolicy Local keeps the client address, and drops where no endpoint is',
  async () => {
    const local = service({ type: 'NodePort', externalTrafficPolicy: 'Local' });
    await apply({ services: [local], slices: [slice(['10.42.0.11'])] });
    expect(await ask(outside, node.address, 30_080)).toBe(`pod1 ${outside.address}`);
    await apply({ services: [local], slices: [slice(['10.42.0.11'], 'host9')] });
    expect(await ask(outside, node.address, 30_080)).not.toContain('pod1');
    expect(await ask(client, '10.43.0.100', 80)).toBe('pod1 10.42.0.20');
  },
);

test.skipIf(!isRoot)('session affinity ClientIP keeps a client on its endpoint through unrelated changes', async () => {
  const sticky = service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } } });
  await apply({ services: [sticky], slices: [slice(all)] });
  const first = (await ask(client, '10.43.0.100', 80)).split(' ')[0] ?? '';
  expect((await connectMany(client, '10.43.0.100', 80, 30)).answers).toEqual({ [first]: 30 });
  const chosen = `10.42.0.1${first.slice(3)}`;
  await apply({ services: [sticky], slices: [slice(all.filter((one, index) => one === chosen || index > 0))] });
  expect((await connectMany(client, '10.43.0.100', 80, 30)).answers).toEqual({ [first]: 30 });
  await apply({ services: [sticky], slices: [slice(all.filter((one) => one !== chosen))] });
  expect(Object.keys((await connectMany(client, '10.43.0.100', 80, 30)).answers)).not.toContain(first);
});

test.skipIf(!isRoot)('what has no endpoint is refused at once: a Service, a port, an address, a NodePort', async () => {
  await apply({ services: [service({ type: 'NodePort' })], slices: [] });
  const refused = /refused/;
  for (const from of [client, node]) {
    for (const [address, port] of [
      ['10.43.0.100', 80],
      ['10.43.0.100', 81],
      ['10.43.7.7', 80],
      ['10.43.0.10', 80],
      [node.address, 30_080],
    ] as const) {
      const startedAt = Date.now();
      expect(await ask(from, address, port)).toMatch(refused);
      expect(Date.now() - startedAt).toBeLessThan(1000);
    }
  }
  expect(await ask(outside, node.address, 30_080)).toMatch(refused);
});

test.skipIf(!isRoot)('UDP goes through a Service', async () => {
  const udp = service({ ports: [{ port: 80, protocol: 'UDP' }] });
  await apply({ services: [udp], slices: [slice(['10.42.0.11'], 'host1', 'UDP')] });
  const send = `const socket = require('node:dgram').createSocket('udp4', (message) => {
    process.stdout.write(message);
    socket.close();
  });
  socket.send('hello', 80, '10.43.0.100');`;
  const { stdout } = await client.run([process.execPath, '-e', send], { timeoutMs: 5000 });
  expect(stdout.trim()).toBe('pod1 10.42.0.20');
});

test.skipIf(!isRoot)('a host port answers from outside', async () => {
  const hostPorts = [{ protocol: 'TCP', hostPort: 8088, podIP: '10.42.0.12', containerPort: 8080 }] as const;
  await apply({ services: [], slices: [], hostPorts });
  expect(await ask(outside, node.address, 8088)).toBe(`pod2 ${outside.address}`);
  await apply({ services: [], slices: [] });
  expect(await ask(outside, node.address, 8088)).toMatch(/refused/);
});

for (const installed of [true, false]) {
  const how = installed ? 'with' : 'without';
  test.skipIf(!isRoot)(
    `after an endpoint is gone no connection fails later than 2 s after, ${how} conntrack`,
    async () => {
      hasConntrack = installed;
      const services = [service({ type: 'ClusterIP' })];
      await apply({ services, slices: [slice(all.slice(0, pods.length))] });
      const run = connectMany(client, '10.43.0.100', 80, 300, 10);
      await Bun.sleep(700);
      const name = `pod${pods.length}`;
      const victim = pods.pop() as NetnsPod;
      const goneAt = Date.now();
      await victim.remove();
      await apply({ services, slices: [slice(all.slice(0, pods.length))] });
      const { failures, startedAt, answers } = await run;
      expect(failures.map((at) => startedAt + at - goneAt).filter((late) => late > 2000)).toEqual([]);
      expect(answers[name] ?? 0).toBeGreaterThan(0);
    },
    30_000,
  );
}

test.skipIf(!isRoot)('a table that somebody flushed can be put back by the next difference', async () => {
  await node.run(['nft', 'flush', 'ruleset']);
  await apply({ services: [service({ type: 'ClusterIP' }, 'web')], slices: [slice(['10.42.0.12'])] });
  expect(await ask(client, '10.43.0.100', 80)).toBe('pod2 10.42.0.20');
});

test.skipIf(!isRoot)(
  'a change of one Service among 100 with 10 endpoints each is in the kernel within 250 ms',
  async () => {
    const many = Array.from({ length: 100 }, (_, index) => ({
      service: service({ clusterIP: `10.43.1.${index + 1}` }, `s${index}`),
      slice: {
        ...slice(
          Array.from({ length: 10 }, (_pod, pod) => `10.42.${index}.${pod + 10}`),
          'host9',
        ),
        metadata: { name: `s${index}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': `s${index}` } },
      },
    }));
    const services = many.map((one) => one.service);
    const slices = many.map((one) => one.slice);
    await apply({ services, slices });
    const times: number[] = [];
    for (let round = 0; round < 5; round += 1) {
      const startedAt = performance.now();
      await apply({ services, slices: slices.map((one, index) => (index === round ? slice([], 'host9') : one)) });
      times.push(performance.now() - startedAt);
    }
    expect(times.toSorted((a, b) => a - b)[2]).toBeLessThan(250);
  },
);

test.skipIf(!isRoot)('port 53 of the DNS address is led to the port that the DNS server got', async () => {
  const server = [process.execPath, join(ROOT, 'test/support/answer-name.ts'), '10053', 'dns'];
  const child = node.start(server, join(network.directory, 'dns.log'));
  const moved = new ServiceProxy({ ...place, dnsPort: 10_053, log, run: node.run });
  void moved.run();
  moved.update({ services: [], slices: [] });
  await moved.settled();
  await waitFor('the DNS server listens', async () => (await ask(node, '10.43.0.10', 10_053)).startsWith('dns'));
  expect(await ask(client, '10.43.0.10', 53)).toBe('dns 10.42.0.20');
  expect(await ask(node, '10.43.0.10', 53)).toStartWith('dns ');
  await moved.stop();
  child.kill();
  await child.exited;
});
