import { afterAll, beforeAll, expect, test } from 'bun:test';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SKEP } from '../support/cluster.ts';
import { createTestDatabase } from '../support/database.ts';
import { type Host, type Network, type RunOptions, type RunResult, makeHosts, waitFor } from '../support/hosts.ts';
import { writeTestImages } from '../support/images.ts';
import { databaseUrl } from '../support/server-process.ts';

/** Two servers on one database; the one node is linked to the second, and kubectl asks the first. */
const PODS = [
  pod(
    'web',
    'trap "exit 0" TERM; nc -ll -p 8080 -e hostname & httpd -p 127.0.0.1:9090 -h /etc; while :; do echo tick; sleep 1; done',
  ),
  pod('talker', 'while read -r line; do echo "heard $line"; done'),
];
function pod(name: string, script: string): object {
  const container = { name: 'main', image: 'localhost/bb:1', command: ['sh', '-c', script], stdin: name === 'talker' };
  const spec = { terminationGracePeriodSeconds: 1, containers: [container] };
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec };
}

let network: Network;
let database: string;
const processes = new Map<string, Bun.Subprocess>();
const serverDir = (host: Host): string => join(host.directory, 'server');
const agentDir = (host: Host): string => join(host.directory, 'agent');
const logOf = (name: string): string => join(network.directory, `${name}.log`);
const hostAt = (index: number): Host => {
  const host = network.hosts[index];
  if (host === undefined) throw new Error(`no host ${index}`);
  return host;
};

beforeAll(async () => {
  network = await makeHosts(3);
  database = databaseUrl(await createTestDatabase());
  try {
    await startServer(0);
    const key = 'identity/encryption.key';
    await mkdir(join(serverDir(hostAt(1)), 'identity'), { recursive: true });
    await copyFile(join(serverDir(hostAt(0)), key), join(serverDir(hostAt(1)), key));
    await startServer(1);
    await writeTestImages(join(agentDir(hostAt(2)), 'images'));
    await startAgent();
    await kubectl('create -f -', { stdin: PODS.map((one) => JSON.stringify(one)).join('\n') });
    await kubectl('wait --for=condition=Ready pod --all --timeout=60s');
  } catch (error) {
    for (const name of processes.keys())
      process.stderr.write(`--- ${name}\n${(await readFile(logOf(name), 'utf8')).slice(-3000)}\n`);
    throw error;
  }
}, 180_000);
afterAll(async () => {
  for (const name of ['agent', 'server1', 'server0']) await end(name, 'SIGTERM');
  await hostAt(2).run([SKEP, 'reset', '--data-dir', agentDir(hostAt(2)), '--yes']);
  await network?.remove();
}, 120_000);

async function startServer(index: number): Promise<void> {
  const host = hostAt(index);
  await mkdir(host.directory, { recursive: true });
  const flags = ['--data-dir', serverDir(host), '--listen', '0.0.0.0:6443', '--database-url', database];
  processes.set(`server${index}`, host.start([SKEP, 'server', ...flags], logOf(`server${index}`)));
  await waitFor(`server ${index} is ready`, async () => {
    const kubeconfig = join(serverDir(host), 'kubeconfig');
    return (await host.run(['kubectl', '--kubeconfig', kubeconfig, 'get', '--raw', '/readyz'])).stdout === 'ok';
  });
}

/** The agent is told of the second server only. */
async function startAgent(): Promise<void> {
  const host = hostAt(2);
  const token = (await hostAt(0).run([SKEP, 'token', 'create', '--data-dir', serverDir(hostAt(0))])).stdout.trim();
  const flags = ['--server', `https://${hostAt(1).address}:6443`, '--token', token, '--data-dir', agentDir(host)];
  const names = ['--node-name', host.name, '--node-ip', host.address];
  processes.set('agent', host.start([SKEP, 'agent', ...flags, ...names], logOf('agent')));
  await waitFor('the node is Ready', async () => / Ready /.test(await kubectl('get nodes --no-headers')), 60_000);
}

async function end(name: string, signal: NodeJS.Signals): Promise<void> {
  const child = processes.get(name);
  child?.kill(signal);
  await child?.exited;
  processes.delete(name);
}

const environment = (index = 0) => ({
  KUBECONFIG: join(serverDir(hostAt(index)), 'kubeconfig'),
  HOME: hostAt(index).directory,
});

/** kubectl against the first server, to which no node is linked. */
const result = (line: string | readonly string[], options: RunOptions = {}): Promise<RunResult> =>
  hostAt(0).run(['kubectl', ...(typeof line === 'string' ? line.split(' ') : line)], {
    ...options,
    environment: environment(),
  });
async function kubectl(line: string | readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await result(line, options);
  if (code !== 0) throw new Error(`kubectl ${String(line)}: ${code}: ${stderr}${stdout}`);
  return stdout;
}

/** kubectl in the background, and what it has said. */
function background(...argv: string[]) {
  const logs = ['out', 'err'].map((name) =>
    join(network.directory, `kubectl-${Math.random().toString(36).slice(2)}.${name}`),
  );
  const [stdout = '', stderr = ''] = logs;
  const child = Bun.spawn(['nsenter', `--net=/var/run/netns/${hostAt(0).namespace}`, 'kubectl', ...argv], {
    stdin: 'ignore',
    stdout: Bun.file(stdout),
    stderr: Bun.file(stderr),
    env: { ...process.env, ...environment() },
  });
  return { child, said: async () => (await Promise.all(logs.map((log) => readFile(log, 'utf8')))).join('') };
}

