import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor, type Host, makeHosts, type RunOptions, type RunResult } from './hosts.ts';
import { ROOT } from './import-law.ts';
import { writeTestImages } from './images.ts';

/** The binary under test, as users get it. */
export const SKEP = join(ROOT, 'dist/skep');

/** A cluster of real processes: a server with an agent on the first host, an agent on each further one. */
export interface Cluster {
  readonly hosts: readonly Host[];
  readonly first: Host;
  readonly kubeconfig: string;
  readonly serverDir: string;
  /** The agents'. */
  readonly dataDirs: readonly string[];
  /** Runs kubectl on the first host; rejects when it fails, unless `mayFail`. Returns stdout. */
  kubectl(line: string | readonly string[], options?: RunOptions & { readonly mayFail?: boolean }): Promise<string>;
  /** As kubectl, with everything that it said. */
  kubectlResult(line: string | readonly string[], options?: RunOptions): Promise<RunResult>;
  /** The JSON of `kubectl get -o json`. */
  get<T>(line: string): Promise<T>;
  startServer(): Promise<void>;
  startAgent(index: number): Promise<void>;
  /** Sends a signal to the server or to an agent and waits for its end. */
  kill(part: 'server' | number, signal: NodeJS.Signals): Promise<void>;
  /** The log of the server or of an agent. */
  log(part: 'server' | number): Promise<string>;
  stop(): Promise<void>;
}

/** What a cluster is made of. */
export interface ClusterOptions {
  readonly hosts?: number;
  /** Default: those for short tests, a node that is silent for 4 s is NotReady, and the database does not wait for the disk. */
  readonly serverFlags?: readonly string[];
}

const QUICK = ['--node-monitor-grace', '4s', '--database-fsync', 'false'];

/**
 * Starts a cluster and waits until every node is Ready. The images localhost/bb:1 and localhost/bb:2 are on every node.
 * The server and the first agent are processes of their own, so that tests can kill one without the other.
 */
export async function startCluster({ hosts: count = 1, serverFlags = QUICK }: ClusterOptions = {}): Promise<Cluster> {
  const network = await makeHosts(count);
  const { hosts } = network;
  const [first] = hosts;
  if (first === undefined) throw new Error('a cluster has at least one host');
  const serverDir = join(first.directory, 'server');
  const dataDirs = hosts.map((host) => join(host.directory, 'agent'));
  const kubeconfig = join(serverDir, 'kubeconfig');
  const processes = new Map<'server' | number, Bun.Subprocess>();
  const logOf = (part: 'server' | number): string =>
    part === 'server' ? join(first.directory, 'server.log') : join(network.directory, `agent${part}.log`);
  await mkdir(first.directory, { recursive: true });
  for (const directory of dataDirs) await writeTestImages(join(directory, 'images'));

  const kubectlResult: Cluster['kubectlResult'] = (line, options = {}) =>
    first.run(['kubectl', ...(typeof line === 'string' ? line.split(' ') : line)], {
      ...options,
      environment: { KUBECONFIG: kubeconfig, HOME: first.directory, ...options.environment },
    });
  const cluster: Cluster = {
    hosts,
    first,
    kubeconfig,
    serverDir,
    dataDirs,
    kubectlResult,
    async kubectl(line, options = {}) {
      const { code, stdout, stderr } = await kubectlResult(line, options);
      if (code !== 0 && options.mayFail !== true) {
        throw new Error(`kubectl ${typeof line === 'string' ? line : line.join(' ')}: ${code}: ${stderr}${stdout}`);
      }
      return stdout;
    },
    async get<T>(line: string): Promise<T> {
      return JSON.parse(await cluster.kubectl(`get ${line} -o json`)) as T;
    },
    async startServer() {
      processes.set(
        'server',
        first.start(
          [SKEP, 'server', '--data-dir', serverDir, '--listen', '0.0.0.0:6443', ...serverFlags],
          logOf('server'),
        ),
      );
      await waitFor('the server is ready', async () => {
        const { stdout } = await kubectlResult('get --raw /readyz', { timeoutMs: 5000 });
        return stdout === 'ok';
      });
    },
    async startAgent(index) {
      const host = hosts[index];
      const dataDir = dataDirs[index];
      if (host === undefined || dataDir === undefined) throw new Error(`no host ${index}`);
      const token = (await first.run([SKEP, 'token', 'create', '--data-dir', serverDir])).stdout.trim();
      processes.set(
        index,
        host.start(
          [
            SKEP,
            'agent',
            '--server',
            `https://${first.address}:6443`,
            '--token',
            token,
            '--data-dir',
            dataDir,
            '--node-name',
            host.name,
            '--node-ip',
            host.address,
          ],
          logOf(index),
        ),
      );
      await waitFor(
        `${host.name} is Ready`,
        async () => / Ready /.test(await cluster.kubectl(`get node ${host.name} --no-headers`)),
        60_000,
      );
    },
    async kill(part, signal) {
      const child = processes.get(part);
      child?.kill(signal);
      await child?.exited;
      processes.delete(part);
    },
    log: (part) => Bun.file(logOf(part)).text(),
    async stop() {
      for (const part of [...processes.keys()].reverse()) await cluster.kill(part, 'SIGTERM');
      for (const [index, host] of hosts.entries()) {
        await host.run([SKEP, 'reset', '--data-dir', dataDirs[index] ?? '', '--yes']);
      }
      await first.run([SKEP, 'reset', '--data-dir', serverDir, '--yes']);
      await network.remove();
    },
  };
  try {
    await cluster.startServer();
    for (const index of hosts.keys()) await cluster.startAgent(index);
  } catch (error) {
    for (const part of ['server', ...hosts.keys()] as const) {
      process.stderr.write(`--- ${part}\n${(await cluster.log(part).catch(() => '')).slice(-4000)}\n`);
    }
    await cluster.stop();
    throw error;
  }
  return cluster;
}
