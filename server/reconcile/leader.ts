/** Decides which of several servers on one database runs a role (controllers, scheduler). */
export interface LeaderElection {
  /**
   * Resolves when this server leads the role; `lost` aborts when it no longer does. Rejects when `signal` aborts first.
   */
  lead(role: string, signal: AbortSignal): Promise<{ readonly lost: AbortSignal }>;
}

/** The election of a server that is alone: it always leads. */
export const soleLeader: LeaderElection = {
  lead(_role, signal) {
    signal.throwIfAborted();
    return Promise.resolve({ lost: new AbortController().signal });
  },
};
