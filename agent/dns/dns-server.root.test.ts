import { afterEach, expect, test } from 'bun:test';
import { join } from 'node:path';
import { createLogger } from '#base/logger.ts';
import { waitFor, type Host, makeHosts, type Network } from '#test/support/hosts.ts';
import { ROOT } from '#test/support/import-law.ts';
import { addPod, type NetnsPod } from '#test/support/netns-pods.ts';
import { NodeNetwork } from '../network/node-network.ts';

const isRoot = process.getuid?.() === 0;
const log = createLogger({ name: 'test', level: 'warn' });
let network: Network;
let pod: NetnsPod | undefined;
let children: Bun.Subprocess[] = [];
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(children.map((child) => child.exited));
  children = [];
  await pod?.remove();
  await network?.remove();
});

/** A host with its bridge and one pod. */
async function startHost(): Promise<Host> {
  network = await makeHosts(1);
  const [host] = network.hosts as [Host];
  const one = new NodeNetwork({
    nodeName: host.name,
    nodeIP: host.address,
    podCIDR: '10.42.0.0/24',
    serviceCIDR: '10.43.0.0/16',
    dnsAddress: '10.43.0.10',
    dataDir: network.directory,
    cniConfigDirectory: join(network.directory, 'net.d'),
    log,
    run: host.run,
  });
  await one.start();
  pod = await addPod(host, '10.42.0.9', '10.42.0.1');
  return host;
}
async function serve(host: Host): Promise<number> {
  const output = join(network.directory, 'dns.out');
  children.push(host.start([process.execPath, join(ROOT, 'test/support/serve-dns.ts'), '10.43.0.10'], output));
  return waitFor('the DNS server is bound', async () => Number(await Bun.file(output).text()) || undefined);
}
const lookUp = async (from: Pick<Host, 'run'>, port: number): Promise<string> => {
  const script = `const r = new (require('node:dns').promises.Resolver)({ timeout: 1000, tries: 2 });
    r.setServers(['10.43.0.10:${port}']);
    r.resolve4('10-42-0-77.default.pod.cluster.local').then((all) => console.log(all[0]), (e) => console.log(e.code));`;
  return (await from.run([process.execPath, '-e', script])).stdout.trim();
};

test.skipIf(!isRoot)(
  'the DNS address answers from a pod and from the host',
  async () => {
    const host = await startHost();
    expect(await serve(host)).toBe(53);
    expect(await lookUp(pod as NetnsPod, 53)).toBe('10.42.0.77');
    expect(await lookUp(host, 53)).toBe('10.42.0.77');
  },
  30_000,
);

test.skipIf(!isRoot)(
  'a DNS server of the host that holds port 53 of every address is stepped round',
  async () => {
    const host = await startHost();
    const holder = `require('node:net').createServer().listen(53, '0.0.0.0');
    require('node:dgram').createSocket('udp4').bind(53, '0.0.0.0', () => console.log('held'));`;
    const output = join(network.directory, 'holder.out');
    children.push(host.start([process.execPath, '-e', holder], output));
    await waitFor('port 53 is held', async () => (await Bun.file(output).text()).includes('held'));
    expect(await serve(host)).toBe(10_053);
    expect(await lookUp(pod as NetnsPod, 10_053)).toBe('10.42.0.77');
  },
  30_000,
);
