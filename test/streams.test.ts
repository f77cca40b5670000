import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Elysia } from 'elysia';
import { WebSocket } from 'ws';
import { Link } from '#agent/link/link.ts';
import { FakeRuntime } from '#agent/runtime/fake.ts';
import { type ContainerPlace, NodeStreams } from '#agent/streams/streams.ts';
import type { Kind } from '#api/kind.ts';
import { nodeKind } from '#api/kinds/core/node.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import type { UsageReport } from '#api/wire/usage-report.ts';
import { systemClock } from '#base/clock.ts';
import { createLogger } from '#base/logger.ts';
import { Metrics } from '#base/metrics.ts';
import { type UpgradeServer, callSubresource } from '#server/http/upgrade.ts';
import type { ResourceRequest } from '#server/http/api-context.ts';
import { Seat } from '#server/http/flow-control.ts';
import { ApiMetrics } from '#server/http/metrics.ts';
import { parseRequest } from '#server/http/request-info.ts';
import { errorResponse } from '#server/http/status-response.ts';
import { attachSubresource, execSubresource } from '#server/http/subresources/exec.ts';
import { logSubresource } from '#server/http/subresources/log.ts';
import { NodeGateway } from '#server/nodes/gateway.ts';
import { NodePaths } from '#server/nodes/node-paths.ts';
import { NodeUsages } from '#server/nodes/node-usages.ts';
import { eventually } from './support/eventually.ts';
import { MemoryClient } from './support/memory-client.ts';

const log = createLogger({ name: 'test', level: 'silent' });
/** What the agent's sampler answers here. */
const USAGE: UsageReport = {
  timestampMs: 1_000,
  windowMs: 15_000,
  node: { cpuNanoCores: 1, cpuCoreNanoSeconds: 2, memoryWorkingSetBytes: 3, memoryAvailableBytes: 4 },
  pods: [],
};
const IMAGE = 'localhost/x:1';
const PODS = '/api/v1/namespaces/default/pods';

