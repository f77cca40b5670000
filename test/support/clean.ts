import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './hosts.ts';
import { ROOT } from './import-law.ts';

/** Removes what test runs that were killed have left: their hosts' processes, mounts, network namespaces and files. Prints one line for each. */
const SKEP = join(ROOT, 'dist/skep');
const say = (line: string): boolean => process.stderr.write(`clean: ${line}\n`);

const namespaces = (await run(['ip', 'netns', 'list'])).stdout
  .split('\n')
  .map((line) => line.split(' ')[0] ?? '')
  .filter((name) => name.startsWith('skept-'));

for (const name of (await readdir(tmpdir())).filter((one) => one.startsWith('skept-'))) {
  const directory = join(tmpdir(), name);
  for (const host of await readdir(directory)) {
    const namespace = `${name.split('-').slice(0, 2).join('-')}-${host.replace('host', '')}`;
    const enter = namespaces.includes(namespace) ? ['nsenter', `--net=/var/run/netns/${namespace}`] : [];
    for (const part of ['agent', 'server']) {
      const dataDir = join(directory, host, part);
      if (!existsSync(dataDir) || !existsSync(SKEP)) continue;
      const { code, stderr } = await run([...enter, SKEP, 'reset', '--data-dir', dataDir, '--yes'], {
        timeoutMs: 120_000,
      });
      say(code === 0 ? `reset ${dataDir}` : `cannot reset ${dataDir}: ${stderr.trim()}`);
    }
  }
  await rm(directory, { recursive: true, force: true });
  say(`removed ${directory}`);
}
for (const namespace of namespaces) {
  await run(['ip', 'netns', 'delete', namespace]);
  say(`removed the network namespace ${namespace}`);
}
