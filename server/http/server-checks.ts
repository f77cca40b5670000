import type { HealthCheck } from './health.ts';

/** What a store tells of itself; it must not ask the database for it. */
export interface StoreHealth {
  readonly isLoaded: boolean;
  /** The database does not answer, so reads may be old. */
  readonly isStale: boolean;
  readonly answerAgeSeconds: number;
  /** Why a write would be refused now. */
  readonly refusesWrites: string | undefined;
}

/** A part that only the leader of several servers runs. */
export interface RoleHealth {
  readonly name: string;
  readonly state: 'new' | 'waiting' | 'leading' | 'stopped';
}

/** What the checks look at. */
export interface ServerParts {
  readonly store: StoreHealth;
  readonly roles: readonly RoleHealth[];
  readonly stopping: AbortSignal;
}

/** The log is read every 20 s at least: so long without an answer is no accident. */
const SILENT_SECONDS = 60;

/**
 * The checks of a server. None waits for anything. A database that is away makes a server not ready, but not dead: it goes on reading from memory,
 * and a restart would end that.
 */
export const serverChecks = ({ store, roles, stopping }: ServerParts): HealthCheck[] => [
  {
    name: 'store',
    endpoints: ['livez', 'readyz'],
    check: () => failIf(!store.isLoaded, 'the objects are not in memory yet'),
  },
  {
    name: 'database',
    endpoints: ['readyz'],
    check() {
      failIf(store.refusesWrites !== undefined, store.refusesWrites ?? '');
      failIf(store.isStale, 'the database does not answer');
      failIf(
        store.answerAgeSeconds > SILENT_SECONDS,
        `the database has not answered for ${Math.round(store.answerAgeSeconds)} s, wanted is ${SILENT_SECONDS} s at most`,
      );
    },
  },
  ...roles.map((role): HealthCheck => ({
    name: role.name,
    endpoints: ['readyz'],
    check: () => failIf(role.state === 'new' || role.state === 'stopped', `${role.name}: ${role.state}`),
  })),
  { name: 'shutdown', endpoints: ['readyz'], check: () => failIf(stopping.aborted, 'the server is stopping') },
];

function failIf(unwell: boolean, why: string): void {
  if (unwell) throw new Error(why);
}
