import { namespaceKind } from '#api/kinds/core/namespace.ts';
import { serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { endAll, watchEach } from '#server/reconcile/informers.ts';
import { createUnlessThere } from '#server/reconcile/create.ts';
import { type Controller, DONE, keyOf } from '#server/reconcile/reconciler.ts';

/** The account that pods use when they name none. */
const NAME = 'default';

/** Keeps a ServiceAccount `default` in every namespace (upstream: pkg/controller/serviceaccount). */
export function serviceAccountController({ client }: ControllerContext): Controller {
  return {
    workers: 4,
    watch: (queue) =>
      endAll(
        watchEach(client, namespaceKind, (namespace) => queue.add(keyOf(namespace))),
        client.watch(serviceAccountKind, {
          added() {},
          modified() {},
          deleted: ({ metadata }) => {
            if (metadata.name === NAME) queue.add(metadata.namespace ?? '');
          },
        }),
      ),
    async reconcile(name) {
      const namespace = client.get(namespaceKind, '', name);
      if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return DONE;
      if (client.get(serviceAccountKind, name, NAME) !== undefined) return DONE;
      await createUnlessThere(client, serviceAccountKind, {
        kind: 'ServiceAccount',
        apiVersion: 'v1',
        metadata: { name: NAME, namespace: name },
      });
      return DONE;
    },
  };
}