const endpoints = () =>
  kubectl([
    'get',
    'endpoints',
    'kubernetes',
    '-o',
    'jsonpath={range .subsets[*]}{.addresses[*].ip}:{.ports[*].port}{end}',
  ]);

test('the Service kubernetes has both servers as endpoints', async () => {
  await waitFor('both are there', async () => (await endpoints()) === '192.168.77.1 192.168.77.2:6443');
});

test('exec carries stdin and its end, both outputs, and the exit code', async () => {
  const script = 'cat; echo done; echo bad >&2; exit 7';
  const { code, stdout, stderr } = await result(['exec', '-i', 'web', '--', 'sh', '-c', script], { stdin: 'hello\n' });
  expect([code, stdout, stderr]).toEqual([7, 'hello\ndone\n', 'bad\ncommand terminated with exit code 7\n']);
});

test('exec has a terminal of the size of the client', async () => {
  // The size comes after the command has begun.
  const waits = 'for i in $(seq 50); do [ "$(stty size)" = "33 111" ] && break; sleep 0.1; done; stty size; tty';
  const inside = `stty rows 33 cols 111; kubectl exec -it web -- sh -c '${waits}'`;
  const { stdout } = await hostAt(0).run(['script', '-qec', inside, '/dev/null'], { environment: environment() });
  expect(stdout).toContain('33 111\r\n/dev/pts/');
});

test('cp brings a file to the pod and back as it was', async () => {
  const [there, back] = [join(network.directory, 'there'), join(network.directory, 'back')];
  const bytes = Buffer.concat(Array.from({ length: 80 }, () => crypto.getRandomValues(new Uint8Array(65_536))));
  await writeFile(there, bytes);
  await kubectl(['cp', there, 'web:/tmp/file']);
  await kubectl(['cp', 'web:/tmp/file', back]);
  expect((await readFile(back)).equals(bytes)).toBe(true);
});

test('attach speaks with the container itself', async () => {
  const inside = '(echo one; sleep 1) | kubectl attach -i talker';
  const { stdout } = await hostAt(0).run(['sh', '-c', inside], { environment: environment() });
  expect(stdout).toContain('heard one');
});

test('logs -f follows', async () => {
  const { child, said } = background('logs', '-f', '--tail=1', 'web');
  await waitFor('three lines', async () => (await said()).split('tick').length > 3);
  child.kill();
  await child.exited;
  expect((await result('logs web --previous')).stderr).toBe(
    'Error from server (BadRequest): previous terminated container "main" in pod "web" not found\n',
  );
});

test('port-forward reaches a port of the pod, connection by connection, and one of its loopback too', async () => {
  const { child, said } = background('port-forward', 'web', '18080:8080', '19090:9090', '18081:1');
  await waitFor('it listens', async () => (await said()).includes('127.0.0.1:18081'));
  const connect = (port: string, stdin = '') =>
    hostAt(0).run(['busybox', 'nc', '-w', '5', '127.0.0.1', port], { stdin });
  for (let count = 0; count < 2; count++) {
    expect((await connect('18080')).stdout).toBe('web\n');
    expect((await connect('19090', 'GET /hostname HTTP/1.0\r\n\r\n')).stdout).toEndWith('\r\n\r\nweb\n');
  }
  await connect('18081');
  // The words of containerd, as with any kubelet.
  await waitFor('the closed port is told', async () =>
    /error forwarding port 1 to pod \w+, uid : .*dial tcp4 127\.0\.0\.1:1: connect: connection refused/.test(
      await said(),
    ),
  );
  child.kill();
  await child.exited;
});

test('when the host of the other server is cut off, what is open ends, and a new call is 503 that names it', async () => {
  const { child, said } = background('exec', 'web', '--', 'sh', '-c', 'echo open; sleep 1000');
  await waitFor('it runs', async () => (await said()).includes('open'));
  await hostAt(1).setLink(false);
  try {
    expect(await child.exited).toBe(1);
    expect(await said()).toContain('which node "host3" is connected to, is silent');
    expect((await result('exec web -- true')).stderr).toBe(
      'Error from server (ServiceUnavailable): the server at https://192.168.77.2:6443, which node "host3" is connected to, does not answer within 5 s\n',
    );
  } finally {
    await hostAt(1).setLink(true);
  }
  await waitFor('exec works again', async () => (await result('exec web -- true')).code === 0);
}, 90_000);

test('when the other server is killed, what is open ends with an error that names it, and its address goes', async () => {
  const { child, said } = background('exec', 'web', '--', 'sh', '-c', 'echo open; sleep 1000');
  await waitFor('it runs', async () => (await said()).includes('open'));
  await end('server1', 'SIGKILL');
  expect(await child.exited).toBe(1);
  expect(await said()).toContain(
    'the server at https://192.168.77.2:6443, which node "host3" is connected to, has closed the connection',
  );
  await waitFor('the address has gone', async () => (await endpoints()) === '192.168.77.1:6443');
}, 60_000);

test('the agent, which was told of the other server only, goes on with this one', async () => {
  await waitFor('exec works', async () => (await result('exec web -- true')).code === 0);
  expect(await kubectl('get nodes --no-headers')).toContain(' Ready ');
}, 60_000);
