import type { DatabaseProxy } from './database-proxy.ts';
import type { Random } from './random.ts';
import type { RunDatabase } from './run-database.ts';
import type { RunServer } from './run-server.ts';
import { rest } from './workload.ts';

/** What faults are done to. */
export interface FaultTargets {
  readonly database: RunDatabase;
  readonly servers: readonly RunServer[];
  readonly random: Random;
}

/** One fault. It begins at once; what it answers ends it, and brings back what it took. */
export type Fault = (targets: FaultTargets) => Promise<() => Promise<void>>;

/** Of a fault with `proxied`. */
function proxyOf({ proxy, index }: RunServer): DatabaseProxy {
  if (proxy === undefined) throw new Error(`Cannot disturb the connections of server ${index}: there is no proxy`);
  return proxy;
}

/** A server whose process no other fault has in hand; undefined = all are. */
function claim(servers: readonly RunServer[], random: Random): RunServer | undefined {
  const free = servers.filter(({ claimed }) => !claimed);
  if (free.length === 0) return undefined;
  const server = random.pick(free);
  server.claimed = true;
  return server;
}

const nothing = async (): Promise<void> => undefined;
const USES = ['writer', 'listener', 'pool', 'session'] as const;

/** Ends the postmaster; whoever keeps it (db/embedded.ts) starts it again. One that an earlier fault has ended is let be. */
function endPostmaster({ database }: FaultTargets, signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): void {
  try {
    process.kill(database.postmasterPid, signal);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

const killPostgres =
  (signal: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Fault =>
  async (targets) => {
    endPostmaster(targets, signal);
    return nothing;
  };

/** Nothing comes through any more, and nobody is told. Then it goes on, or breaks off. */
const blackHole =
  (use: string | undefined): Fault =>
  async ({ servers, random }) => {
    const proxy = proxyOf(random.pick(servers));
    const both = random.chance(0.6);
    proxy.freeze(use, both ? ['up', 'down'] : [random.chance(0.5) ? 'up' : 'down']);
    const breaksOff = random.chance(0.5);
    return async () => {
      if (breaksOff) proxy.cut(use);
      proxy.thaw();
    };
  };

/** A kind of fault: how often it comes, and whether it needs a proxy before Postgres, which the embedded one has not. */
export interface FaultKind {
  readonly weight: number;
  readonly proxied?: true;
  readonly begin: Fault;
}

/** All faults by their names. */
export const FAULTS: Readonly<Record<string, FaultKind>> = {
  'postgres fast restart': { weight: 2, begin: killPostgres('SIGINT') },
  'postgres immediate restart': { weight: 2, begin: killPostgres('SIGQUIT') },
  'postgres kill -9': { weight: 1, begin: killPostgres('SIGKILL') },
  'backend terminated': {
    weight: 5,
    begin: async ({ database, random }) => {
      const name = `skep ${random.pick(USES)}`;
      await database.query(
        `SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE application_name = '${name}'
         ORDER BY md5(pid::text || '${random.next()}') LIMIT 1) AS one`,
      );
      return nothing;
    },
  },
  'connection cut': {
    weight: 3,
    proxied: true,
    begin: async ({ servers, random }) => {
      proxyOf(random.pick(servers)).cut(random.pick(USES));
      return nothing;
    },
  },
  'listener black-holed': { weight: 4, proxied: true, begin: blackHole('listener') },
  'writer black-holed': { weight: 2, proxied: true, begin: blackHole('writer') },
  'session black-holed': { weight: 2, proxied: true, begin: blackHole('session') },
  'all black-holed': { weight: 2, proxied: true, begin: blackHole(undefined) },
  'one direction delayed': {
    weight: 3,
    proxied: true,
    begin: async ({ servers, random }) => {
      const proxy = proxyOf(random.pick(servers));
      const use = random.chance(0.5) ? random.pick(USES) : undefined;
      proxy.delay(random.between(20, 600), use, [random.chance(0.5) ? 'up' : 'down']);
      return async () => proxy.thaw();
    },
  },
  'slow commits': {
    weight: 3,
    begin: async ({ database, random }) => {
      await database.setPace(random.between(10, 120));
      return () => database.setPace(0);
    },
  },
  'postgres killed in mid-commit': {
    weight: 1,
    begin: async (targets) => {
      const { database, random } = targets;
      await database.setPace(400);
      await rest(random.between(300, 900));
      endPostmaster(targets, 'SIGQUIT');
      return () => database.setPace(0);
    },
  },
  'server kill -9': {
    weight: 3,
    begin: async ({ servers, random }) => {
      const server = claim(servers, random);
      if (server === undefined) return nothing;
      await server.signal('SIGKILL');
      return async () => {
        await server.start();
        server.claimed = false;
      };
    },
  },
  'server stopped and continued': {
    weight: 3,
    begin: async ({ servers, random }) => {
      const server = claim(servers, random);
      if (server === undefined) return nothing;
      await server.signal('SIGSTOP');
      return async () => {
        await server.signal('SIGCONT');
        server.claimed = false;
      };
    },
  },
};
