import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { type ResourceQuota, resourceQuotaKind } from '#api/kinds/core/resourcequota.ts';
import { resourceOf } from '#api/kind.ts';
import { sameResourceLists } from '#api/meta/resource-list.ts';
import { type Countable, recount } from '#api/quota/evaluators.ts';
import { isCounted } from '#api/quota/pods.ts';
import { storedKinds, watchAllKinds } from '#server/reconcile/all-kinds.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { endAll } from '#server/reconcile/informers.ts';
import { type Controller, type KeyQueue, DONE, againAfter, keyOf, splitKey } from '#server/reconcile/reconciler.ts';
import { writeStatus } from '#server/reconcile/status.ts';
import type { StoredObject } from '#server/store/client.ts';

/** What was booked and never written is found after so long at the latest (controller manager: --resource-quota-sync-period). */
const RESYNC_MS = 300_000;
/** A recount that changed something is repeated: what admission had booked but not yet written was missing from it. */
const SETTLE_MS = 1000;
/** Resources whose changes may set room free, beside deletions. */
const CHANGING = new Set(['services', 'persistentvolumeclaims']);

/**
 * Keeps the status of ResourceQuotas true: admission books what it lets in, this counts anew when something goes, when a quota is changed, and
 * now and then (upstream: pkg/controller/resourcequota).
 */
export function resourceQuotaController({ client, kinds, clock }: ControllerContext): Controller {
  const noteAll = (queue: KeyQueue, namespace: string): void => {
    for (const quota of client.list(resourceQuotaKind, namespace)) queue.add(keyOf(quota));
  };
  const countable = (namespace: string): Countable => {
    const kindOf = (resource: string) => storedKinds(kinds).find((kind) => resourceOf(kind) === resource);
    return {
      count: (resource) => {
        const kind = kindOf(resource);
        return kind === undefined ? 0 : client.count(kind, namespace);
      },
      list: (resource) => {
        const kind = kindOf(resource);
        return kind === undefined ? [] : client.list(kind, namespace);
      },
    };
  };
  return {
    workers: 5,
    watch: (queue) =>
      endAll(
        client.watch(resourceQuotaKind, {
          added: (quota) => queue.add(keyOf(quota)),
          modified(quota, previous) {
            if (!Bun.deepEquals(quota.spec, previous.spec)) queue.add(keyOf(quota));
          },
          deleted() {},
        }),
        watchAllKinds(client, kinds, {
          added() {},
          modified(stored, previous) {
            if (stored.namespace !== '' && freesRoom(stored, previous, clock.now())) noteAll(queue, stored.namespace);
          },
          deleted({ namespace }) {
            if (namespace !== '') noteAll(queue, namespace);
          },
        }),
      ),
    async reconcile(key) {
      const { namespace, name } = splitKey(key);
      const quota = client.get(resourceQuotaKind, namespace, name);
      if (quota === undefined || quota.metadata.deletionTimestamp !== undefined) return DONE;
      const before = quota.status?.used ?? {};
      const statusOf = (current: ResourceQuota): NonNullable<ResourceQuota['status']> => ({
        hard: { ...current.spec?.hard },
        used: recount(current, countable(namespace), clock.now()),
      });
      const after = await writeStatus(client, resourceQuotaKind, quota, statusOf);
      if (after === undefined) return DONE;
      return againAfter(sameResourceLists(before, after.status?.used ?? {}) ? RESYNC_MS : SETTLE_MS);
    },
  };
}

/** May a quota of the object's namespace have more room after the change. */
function freesRoom(stored: StoredObject, previous: StoredObject, nowMs: number): boolean {
  if (stored.resource !== resourceOf(podKind)) return CHANGING.has(stored.resource);
  return isCounted(previous.object as Pod, nowMs) && !isCounted(stored.object as Pod, nowMs);
}
