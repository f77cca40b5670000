import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCluster } from '../support/cluster.ts';
import type { Host } from '../support/hosts.ts';
import { isNothing, WriteMeter, type Written, writtenBetween } from '../support/write-meter.ts';
import { type Figure, memoryOfOne, percentile, printFigures } from './figures.ts';
import { perSecond, type ProcessUse, useOf, withChildren } from './process-use.ts';

/**
 * What a cluster costs when nothing happens: a server with its embedded Postgres and 20 real agents, each with a containerd of its own and in a
 * network namespace of its own. Measured are the bytes written, the bytes of the agents' links, processor time, wake-ups and memory.
 */
const AGENTS = 20;
/** Longer than a minute, the round of autovacuum and the longest of ours. */
const QUIET_MS = 90_000;
const SETTLE_DEADLINE_MS = 15 * 60_000;
const MINUTE_MS = 60_000;
const WINDOW_MS = 300_000;
const DAY_MS = 24 * 3600 * 1000;

const figures: Figure[] = [];
const cluster = await startCluster({ hosts: AGENTS, serverFlags: [] });
try {
  // The server is on the first host, whose link does not leave it.
  const hosts = cluster.hosts.slice(1);
  for (const host of hosts) await countLink(host);
  const meter = await WriteMeter.open(cluster.serverDir);
  process.stderr.write('bench: every node is Ready, waiting for the end of what that has caused\n');
  await meter.settle(QUIET_MS, SETTLE_DEADLINE_MS);
  const server = pidIn(cluster.serverDir, 'server.pid');
  const agents = cluster.dataDirs.map((directory) => pidIn(directory, 'agent.pid'));
  const look = async () => ({
    at: performance.now(),
    links: await Promise.all(hosts.map(bytesOfLink)),
    server: useOf([server]),
    'Postgres, all processes': useOf(withChildren(meter.postmaster)),
    'an agent and the programs it starts, mean': share(useOf(agents), AGENTS),
  });

  const before = await look();
  const written = await meter.look();
  await Bun.sleep(MINUTE_MS);
  figuresOfWrites('60 s', writtenBetween(written, await meter.look()));
  await Bun.sleep(WINDOW_MS - MINUTE_MS);
  figuresOfWrites('300 s', writtenBetween(written, await meter.look()));
  const after = await look();
  await meter.close();

  const tookMs = after.at - before.at;
  const perDay = after.links.map((bytes, index) => ((bytes - (before.links[index] ?? 0)) / tookMs) * (DAY_MS / 1e6));
  figures.push(
    { what: "an idle agent's traffic, both ways, median", value: percentile(perDay, 0.5), unit: 'MB/day', budget: 1 },
    { what: 'the same, the agent with most', value: Math.max(...perDay), unit: 'MB/day', budget: 1 },
  );
  for (const who of ['server', 'Postgres, all processes', 'an agent and the programs it starts, mean'] as const) {
    const { cpuMs, wakeUps, writeBytes } = perSecond(before[who], after[who], tookMs);
    figures.push(
      { what: `${who}: processor time`, value: cpuMs, unit: 'ms/s' },
      { what: `${who}: wake-ups`, value: wakeUps, unit: '/s' },
      { what: `${who}: written to disk`, value: writeBytes, unit: 'B/s' },
    );
  }
  const memory = agents.map((pid) => memoryOfOne(pid).rss);
  figures.push({ what: 'agent memory, no pods (RSS), median', value: percentile(memory, 0.5), unit: 'MB', budget: 70 });
  printFigures(`Idle, ${AGENTS} agents`, figures);
} finally {
  await cluster.stop();
}

function figuresOfWrites(during: string, written: Written): void {
  if (!isNothing(written)) process.stderr.write(`bench: written in ${during}: ${JSON.stringify(written)}\n`);
  const bytes = Object.values(written.processBytes).reduce((sum, one) => sum + one, 0);
  figures.push(
    { what: `written to disk by Postgres in ${during}`, value: bytes, unit: 'B', budget: 0 },
    { what: `write-ahead log in ${during}`, value: written.walBytes, unit: 'B', budget: 0 },
    { what: `revisions used in ${during}`, value: written.revisions, unit: '', budget: 0 },
    { what: `files of the server changed in ${during}`, value: written.files.length, unit: '', budget: 0 },
  );
}

/** Counts the packets of a host's link to the server in a table that goes with the host. */
async function countLink(host: Host): Promise<void> {
  const chain = (hook: string, port: string): string =>
    `chain ${hook} { type filter hook ${hook} priority 0; tcp ${port} 6443 counter; };`;
  const stdin = `table ip bench { ${chain('input', 'sport')} ${chain('output', 'dport')} }`;
  const { code, stderr } = await host.run(['nft', '-f', '-'], { stdin });
  if (code !== 0) throw new Error(stderr);
}

/** Bytes of the link both ways since `countLink`, with the headers of TLS, TCP and IP. */
async function bytesOfLink(host: Host): Promise<number> {
  const { stdout } = await host.run(['nft', 'list', 'table', 'ip', 'bench']);
  return [...stdout.matchAll(/bytes (\d+)/g)].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
}

function pidIn(directory: string, file: string): number {
  return Number(readFileSync(join(directory, file), 'utf8'));
}

function share({ cpuMs, wakeUps, writeBytes }: ProcessUse, among: number): ProcessUse {
  return { cpuMs: cpuMs / among, wakeUps: wakeUps / among, writeBytes: writeBytes / among };
}
