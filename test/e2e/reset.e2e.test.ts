import { expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { SKEP, startCluster } from '../support/cluster.ts';
import { waitFor, type Host, makeHosts } from '../support/hosts.ts';
import { deployment } from '../support/manifests.ts';

/** What a host shows of its network, mounts and processes. Counters and the data directory's own files are not looked at. */
async function stateOf(host: Host): Promise<Record<string, string>> {
  const links = JSON.parse((await host.run(['ip', '-j', 'link'])).stdout) as { ifname: string }[];
  return {
    nft: (await host.run(['nft', 'list', 'ruleset'])).stdout,
    links: links.map((link) => link.ifname).join(' '),
    routes: (await host.run(['ip', 'route'])).stdout,
    mounts: (await readFile('/proc/self/mounts', 'utf8'))
      .split('\n')
      .filter((line) => line.includes(host.directory) || line.includes('/cni-') || /containerd/.test(line))
      .join('\n'),
    processes: (await host.run(['pgrep', '-fa', host.directory])).stdout
      .split('\n')
      .filter((line) => !line.includes('pgrep'))
      .join('\n'),
  };
}

test('skep reset leaves rules, links, routes, mounts and processes as they were before', async () => {
  const probe = await makeHosts(1);
  const [bare] = probe.hosts;
  if (bare === undefined) throw new Error('no host');
  const before = await stateOf(bare);
  await probe.remove();

  const cluster = await startCluster();
  try {
    await cluster.kubectl('apply -f -', { stdin: deployment('gone', 2, { command: ['sleep', '3600'] }) });
    await cluster.kubectl('rollout status deployment/gone --timeout=60s');
    const during = await stateOf(cluster.first);
    expect(during['nft']).toContain('table ip skep');
    expect(during['links']).toContain('skep0');
    expect(during['mounts']).not.toBe('');
    for (const part of [0, 'server'] as const) await cluster.kill(part, 'SIGTERM');
    for (const dataDir of [...cluster.dataDirs, `${cluster.first.directory}/server`]) {
      const { code, stderr } = await cluster.first.run([SKEP, 'reset', '--data-dir', dataDir, '--yes']);
      expect(`${code} ${stderr}`).toStartWith('0 ');
    }
    await waitFor(
      'everything is as before',
      async () => JSON.stringify(await stateOf(cluster.first)) === JSON.stringify(before),
    );
    expect(await stateOf(cluster.first)).toEqual(before);
  } finally {
    await cluster.stop();
  }
}, 240_000);
