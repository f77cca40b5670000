import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Hosts for tests: each a network namespace with an address on a bridge that stands in a namespace of its own, so that no packet of a test
 * can leave the machine. Everything is named `skept-<id>-…`, and `remove()` takes it all away.
 */
export interface Network {
  readonly hosts: readonly Host[];
  /** Where the hosts of this test keep their files. */
  readonly directory: string;
  remove(): Promise<void>;
}

/** One host. `address` is on the hosts' common network. */
export interface Host {
  readonly name: string;
  readonly namespace: string;
  readonly address: string;
  readonly directory: string;
  /** Runs a command in this host's network and waits for it. Never a shell. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Starts a command in this host's network, its output appended to `log`. */
  start(argv: readonly string[], log: string): Bun.Subprocess;
  /** Takes the host's cable out, or puts it back. */
  setLink(up: boolean): Promise<void>;
}

/** How a command is run: text for its stdin, more environment, a deadline (default 60 s). */
export interface RunOptions {
  readonly stdin?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** What a command said. */
export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Runs a command on this machine and waits for it; past its deadline it is killed and the code is 137. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const child = Bun.spawn([...argv], {
    stdin: options.stdin === undefined ? 'ignore' : new TextEncoder().encode(options.stdin),
    stdout: 'pipe',
    stderr: 'pipe',
    env: { ...process.env, ...options.environment },
    timeout: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

async function must(...argv: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(argv);
  if (code !== 0) throw new Error(`${argv.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

/** Makes `count` hosts, 192.168.77.1 and up, joined by one bridge. */
export async function makeHosts(count: number): Promise<Network> {
  const id = Math.random().toString(36).slice(2, 6);
  const directory = await mkdtemp(join(tmpdir(), `skept-${id}-`));
  await chmod(directory, 0o755); // Postgres runs as a user of its own
  const bridge = `skept-${id}-net`;
  await must('ip', 'netns', 'add', bridge);
  await must('ip', '-n', bridge, 'link', 'add', 'br0', 'type', 'bridge');
  await must('ip', '-n', bridge, 'link', 'set', 'br0', 'up');
  const hosts: Host[] = [];
  for (let number = 1; number <= count; number += 1) hosts.push(await makeHost(id, bridge, directory, number));
  return {
    hosts,
    directory,
    async remove() {
      for (const { namespace } of hosts) await run(['ip', 'netns', 'delete', namespace]);
      await run(['ip', 'netns', 'delete', bridge]);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function makeHost(id: string, bridge: string, directory: string, number: number): Promise<Host> {
  const namespace = `skept-${id}-${number}`;
  const address = `192.168.77.${number}`;
  const port = `port${number}`;
  await must('ip', 'netns', 'add', namespace);
  await must('ip', '-n', bridge, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace);
  await must('ip', '-n', bridge, 'link', 'set', port, 'master', 'br0', 'up');
  await must('ip', '-n', namespace, 'link', 'set', 'lo', 'up');
  await must('ip', '-n', namespace, 'link', 'set', 'eth0', 'up');
  await must('ip', '-n', namespace, 'addr', 'add', `${address}/24`, 'dev', 'eth0');
  // A default route as real hosts have; its gateway is the bridge's own namespace, where nothing forwards.
  await must('ip', '-n', namespace, 'route', 'add', 'default', 'via', '192.168.77.254');
  const enter = ['nsenter', `--net=/var/run/netns/${namespace}`];
  return {
    name: `host${number}`,
    namespace,
    address,
    directory: join(directory, `host${number}`),
    run: (argv, options) => run([...enter, ...argv], options),
    start: (argv, log) => {
      const output = Bun.file(log);
      return Bun.spawn([...enter, ...argv], { stdin: 'ignore', stdout: output, stderr: output, env: process.env });
    },
    async setLink(up) {
      await must('ip', '-n', bridge, 'link', 'set', port, up ? 'up' : 'down');
    },
  };
}

/**
 * Asks `look` again and again until it answers something other than undefined or false; rejects after `timeoutMs` with what was last seen.
 * `look` may throw: that counts as not yet.
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 30_000,
): Promise<T> {
  const end = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      last = seen;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${what}`, { cause: last });
    await Bun.sleep(100);
  }
}
