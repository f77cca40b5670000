import { type Kind, apiVersionOf } from '#api/kind.ts';
import { type APIService, apiServiceKind } from '#api/kinds/apiregistration/apiservice.ts';
import { hasAPIService, localPriorities } from '#api/kinds/apiregistration/priorities.ts';
import { MEASURED_KINDS, REQUEST_KINDS } from '#api/kinds/index.ts';
import { formatTime } from '#api/meta/time.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { createUnlessThere } from '#server/reconcile/create.ts';
import { endAll, watchEach } from '#server/reconcile/informers.ts';
import { type Controller, DONE, keyOf } from '#server/reconcile/reconciler.ts';
import { writeStatus } from '#server/reconcile/status.ts';
import type { Kinds } from '#server/store/kinds.ts';

/** Says that an APIService is ours to keep: `onstart` for built-in groups, `true` for those that definitions bring (kube-aggregator: AutoRegisterManagedLabel). */
const MANAGED = 'kube-aggregator.kubernetes.io/automanaged';

/**
 * Keeps an APIService for every group version that this server serves, says that it is available, and takes it away when the last kind
 * of the group version goes (kube-aggregator: autoregister). Those that name a Service are somebody else's.
 */
export function apiServiceController({ client, kinds, clock }: ControllerContext): Controller {
  return {
    workers: 1,
    watch(queue) {
      const noteServed = (): void => {
        for (const name of served(kinds).keys()) queue.add(name);
        // A group version that is no longer served is found by what is left of it.
        for (const service of client.list(apiServiceKind)) queue.add(keyOf(service));
      };
      noteServed();
      return endAll(
        kinds.onChange(noteServed),
        watchEach(client, apiServiceKind, (service) => queue.add(keyOf(service))),
      );
    },
    async reconcile(name) {
      const kind = served(kinds).get(name);
      const found = client.get(apiServiceKind, '', name);
      if (found === undefined) {
        if (kind !== undefined) await createUnlessThere(client, apiServiceKind, localService(name, kind));
        return DONE;
      }
      if (found.spec?.service !== undefined) return DONE;
      if (kind === undefined) {
        if (found.metadata.labels?.[MANAGED] === 'true') await client.delete(apiServiceKind, '', name);
        return DONE;
      }
      const now = formatTime(new Date(clock.now()));
      await writeStatus(client, apiServiceKind, found, ({ status }) => available(status, now));
      return DONE;
    },
  };
}

/** One kind of each group version, by the name of its APIService: `v1.apps`, `v1.` for core. */
function served(kinds: Kinds): Map<string, Kind> {
  const found = new Map<string, Kind>();
  for (const kind of [...REQUEST_KINDS, ...MEASURED_KINDS, ...kinds.all()])
    if (hasAPIService(kind.group)) found.set(`${kind.version}.${kind.group}`, kind);
  return found;
}

const localService = (name: string, { group, version, custom }: Kind): APIService => ({
  kind: 'APIService',
  apiVersion: apiVersionOf(apiServiceKind),
  metadata: { name, labels: { [MANAGED]: custom ? 'true' : 'onstart' } },
  spec: { ...(group === '' ? {} : { group }), version, ...localPriorities(group, version) },
});

/** The status with the condition that all local APIServices have. */
function available(status: APIService['status'], now: string): NonNullable<APIService['status']> {
  const conditions = status?.conditions ?? [];
  if (conditions.some(({ type, status: is, reason }) => type === 'Available' && is === 'True' && reason === 'Local'))
    return status ?? {};
  const condition = {
    type: 'Available',
    status: 'True',
    lastTransitionTime: now,
    reason: 'Local',
    message: 'Local APIServices are always available',
  };
  return { ...status, conditions: [...conditions.filter(({ type }) => type !== 'Available'), condition] };
}
