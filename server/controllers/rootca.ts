import { configMapKind } from '#api/kinds/core/configmap.ts';
import { namespaceKind } from '#api/kinds/core/namespace.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { createUnlessThere } from '#server/reconcile/create.ts';
import { endAll, watchEach, watchEachStored } from '#server/reconcile/informers.ts';
import { type Controller, DONE, keyOf } from '#server/reconcile/reconciler.ts';

const NAME = 'kube-root-ca.crt';
const KEY = 'ca.crt';
const DESCRIPTION = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
};

/** Keeps the CA certificate in a ConfigMap of every namespace, where pods mount it (upstream: pkg/controller/certificates/rootcacertpublisher). */
export function rootCAController({ client, config }: ControllerContext): Controller {
  const data = { [KEY]: config.rootCA };
  return {
    workers: 4,
    watch: (queue) =>
      endAll(
        watchEach(client, namespaceKind, (namespace) => queue.add(keyOf(namespace))),
        watchEachStored(client, configMapKind, ({ namespace, name }) => {
          if (name === NAME) queue.add(namespace);
        }),
      ),
    async reconcile(name) {
      const namespace = client.get(namespaceKind, '', name);
      if (namespace === undefined || namespace.metadata.deletionTimestamp !== undefined) return DONE;
      const found = client.get(configMapKind, name, NAME);
      if (found === undefined) {
        const metadata = { name: NAME, namespace: name, annotations: DESCRIPTION };
        await createUnlessThere(client, configMapKind, { kind: 'ConfigMap', apiVersion: 'v1', metadata, data });
      } else if (Object.keys(found.data ?? {}).length !== 1 || found.data?.[KEY] !== config.rootCA) {
        await client.update(configMapKind, name, NAME, (copy) => {
          copy.data = data;
          copy.metadata.annotations = { ...copy.metadata.annotations, ...DESCRIPTION };
        });
      }
      return DONE;
    },
  };
}
