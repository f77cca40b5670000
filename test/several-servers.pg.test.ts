import { afterEach, beforeEach, expect, test } from 'bun:test';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LinkOptions } from '#agent/link/link-options.ts';
import pino from 'pino';
import { Link } from '#agent/link/link.ts';
import type { DatabaseAddress } from '#db/connect.ts';
import { loadAuthority } from '#server/identity/authority.ts';
import { newJoinToken } from '#server/identity/join-token.ts';
import { createTestDatabase, silentLog } from './support/database.ts';
import { eventually } from './support/eventually.ts';
import { type ServerProcess, startServerProcess } from './support/server-process.ts';

const GRACE_MS = 3_000;

let directory: string;
let address: DatabaseAddress;
let servers: ServerProcess[] = [];
let links: Link[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-several-'));
  address = await createTestDatabase();
});
afterEach(async () => {
  await Promise.all(links.map((link) => link.stop()));
  for (const one of servers) await one.kill('SIGKILL');
  [servers, links] = [[], []];
  await rm(directory, { recursive: true, force: true });
});

async function server(): Promise<ServerProcess> {
  const dataDir = join(directory, `server${servers.length}`);
  const [first] = servers;
  if (first !== undefined) {
    await mkdir(join(dataDir, 'identity'), { recursive: true });
    await copyFile(join(first.dataDir, 'identity/encryption.key'), join(dataDir, 'identity/encryption.key'));
  }
  const one = await startServerProcess(dataDir, address, ['--node-monitor-grace', `${GRACE_MS / 1000}s`]);
  servers.push(one);
  return one;
}

/** A join token as `skep token create` makes it, by way of `at`. */
async function joinToken(at: ServerProcess): Promise<string> {
  const { caHash } = await loadAuthority(join(at.dataDir, 'identity'), []);
  const { token, secret } = newJoinToken(caHash, 3600, new Date());
  expect((await at.call('POST', '/api/v1/namespaces/kube-system/secrets', secret)).status).toBe(201);
  return token;
}

function joinNode(name: string, at: ServerProcess, token: string, options: Partial<LinkOptions> = {}): Link {
  const link = new Link({
    server: at.url,
    nodeName: name,
    agentVersion: '0.1.0',
    joinToken: token,
    dataDirectory: join(directory, name),
    log: silentLog,
    state: { known: () => ({}), upsert: () => undefined, remove: () => undefined, synced: () => undefined },
    node: () => ({
      kind: 'Node',
      apiVersion: 'v1',
      metadata: { name },
      status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] },
    }),
    welcomed: () => undefined,
    openStream: (_request, stream) => {
      void stream.write(1, new TextEncoder().encode(`hello from ${name}\n`)).then(() => stream.close({}));
    },
    backoff: { baseMs: 20, maxMs: 100 },
    ...options,
  });
  void link.run();
  links.push(link);
  return link;
}

async function ready(at: ServerProcess, node: string): Promise<string | undefined> {
  const { status } = (await (await at.call('GET', `/api/v1/nodes/${node}`)).json()) as {
    status?: { conditions?: { type: string; status: string }[] };
  };
  return status?.conditions?.find(({ type }) => type === 'Ready')?.status;
}

test('a node linked to a server that does not lead stays Ready, its logs are had from both, and it is NotReady when that server is killed', async () => {
  const leader = await server();
  const other = await server();
  // Made by way of one server, used on the other.
  const link = joinNode('n1', other, await joinToken(leader));
  await eventually(() => expect(link.linked).toBe(true));
  const linkedAt = Date.now();
  await eventually(async () => {
    expect(await ready(leader, 'n1')).toBe('True');
    if (Date.now() < linkedAt + 2 * GRACE_MS) throw new Error('Not yet looked at for long enough');
  }, 3 * GRACE_MS);
  const pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'a' },
    spec: { nodeName: 'n1', containers: [{ name: 'c', image: 'x' }] },
  };
  expect((await leader.call('POST', '/api/v1/namespaces/default/pods', pod)).status).toBe(201);
  for (const at of [leader, other]) {
    const log = await at.call('GET', '/api/v1/namespaces/default/pods/a/log');
    expect([log.status, await log.text()]).toEqual([200, 'hello from n1\n']);
  }
  await other.kill('SIGKILL');
  const killedAt = Date.now();
  await eventually(async () => expect(await ready(leader, 'n1')).toBe('Unknown'), 4 * GRACE_MS);
  expect(Date.now() - killedAt).toBeGreaterThan(GRACE_MS / 2);
}, 60_000);

test('an agent that knows several servers goes on with another when its own is killed, and no node turns NotReady', async () => {
  const [one, two] = [await server(), await server()];
  const link = joinNode('n1', two, await joinToken(one), { server: `${two.url},${one.url}` });
  await eventually(() => expect(link.linked).toBe(true));
  await two.kill('SIGKILL');
  await eventually(async () => {
    expect(link.linked).toBe(true);
    expect(await one.log()).toContain('a node is linked');
  });
  const linkedAt = Date.now();
  await eventually(async () => {
    expect(await ready(one, 'n1')).toBe('True');
    if (Date.now() < linkedAt + 1.5 * GRACE_MS) throw new Error('Not yet looked at for long enough');
  }, 2 * GRACE_MS);
}, 60_000);

test('a join token is refused for the name of a node that is linked to another server', async () => {
  const [one, two] = [await server(), await server()];
  const token = await joinToken(one);
  const first = joinNode('n1', one, token);
  await eventually(() => expect(first.linked).toBe(true));
  const said: string[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void said.push(line) });
  const second = joinNode('n1', two, token, { dataDirectory: join(directory, 'impostor'), log });
  await eventually(() => expect(said.join('')).toContain('another host is linked as node'));
  expect([first.linked, second.linked]).toEqual([true, false]);
}, 60_000);