describe('log, exec and attach from client to container', () => {
  const directory = mkdtempSync(join(tmpdir(), 'skep-streams-'));
  const client = new MemoryClient(systemClock);
  const metrics = new Metrics();
  const runtime = new FakeRuntime({
    images: {
      [IMAGE]: {
        exec: ([program]) =>
          program === 'fill' ? { exitCode: 0, output: 'x'.repeat(3_000_000) } : { exitCode: 7, output: 'no\n' },
      },
    },
  });
  const places = new Map<string, ContainerPlace>();
  let server: { stop(closeAll?: boolean): unknown; server: { port?: number | undefined } | null };
  let gateway: NodeGateway;
  let link: Link;
  let base = '';
  let containerId = '';

  beforeAll(async () => {
    gateway = new NodeGateway({
      client,
      authenticator: { authenticate: async () => undefined },
      issuer: {
        isJoinToken: async () => true,
        nodeToken: async () => 'node',
        serviceAccountToken: async () => ({ token: '', expirationTimestamp: '' }),
      },
      clock: systemClock,
      log,
      serverVersion: 'v1.33.0',
      cluster: { clusterCIDR: '', serviceCIDR: '', clusterDNS: '', clusterDomain: '' },
      graceMs: 40_000,
      metrics,
    });
    gateway.start();
    const apiMetrics = new ApiMetrics(metrics);
    const parts = { client, nodes: new NodePaths(gateway.sessions) };
    const subresources = [logSubresource(parts), execSubresource(parts), attachSubresource(parts)];
    const answer = async (request: Request, bun: UpgradeServer | null): Promise<Response | undefined> => {
      const url = new URL(request.url);
      const info = parseRequest(request.method, url);
      const subresource = subresources.find(({ name }) => name === info.subresource);
      if (subresource === undefined) return new Response(null, { status: 404 });
      const api = { metrics: apiMetrics, registry: { admit: () => Promise.resolve() } };
      const seat = new Seat(() => undefined);
      const given = {
        api,
        seat,
        request,
        url,
        info,
        kind: podKind as unknown as Kind,
        user: { name: 'me', groups: [] },
        warnings: [],
      };
      try {
        const response = await callSubresource(given as unknown as ResourceRequest, subresource, bun);
        return response === 'upgraded' ? undefined : response;
      } catch (error) {
        return errorResponse(error);
      }
    };
    server = new Elysia()
      .use(gateway.routes())
      .all('/*', ({ request, server: bun }) => answer(request, bun), { parse: 'none' })
      .listen({ port: 0, hostname: '127.0.0.1' });
    const address = `127.0.0.1:${server.server?.port}`;
    base = `http://${address}${PODS}`;

    await client.create(nodeKind, {
      kind: 'Node',
      apiVersion: 'v1',
      metadata: { name: 'n' },
      spec: { podCIDR: '10.42.0.0/24' },
    });
    for (const name of ['p', 'unbound', 'two'])
      await client.create(podKind, {
        kind: 'Pod',
        apiVersion: 'v1',
        metadata: { name, namespace: 'default' },
        spec: {
          ...(name === 'unbound' ? {} : { nodeName: 'n' }),
          containers: [{ name: 'a', image: IMAGE }, ...(name === 'two' ? [{ name: 'b', image: IMAGE }] : [])],
        },
      });
    containerId = await startContainer();
    mkdirSync(join(directory, 'logs'));
    const logPath = join(directory, 'logs/0.log');
    writeFileSync(
      logPath,
      '2026-11-21T08:00:01.000000001Z stdout F one\n2026-11-21T08:00:02.000000001Z stdout F two\n',
    );
    places.set('p', {
      containerId,
      logPath,
      previousLogError: 'previous terminated container "a" in pod "p" not found',
    });
    places.set('two', {
      error: 'container not found ("b")',
      logError: 'container "b" in pod "two" is waiting to start: ContainerCreating',
    });
    const forwardToPod = () => Promise.reject(new Error('not asked for here'));
    const streams = new NodeStreams({
      runtime,
      lookup: (_namespace, pod) => places.get(pod) ?? {},
      forwardToPod,
      usage: async () => USAGE,
      log,
    });
    link = new Link({
      server: `http://${address}`,
      nodeName: 'n',
      agentVersion: '0.1.0',
      joinToken: 'join',
      dataDirectory: directory,
      log,
      state: { known: () => ({}), upsert: () => undefined, remove: () => undefined, synced: () => undefined },
      node: () => ({ kind: 'Node', apiVersion: 'v1', metadata: { name: 'n' } }),
      welcomed: () => undefined,
      openStream: streams.open,
    });
    void link.run();
    while (!link.linked) await Bun.sleep(2);
  });

  afterAll(async () => {
    await link.stop();
    gateway.stop();
    await server.stop(true);
    runtime.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function startContainer(): Promise<string> {
    const security = {
      privileged: false,
      supplementalGroups: [],
      readOnlyRootFilesystem: false,
      noNewPrivileges: false,
      addCapabilities: [],
      dropCapabilities: [],
      seccomp: 'RuntimeDefault',
    } as const;
    const sandbox = {
      metadata: { name: 'p', namespace: 'default', uid: 'u', attempt: 0 },
      hostname: 'p',
      logDirectory: directory,
      portMappings: [],
      labels: {},
      annotations: {},
      cgroupParent: '',
      hostNetwork: false,
      hostPID: false,
      hostIPC: false,
      shareProcessNamespace: false,
      sysctls: {},
      security,
    };
    const sandboxId = await runtime.runSandbox(sandbox);
    const container = {
      name: 'a',
      attempt: 0,
      image: IMAGE,
      command: ['cat'],
      args: [],
      workingDir: '',
      env: [],
      mounts: [],
      labels: {},
      annotations: {},
      logPath: 'logs/0.log',
      stdin: true,
      stdinOnce: false,
      tty: false,
      resources: { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryLimitBytes: 0, oomScoreAdj: 0 },
      security,
    };
    const id = await runtime.createContainer(sandboxId, container, sandbox);
    await runtime.startContainer(id);
    return id;
  }

  async function get(path: string): Promise<[number, string]> {
    const response = await fetch(`${base}${path}`);
    const text = await response.text();
    return [response.status, text.startsWith('{') ? String(JSON.parse(text).message) : text];
  }

  /** What a kubectl would see: output by channel, and the Status at the end. */
  async function session(
    path: string,
    stdin?: Uint8Array,
  ): Promise<{ stdout: Buffer; status: Record<string, unknown> }> {
    const socket = new WebSocket(`${base.replace('http', 'ws')}${path}`, ['v5.channel.k8s.io']);
    const out: Buffer[] = [];
    let status: Record<string, unknown> = {};
    socket.on('message', (data: Buffer) => {
      if (data[0] === 1) out.push(data.subarray(1));
      if (data[0] === 3) status = JSON.parse(data.subarray(1).toString());
    });
    socket.on('open', () => {
      if (stdin === undefined) return;
      for (let offset = 0; offset < stdin.length; offset += 50_000)
        socket.send(Buffer.concat([Buffer.from([0]), stdin.subarray(offset, offset + 50_000)]));
      socket.send(Buffer.from([255, 0]));
    });
    await new Promise((resolve, reject) => {
      socket.on('close', resolve);
      socket.on('error', reject);
    });
    return { stdout: Buffer.concat(out), status };
  }

  test('a question for usage is answered by the agent', async () => {
    const usages = new NodeUsages({ nodes: new NodePaths(gateway.sessions), clock: systemClock, log });
    expect(await usages.of('n')).toEqual(USAGE);
    expect(await usages.of('absent')).toBeUndefined();
  });

  test('log gives the text, also with tailLines and timestamps', async () => {
    expect(await get('/p/log')).toEqual([200, 'one\ntwo\n']);
    expect(await get('/p/log?tailLines=1&timestamps=true')).toEqual([200, '2026-11-21T08:00:02.000000001Z two\n']);
    expect(await get('/p/log?container=a&limitBytes=2')).toEqual([200, 'on']);
  });

  test("log answers upstream's errors", async () => {
    expect(await get('/none/log')).toEqual([404, 'pods "none" not found']);
    expect(await get('/unbound/log')).toEqual([204, '']);
    expect(await get('/p/log?container=zz')).toEqual([400, 'container zz is not valid for pod p']);
    expect(await get('/two/log')).toEqual([
      400,
      'a container name must be specified for pod two, choose one of: [a b]',
    ]);
    expect(await get('/two/log?container=b')).toEqual([
      400,
      'container "b" in pod "two" is waiting to start: ContainerCreating',
    ]);
    expect(await get('/p/log?previous=true')).toEqual([400, 'previous terminated container "a" in pod "p" not found']);
    expect(await get('/p/log?tailLines=-1')).toEqual([
      422,
      'PodLogOptions "p" is invalid: tailLines: Invalid value: -1: must be greater than or equal to 0',
    ]);
    expect(await get('/p/log?sinceSeconds=0')).toEqual([
      422,
      'PodLogOptions "p" is invalid: sinceSeconds: Invalid value: 0: must be greater than 0',
    ]);
    expect(await get('/p/log?sinceSeconds=1&sinceTime=2020-01-01T00:00:00Z')).toEqual([
      422,
      'PodLogOptions "p" is invalid: []: Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
    ]);
  });

  test('exec carries stdin to the command and its output back, and ends with Success', async () => {
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    const stdin = Buffer.concat(Array.from({ length: 48 }, () => bytes));
    const { stdout, status } = await session('/p/exec?command=cat&stdin=true&stdout=true', stdin);
    expect(stdout.equals(stdin)).toBe(true);
    expect(status).toEqual({ metadata: {}, status: 'Success' });
  });

  test('exec tells the exit code in the Status', async () => {
    const { stdout, status } = await session('/p/exec?command=x&stdout=true');
    expect(stdout.toString()).toBe('no\n');
    expect(status).toMatchObject({
      status: 'Failure',
      reason: 'NonZeroExitCode',
      details: { causes: [{ reason: 'ExitCode', message: '7' }] },
    });
  });

  test('exec loses nothing of three megabytes that come at once', async () => {
    const { stdout, status } = await session('/p/exec?command=fill&stdout=true');
    expect(stdout.length).toBe(3_000_000);
    expect(status).toMatchObject({ status: 'Success' });
  });

  test('an exec is seen in the metrics of API and nodes as long as it lasts', async () => {
    const seen = async () =>
      (await metrics.text()).split('\n').filter((line) => /^(apiserver_long|skep_node_s)/.test(line));
    const none = [
      'skep_node_sessions 1',
      'skep_node_session_waiting_bytes_max 0',
      'skep_node_session_waiting_objects_max 0',
      'skep_node_streams 0',
      'skep_node_session_streams_max 0',
    ];
    await eventually(async () => expect(await seen()).toEqual(none));
    const url = `${base}/p/exec?command=cat&stdin=true&stdout=true`.replace('http', 'ws');
    const socket = new WebSocket(url, ['v5.channel.k8s.io']);
    await eventually(async () => {
      const lines = await seen();
      expect(lines).toContain('skep_node_streams 1');
      expect(lines).toContain(
        'apiserver_longrunning_requests{verb="CONNECT",group="",version="v1",resource="pods",subresource="exec"} 1',
      );
    });
    socket.close();
    await eventually(async () => expect(await seen()).toEqual(none));
  });

  test('exec in a container that does not run ends with the reason', async () => {
    const { status } = await session('/two/exec?command=x&stdout=true&container=b');
    expect(status).toMatchObject({
      status: 'Failure',
      reason: 'InternalError',
      message: 'Internal error occurred: unable to upgrade connection: container not found ("b")',
    });
  });

  test('attach to a container that does not run ends with the reason, in words of its own', async () => {
    const { status } = await session('/two/attach?stdout=true&container=b');
    expect(status['message']).toBe(
      'Internal error occurred: unable to upgrade connection: container b not found in pod two_default',
    );
  });

  test('attach joins the streams of the container itself', async () => {
    const { stdout, status } = await session('/p/attach?stdin=true&stdout=true', Buffer.from('hello'));
    expect(stdout.toString()).toBe('hello');
    expect(status).toMatchObject({ status: 'Success' });
  });

  test('exec without a WebSocket, a host or a stream is a bad request', async () => {
    expect(await get('/p/exec?command=x&stdout=true')).toEqual([400, 'Upgrade request required']);
    expect(await get('/unbound/exec?command=x')).toEqual([400, 'pod unbound does not have a host assigned']);
    expect(await get('/p/exec?command=x')).toEqual([400, 'you must specify at least 1 of stdin, stdout, stderr']);
  });
});
