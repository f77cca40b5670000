import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { containerdPaths } from '#agent/runtime/containerd-config.ts';
import { type Cluster, startCluster } from '../support/cluster.ts';
import { waitFor } from '../support/hosts.ts';

/** Images from a real registry that asks for a password, on the loopback of the host: containerd speaks plain HTTP to it there. */
const ADDRESS = '127.0.0.1:5000';
const IMAGE = `${ADDRESS}/tools/bb:1`;
const USER = 'puller';
const PASSWORD = 'open sesame';

let cluster: Cluster;
let registry: Bun.Subprocess | undefined;

const HAS_REGISTRY = Bun.which('docker-registry') !== null;
if (!HAS_REGISTRY) console.warn('skipped: no docker-registry; sh deploy/host.sh --with-test-parts installs it');

interface SeenPod {
  readonly status: {
    readonly containerStatuses?: readonly {
      readonly imageID: string;
      readonly state: { readonly waiting?: { readonly reason: string; readonly message?: string } };
    }[];
  };
}

describe.skipIf(!HAS_REGISTRY)('images from a registry', () => {
  beforeAll(async () => {
    cluster = await startCluster();
    await startRegistry();
    await push('localhost/bb:1', IMAGE);
  }, 180_000);
  afterAll(async () => {
    registry?.kill();
    await cluster?.stop();
  }, 120_000);

  test('without a password the pod waits and says why', async () => {
    await createPod('stranger', 'Always');
    const waiting = await waitingOf('stranger', /^ErrImagePull$/);
    // containerd 1.6 and 1.7 in this order.
    expect(waiting.message).toMatch(/401 Unauthorized|no basic auth credentials/);
    expect(await cluster.kubectl('events --for pod/stranger')).toContain(`Failed to pull image "${IMAGE}"`);
    await waitingOf('stranger', /^ImagePullBackOff$/);
  });

  test('imagePullSecrets give the password, and the pod tells the digest that it runs', async () => {
    const login = [`--docker-server=${ADDRESS}`, `--docker-username=${USER}`, `--docker-password=${PASSWORD}`];
    await cluster.kubectl(['create', 'secret', 'docker-registry', 'pull', ...login]);
    await createPod('friend', 'Always', ['pull']);
    await cluster.kubectl('wait --for=condition=Ready pod/friend --timeout=30s');
    const { status } = await cluster.get<SeenPod>('pod friend');
    expect(status.containerStatuses?.[0]?.imageID).toMatch(/^127\.0\.0\.1:5000\/tools\/bb@sha256:[0-9a-f]{64}$/);
    const events = await cluster.kubectl('events --for pod/friend');
    expect(events).toContain(`Pulling image "${IMAGE}"`);
    expect(events).toContain(`Successfully pulled image "${IMAGE}"`);
  });

  test("the service account's imagePullSecrets serve its pods", async () => {
    const patch = JSON.stringify({ imagePullSecrets: [{ name: 'pull' }] });
    await cluster.kubectl(['patch', 'serviceaccount', 'default', '-p', patch]);
    await createPod('member', 'Always');
    await cluster.kubectl('wait --for=condition=Ready pod/member --timeout=30s');
  });

  test('with the registry away Always waits, and IfNotPresent runs what is there', async () => {
    registry?.kill();
    await registry?.exited;
    await createPod('asks', 'Always');
    expect((await waitingOf('asks', /^ErrImagePull$/)).message).toContain('connection refused');
    await createPod('content', 'IfNotPresent');
    await cluster.kubectl('wait --for=condition=Ready pod/content --timeout=30s');
    expect(await cluster.kubectl('events --for pod/content')).toContain('already present on machine');
  });
});

async function startRegistry(): Promise<void> {
  const { directory } = cluster.first;
  const users = join(directory, 'registry-users');
  const config = join(directory, 'registry.json'); // JSON is YAML
  await writeFile(users, `${USER}:${await Bun.password.hash(PASSWORD, { algorithm: 'bcrypt', cost: 4 })}\n`);
  const settings = {
    version: '0.1',
    storage: { filesystem: { rootdirectory: join(directory, 'registry') } },
    http: { addr: ADDRESS },
    auth: { htpasswd: { realm: 'test', path: users } },
  };
  await writeFile(config, JSON.stringify(settings));
  registry = cluster.first.start(['docker-registry', 'serve', config], join(directory, 'registry.log'));
  const [host = '', port = ''] = ADDRESS.split(':');
  await waitFor('the registry asks for a password', async () => {
    const stdin = 'GET /v2/ HTTP/1.0\r\n\r\n';
    const { stdout } = await cluster.first.run(['busybox', 'nc', '-w', '1', host, port], { stdin });
    return stdout.includes(' 401 ');
  });
}

/** Brings an image that the node has into the registry, and takes the new name off the node again. */
async function push(from: string, to: string): Promise<void> {
  const { socket } = containerdPaths(cluster.dataDirs[0] ?? '');
  const images = async (...words: string[]): Promise<void> => {
    const argv = ['ctr', '--address', socket, '--namespace', 'k8s.io', 'images', ...words];
    const { code, stderr } = await cluster.first.run(argv);
    if (code !== 0) throw new Error(`ctr images ${words[0]}: ${stderr}`);
  };
  await images('tag', from, to);
  await images('push', '--plain-http', '--user', `${USER}:${PASSWORD}`, to);
  await images('remove', to);
}

async function createPod(name: string, imagePullPolicy: string, secrets: readonly string[] = []): Promise<void> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 1,
      imagePullSecrets: secrets.map((secret) => ({ name: secret })),
      containers: [{ name: 'main', image: IMAGE, imagePullPolicy, command: ['sleep', '3600'] }],
    },
  };
  await cluster.kubectl('create -f -', { stdin: JSON.stringify(pod) });
}

const waitingOf = (name: string, reason: RegExp): Promise<{ reason: string; message?: string }> =>
  waitFor(`${name} waits with ${reason.source}`, async () => {
    const { status } = await cluster.get<SeenPod>(`pod ${name}`);
    const waiting = status.containerStatuses?.[0]?.state.waiting;
    return waiting !== undefined && reason.test(waiting.reason) ? waiting : undefined;
  });
