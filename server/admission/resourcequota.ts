import { resourceOf } from '#api/kind.ts';
import { type ResourceList, sameResourceLists } from '#api/meta/resource-list.ts';
import { StatusError } from '#api/meta/status.ts';
import type { Quota, QuotaEvaluator } from '#api/quota/evaluator.ts';
import { evaluatorOf } from '#api/quota/evaluators.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import type { ObjectStore, StoredObject } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import { type QuotaState, usedAfter } from './resourcequota/check.ts';

const RESOURCE = 'resourcequotas';
/** How often quotas are read again because another server or the controller wrote one meanwhile. */
const ATTEMPTS = 10;
const ORIGIN = { user: 'system:apiserver', userAgent: '' };

/** A request that waits for what the quotas of its namespace say. */
interface Waiter {
  readonly request: AdmissionRequest;
  readonly evaluator: QuotaEvaluator;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Refuses what a namespace's ResourceQuotas have no room for, and books what it lets in before it is written.
 *
 * All requests of a namespace that are there at a time are booked together, by one write for each quota, which expects the revision that was
 * read: so two servers never give out the same room. What is booked and then not written comes back with the controller's next recount.
 */
export class ResourceQuotaAdmission implements AdmissionPlugin {
  readonly name = 'ResourceQuota';
  readonly #store: Pick<ObjectStore, 'list' | 'write' | 'currentForWrite'>;
  readonly #clock: Clock;
  /** By namespace; an entry is there while its loop runs. */
  readonly #waiting = new Map<string, Waiter[]>();

  constructor(store: Pick<ObjectStore, 'list' | 'write' | 'currentForWrite'>, clock: Clock = systemClock) {
    this.#store = store;
    this.#clock = clock;
  }

  validate(request: AdmissionRequest): Promise<void> | undefined {
    const { kind, operation, namespace, objectKind } = request;
    if (objectKind !== undefined) return undefined;
    if ((operation !== 'CREATE' && operation !== 'UPDATE') || namespace === '' || kind.scope === 'Cluster')
      return undefined;
    if (this.#store.list(RESOURCE, namespace).length === 0) return undefined;
    const evaluator = evaluatorOf(resourceOf(kind));
    if (evaluator === undefined || !evaluator.handles(request)) return undefined;
    return new Promise((resolve, reject) => this.#enqueue(namespace, { request, evaluator, resolve, reject }));
  }

  #enqueue(namespace: string, waiter: Waiter): void {
    const waiting = this.#waiting.get(namespace);
    if (waiting !== undefined) {
      waiting.push(waiter);
      return;
    }
    this.#waiting.set(namespace, [waiter]);
    void this.#work(namespace);
  }

  async #work(namespace: string): Promise<void> {
    for (;;) {
      const batch = this.#waiting.get(namespace) ?? [];
      if (batch.length === 0) break;
      this.#waiting.set(namespace, []);
      await this.#book(namespace, batch);
    }
    this.#waiting.delete(namespace);
  }

  /** Settles every waiter. */
  async #book(namespace: string, batch: readonly Waiter[]): Promise<void> {
    let left = batch;
    let names: ReadonlySet<string> | undefined;
    try {
      for (let attempt = 1; ; attempt++) {
        const stored = this.#store.list(RESOURCE, namespace).filter(({ name }) => names?.has(name) ?? true);
        const states = stored.map(({ object }): QuotaState => {
          const quota = object as Quota;
          return { quota, used: quota.status?.used ?? {} };
        });
        left = left.filter((waiter) => this.#admits(states, waiter));
        const lost = await this.#write(stored, states, attempt === ATTEMPTS);
        if (lost.length === 0) break;
        names = new Set(lost);
        await this.#store.currentForWrite();
      }
      for (const { resolve } of left) resolve();
    } catch (error) {
      for (const { reject } of left) reject(error);
    }
  }

  /** Books one request, or refuses it; false when it needs nothing further. */
  #admits(states: readonly QuotaState[], { request, evaluator, resolve, reject }: Waiter): boolean {
    try {
      const after = usedAfter(states, request, evaluator, this.#clock.now());
      const changes = states.flatMap((state, index) => {
        const used = after[index];
        return used === undefined ? [] : [{ state, used }];
      });
      if (changes.length === 0 || request.context.dryRun) {
        resolve();
        return false;
      }
      for (const { state, used } of changes) state.used = used;
      return true;
    } catch (error) {
      reject(error);
      return false;
    }
  }

  /** Writes what changed; answers the names of the quotas that somebody else wrote first. */
  async #write(stored: readonly StoredObject[], states: readonly QuotaState[], last: boolean): Promise<string[]> {
    const writes = stored.map(async (one, index): Promise<string[]> => {
      const { quota, used } = states[index] ?? { quota: one.object as Quota, used: {} };
      if (sameResourceLists(used, quota.status?.used ?? {})) return [];
      try {
        await this.#store.write(writeOf(one, used));
        return [];
      } catch (error) {
        if (last || !(error instanceof StatusError) || !['Conflict', 'NotFound'].includes(error.reason)) throw error;
        return [one.name];
      }
    });
    return (await Promise.all(writes)).flat();
  }
}

function writeOf({ namespace, name, revision, object }: StoredObject, used: ResourceList) {
  const next: Quota = { ...structuredClone(object as Quota) };
  return {
    operation: 'update' as const,
    resource: RESOURCE,
    namespace,
    name,
    expectedRevision: revision,
    object: { ...next, status: { ...next.status, used } },
    origin: ORIGIN,
  };
}
