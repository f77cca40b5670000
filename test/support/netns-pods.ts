import type { Host, RunOptions, RunResult } from './hosts.ts';
import { run } from './hosts.ts';

/** A pod as the network sees it: a namespace of its own on a host's bridge. */
export interface NetnsPod {
  readonly address: string;
  /** Runs a command in the pod's network and waits for it. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  start(argv: readonly string[]): Bun.Subprocess;
  remove(): Promise<void>;
}

let count = 0;

async function must(...argv: string[]): Promise<void> {
  const { code, stderr } = await run(argv);
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr.trim()}`);
}

/** Hangs a pod on the bridge `skep0` of a host, as the CNI bridge plugin does it. `gateway` is the bridge's address. */
export async function addPod(host: Host, address: string, gateway: string): Promise<NetnsPod> {
  count += 1;
  const namespace = `${host.namespace}-p${count}`;
  const cable = `pod${count}`;
  await must('ip', 'netns', 'add', namespace);
  await must(
    'ip',
    '-n',
    host.namespace,
    'link',
    'add',
    cable,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    namespace,
  );
  await must('ip', '-n', host.namespace, 'link', 'set', cable, 'master', 'skep0', 'up');
  await must('ip', '-n', host.namespace, 'link', 'set', cable, 'type', 'bridge_slave', 'hairpin', 'on');
  await must('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
  await must('ip', '-n', namespace, 'link', 'set', 'eth0', 'mtu', '1450', 'up');
  await must('ip', '-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0');
  await must('ip', '-n', namespace, 'route', 'add', 'default', 'via', gateway);
  const enter = ['nsenter', `--net=/var/run/netns/${namespace}`];
  const children: Bun.Subprocess[] = [];
  return {
    address,
    run: (argv, options) => run([...enter, ...argv], options),
    start(argv) {
      const child = Bun.spawn([...enter, ...argv], { stdin: 'ignore', stdout: 'ignore', stderr: 'inherit' });
      children.push(child);
      return child;
    },
    async remove() {
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(children.map((child) => child.exited));
      await run(['ip', 'netns', 'delete', namespace]);
    },
  };
}
