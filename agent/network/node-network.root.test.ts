import { afterEach, expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Node } from '#api/kinds/core/node.ts';
import { createLogger } from '#base/logger.ts';
import { waitFor, type Host, makeHosts, type Network } from '#test/support/hosts.ts';
import { addPod, type NetnsPod } from '#test/support/netns-pods.ts';
import { NodeNetwork } from './node-network.ts';
import type { Backend } from './plan.ts';

const isRoot = process.getuid?.() === 0;
const log = createLogger({ name: 'test', level: 'warn' });
let network: Network;
let pods: NetnsPod[] = [];
afterEach(async () => {
  for (const pod of pods) await pod.remove();
  pods = [];
  await network?.remove();
});

const node = (name: string, podCIDR: string, address: string): Node => ({
  kind: 'Node',
  apiVersion: 'v1',
  metadata: { name },
  spec: { podCIDR },
  status: { addresses: [{ type: 'InternalIP', address }] },
});
const nodes = (): Node[] => network.hosts.map(({ name, address }, index) => node(name, `10.42.${index}.0/24`, address));

const settings = (host: Host, index: number, backend: Backend) => ({
  nodeName: host.name,
  nodeIP: host.address,
  podCIDR: `10.42.${index}.0/24`,
  serviceCIDR: '10.43.0.0/16',
  dnsAddress: '10.43.0.10',
  dataDir: join(network.directory, host.name),
  cniConfigDirectory: join(network.directory, host.name, 'net.d'),
  backend,
  log,
  run: host.run,
});

async function startAll(backend: Backend): Promise<NodeNetwork[]> {
  network = await makeHosts(2);
  const networks: NodeNetwork[] = [];
  for (const [index, host] of network.hosts.entries()) {
    const one = new NodeNetwork(settings(host, index, backend));
    await one.start();
    void one.run();
    one.update(nodes());
    await one.settled();
    pods.push(await addPod(host, `10.42.${index}.9`, `10.42.${index}.1`));
    networks.push(one);
  }
  return networks;
}
const ping = async (from: Pick<Host, 'run'>, address: string): Promise<boolean> =>
  (await from.run(['busybox', 'ping', '-c', '1', '-w', '2', address])).code === 0;
const said = async (host: Host, ...argv: string[]): Promise<string> => (await host.run(argv)).stdout;
const lookAt = async (host: Host): Promise<string[]> => [
  await said(host, 'nft', 'list', 'ruleset'),
  await said(host, 'ip', '-o', 'link'),
  await said(host, 'ip', '-4', '-o', 'address'),
  await said(host, 'ip', '-4', 'route', 'show', 'table', 'all'),
];

for (const [backend, device] of [
  ['auto', 'eth0'],
  ['vxlan', 'skep.vx'],
] as const) {
  test.skipIf(!isRoot)(
    `a pod reaches a pod of another node, backend ${backend}`,
    async () => {
      const [first, second] = await startAll(backend);
      const [hostA] = network.hosts as [Host, Host];
      const [podA, podB] = pods as [NetnsPod, NetnsPod];
      expect(await said(hostA, 'ip', 'route', 'show', '10.42.1.0/24')).toContain(`dev ${device}`);
      expect(await ping(podA, podB.address)).toBe(true);
      expect(await ping(hostA, podB.address)).toBe(true);
      await first?.stop();
      await second?.stop();
    },
    30_000,
  );
}

test.skipIf(!isRoot)(
  'a node that leaves takes its route with it, the last one the VXLAN device',
  async () => {
    const [first, second] = await startAll('vxlan');
    const [host] = network.hosts as [Host, Host];
    first?.update(nodes().slice(0, 1));
    await first?.settled();
    expect(await said(host, 'ip', 'route', 'show', '10.42.1.0/24')).toBe('');
    expect(await said(host, 'ip', '-o', 'link')).not.toContain('skep.vx');
    await first?.stop();
    await second?.stop();
  },
  30_000,
);

test.skipIf(!isRoot)(
  'a node with a new address is reached at it',
  async () => {
    const [first, second] = await startAll('vxlan');
    const [hostA, hostB] = network.hosts as [Host, Host];
    await hostB.run(['ip', 'address', 'add', '192.168.77.50/24', 'dev', 'eth0']);
    await second?.stop();
    const moved = new NodeNetwork({ ...settings(hostB, 1, 'vxlan'), nodeIP: '192.168.77.50' });
    await moved.start();
    void moved.run();
    const list = [node('host1', '10.42.0.0/24', hostA.address), node('host2', '10.42.1.0/24', '192.168.77.50')];
    for (const one of [first, moved]) {
      one?.update(list);
      await one?.settled();
    }
    expect(await ping(pods[0] as NetnsPod, '10.42.1.9')).toBe(true);
    await first?.stop();
    await moved.stop();
  },
  30_000,
);

test.skipIf(!isRoot)(
  'a second pass changes nothing',
  async () => {
    const [first, second] = await startAll('vxlan');
    const [host] = network.hosts as [Host, Host];
    const before = await lookAt(host);
    const commands: string[] = [];
    const again = new NodeNetwork({
      ...settings(host, 0, 'vxlan'),
      run: (argv, options) => {
        commands.push(argv.join(' '));
        return host.run(argv, options);
      },
    });
    await again.start();
    void again.run();
    again.update(nodes());
    await again.settled();
    await again.stop();
    // Before it knows the nodes it must not take down what an earlier agent made for them.
    expect(await lookAt(host)).toEqual(before);
    expect(commands.filter((command) => command.includes('-batch') || command.startsWith('tee'))).toEqual([]);
    await first?.stop();
    await second?.stop();
  },
  30_000,
);

test.skipIf(!isRoot)(
  'reset() leaves links, addresses, routes and rules as they were',
  async () => {
    network = await makeHosts(2);
    const [host] = network.hosts as [Host, Host];
    await host.run(['ip', 'route', 'add', '10.99.0.0/24', 'via', '192.168.77.2', 'proto', 'static']);
    await host.run(['nft', 'add', 'table', 'ip', 'other']);
    const before = await lookAt(host);
    const one = new NodeNetwork(settings(host, 0, 'vxlan'));
    await one.start();
    void one.run();
    one.update(nodes());
    await one.settled();
    await host.run(['nft', '-f', '-'], { stdin: 'add table ip skep\nadd chain ip skep refuse\n' });
    expect(await lookAt(host)).not.toEqual(before);
    await one.reset();
    expect(await lookAt(host)).toEqual(before);
    expect(await readdir(join(network.directory, host.name, 'net.d'))).toEqual([]);
  },
  30_000,
);

test.skipIf(!isRoot)(
  'routes come back after the link was taken down and up',
  async () => {
    const [first, second] = await startAll('auto');
    const [host] = network.hosts as [Host, Host];
    await host.run(['ip', 'link', 'set', 'eth0', 'down']);
    await host.run(['ip', 'link', 'set', 'eth0', 'up']);
    first?.update(nodes());
    await first?.settled();
    await waitFor('the pods reach each other again', () => ping(pods[0] as NetnsPod, '10.42.1.9'));
    await first?.stop();
    await second?.stop();
  },
  30_000,
);
