import { expect, test } from 'bun:test';
import { configMapKind } from '#api/kinds/core/configmap.ts';
import { namespaceKind } from '#api/kinds/core/namespace.ts';
import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import type { Kind, KubeObject } from '#api/kind.ts';
import { systemClock } from '#base/clock.ts';
import { NodeFeeds } from '#server/nodes/node-feeds.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import type { InformerHandler, StoredObject } from '#server/store/client.ts';
import { Kinds } from '#server/store/kinds.ts';
import { createLogger } from '#base/logger.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { garbageCollector } from './garbagecollector.ts';
import { namespaceController } from './namespace.ts';
import { rootCAController } from './rootca.ts';

/** Notes whose `object` is read by watchers of ConfigMaps. */
class NotingClient extends MemoryClient {
  readonly parsed: string[] = [];

  override watch<T extends KubeObject>(kind: Kind<T>, handler: InformerHandler<T>): () => void {
    if (kind.plural !== 'configmaps') return super.watch(kind, handler);
    throw new Error('watch() parses every ConfigMap');
  }

  override watchStored<T extends KubeObject>(kind: Kind<T>, handler: InformerHandler<T, StoredObject<T>>): () => void {
    const noting = ({ object, ...rest }: StoredObject<T>): StoredObject<T> => {
      const { parsed } = this;
      return {
        ...rest,
        get object() {
          parsed.push(rest.name);
          return object;
        },
      };
    };
    const text = (object: T): StoredObject<T> => ({
      resource: kind.plural,
      namespace: object.metadata.namespace ?? '',
      name: object.metadata.name ?? '',
      revision: 1,
      object,
      text: JSON.stringify(object),
    });
    return super.watch(kind, {
      added: (object) => handler.added(noting(text(object))),
      modified: (object, previous) => handler.modified(noting(text(object)), noting(text(previous))),
      deleted: (object) => handler.deleted(noting(text(object))),
    });
  }
}

test('watchers of all ConfigMaps parse those with an owner or a deletion, and no other', async () => {
  const client = new NotingClient(systemClock);
  const context: ControllerContext = {
    client,
    kinds: new Kinds(BUILT_IN_KINDS),
    log: createLogger({ name: 'test', level: 'silent' }),
    clock: systemClock,
    events: { record() {} },
    config: { clusterCIDR: '', serviceCIDR: '', apiAddress: '', apiPort: 0, rootCA: 'PEM' },
  };
  const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' };
  const make = (name: string, metadata: KubeObject['metadata'] = {}) =>
    client.create(configMapKind, {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name, namespace: 'ns', ...metadata },
      data: { text: '"ownerReferences":' },
    });
  await client.create(namespaceKind, { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'ns' } });
  await make('plain');
  await make('owned', { ownerReferences: [owner] });
  const queued: string[] = [];
  const queue = { add: (key: string) => void queued.push(key), addAfter: () => undefined };
  const ends = [garbageCollector, namespaceController, rootCAController].map((make) => make(context).watch(queue));
  const feeds = new NodeFeeds(client);
  feeds.start();
  await client.update(configMapKind, 'ns', 'plain', (copy) => void (copy.data = { text: 'changed' }));
  await make('later');
  expect(new Set(client.parsed)).toEqual(new Set(['owned']));
  expect(queued).toContain('configmaps|ns|owned');

  await client.update(configMapKind, 'ns', 'later', (copy) => void (copy.metadata.ownerReferences = [owner]));
  expect(queued).toContain('configmaps|ns|later');
  for (const end of ends) end();
  feeds.stop();
});
