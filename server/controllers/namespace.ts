import type { Kind, KubeObject } from '#api/kind.ts';
import { type Namespace, namespaceKind } from '#api/kinds/core/namespace.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { storedKinds, watchAllKinds } from '#server/reconcile/all-kinds.ts';
import { orUndefined } from '#server/reconcile/claim.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { endAll, watchEach } from '#server/reconcile/informers.ts';
import type { StoredObject } from '#server/store/client.ts';
import { type Controller, DONE, againAfter, keyOf } from '#server/reconcile/reconciler.ts';
import { writeStatus } from '#server/reconcile/status.ts';
import { type Remaining, conditionsOf } from './namespace/conditions.ts';

/** The finalizer in spec that every namespace has from the start. */
const KUBERNETES = 'kubernetes';
/** Upstream looks for the first time after so long, and so tells nothing of what remains before. */
const QUIET_MS = 5000;
/** What remains is looked at again after so long, should no event tell of it. */
const AGAIN_MS = 5000;

/** Empties namespaces that are being deleted, of every kind, and then lets them go (upstream: pkg/controller/namespace). */
export function namespaceController(context: ControllerContext): Controller {
  const { client, kinds, clock } = context;
  const going = (name: string): boolean =>
    client.get(namespaceKind, '', name)?.metadata.deletionTimestamp !== undefined;
  return {
    workers: 4,
    watch: (queue) => {
      const note = ({ namespace }: StoredObject): void => {
        if (namespace !== '' && going(namespace)) queue.add(namespace);
      };
      return endAll(
        watchEach(client, namespaceKind, (namespace) => {
          if (namespace.metadata.deletionTimestamp !== undefined) queue.add(keyOf(namespace));
        }),
        watchAllKinds(client, kinds, {
          added: note,
          modified() {},
          deleted: note,
        }),
      );
    },
    async reconcile(name) {
      const namespace = client.get(namespaceKind, '', name);
      if (namespace?.metadata.deletionTimestamp === undefined) return DONE;
      const failures = await empty(context, name);
      const remaining = remainingIn(context, name);
      if (remaining.length > 0 || failures.length > 0) {
        const quietMs = Date.parse(namespace.metadata.deletionTimestamp) + QUIET_MS - clock.now();
        if (quietMs > 0) return againAfter(quietMs);
        await tell(context, namespace, remaining, failures);
        return againAfter(AGAIN_MS);
      }
      await finalize(context, namespace);
      return DONE;
    },
  };
}

/**
 * Deletes everything in the namespace, pods before all else: while they run they keep what they use, and the NetworkPolicies that bound them
 * (upstream: OrderedNamespaceDeletion). Nothing new comes, for the API refuses to create in it. Returns what failed.
 */
async function empty({ client, kinds }: ControllerContext, namespace: string): Promise<string[]> {
  const failures: string[] = [];
  const namespaced = storedKinds(kinds).filter((kind) => kind.scope === 'Namespaced');
  const isPods = (kind: Kind): boolean => kind.group === '' && kind.plural === 'pods';
  for (const kind of [...namespaced.filter(isPods), ...namespaced.filter((one) => !isPods(one))]) {
    if (!isPods(kind) && client.list(podKind, namespace).length > 0) break;
    const objects = client.list(kind, namespace).filter((object) => object.metadata.deletionTimestamp === undefined);
    const results = await Promise.allSettled(objects.map((object) => remove(client, kind, object)));
    for (const result of results) if (result.status === 'rejected') failures.push(String(result.reason));
  }
  return failures;
}

const remove = (client: ControllerContext['client'], kind: Kind, { metadata }: KubeObject): Promise<void> =>
  client.delete(kind, metadata.namespace ?? '', metadata.name ?? '', { propagationPolicy: 'Background' });

function remainingIn({ client, kinds }: ControllerContext, namespace: string): Remaining[] {
  return storedKinds(kinds)
    .filter((kind) => kind.scope === 'Namespaced')
    .flatMap((kind) => {
      const objects = client.list(kind, namespace);
      if (objects.length === 0) return [];
      const finalizers = objects.flatMap((object) => object.metadata.finalizers ?? []);
      return [
        {
          resource: kind.group === '' ? `${kind.plural}.` : `${kind.plural}.${kind.group}`,
          count: objects.length,
          finalizers,
        },
      ];
    });
}

async function tell(
  { client, clock }: ControllerContext,
  namespace: Namespace,
  remaining: readonly Remaining[],
  failures: readonly string[],
): Promise<void> {
  await writeStatus(client, namespaceKind, namespace, (current) => ({
    ...current.status,
    conditions: conditionsOf(current.status?.conditions, remaining, failures, new Date(clock.now())),
  }));
}

async function finalize({ client }: ControllerContext, { metadata }: Namespace): Promise<void> {
  const name = metadata.name ?? '';
  await orUndefined(
    client.updateSubresource(namespaceKind, '', name, 'finalize', (copy) => {
      if (copy.metadata.uid !== metadata.uid || copy.metadata.deletionTimestamp === undefined) return false;
      const left = (copy.spec?.finalizers ?? []).filter((finalizer) => finalizer !== KUBERNETES);
      copy.spec = { ...copy.spec, finalizers: left };
      return undefined;
    }),
  );
  const left = client.get(namespaceKind, '', name);
  if (left === undefined || left.metadata.uid !== metadata.uid || (left.spec?.finalizers ?? []).length > 0) return;
  await client.delete(
    namespaceKind,
    '',
    name,
    metadata.uid === undefined ? {} : { preconditions: { uid: metadata.uid } },
  );
}
