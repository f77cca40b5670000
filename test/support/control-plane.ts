import { type Node, nodeKind } from '#api/kinds/core/node.ts';
import { namespaceKind } from '#api/kinds/core/namespace.ts';
import { eventKind } from '#api/kinds/core/event.ts';
import { serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import { systemClock } from '#base/clock.ts';
import { createLogger } from '#base/logger.ts';
import { AllocationTable } from '#db/allocations.ts';
import { AdmissionChain } from '#server/admission/chain.ts';
import { admissionPlugins } from '#server/admission/index.ts';
import { serveDefinitions } from '#server/controllers/customresourcedefinition/serve-definitions.ts';
import { createControllers } from '#server/controllers/index.ts';
import { createDialer } from '#server/proxy/dialer.ts';
import { createWebhookClient } from '#server/proxy/webhook-client.ts';
import { createScheduler } from '#server/scheduler/scheduler.ts';
import type { Client } from '#server/store/client.ts';
import { Kinds } from '#server/store/kinds.ts';
import { ServiceAllocator } from '#server/store/service-allocator.ts';
import { createClient } from '#server/store/store-client.ts';
import { StoreRegistry } from '#server/store/store-registry.ts';
import { openStore } from '#server/store/store.ts';
import { openTestDatabase } from './database.ts';
import { eventually } from './eventually.ts';

/** Store, registry, all controllers and the scheduler of a server, without HTTP and without nodes. */
export interface ControlPlane {
  readonly client: Client;
  readonly kinds: Kinds;
  /** Makes a namespace that pods can be created in. */
  namespace(name: string): Promise<void>;
  /** Type, reason, object and message of every event of a namespace, each once, sorted. */
  events(namespace: string): string[];
  /** The newest revision: it rises with every write. */
  revision(): number;
  stop(): Promise<void>;
}

/** Starts a control plane on a database of its own. */
export async function startControlPlane(): Promise<ControlPlane> {
  const database = await openTestDatabase();
  const log = createLogger({ name: 'test', level: process.env.TEST_LOG ?? 'silent' });
  const store = await openStore({ database, log });
  const storeRun = store.run();
  const serviceCIDR = '10.43.0.0/16';
  const allocator = new ServiceAllocator({
    store,
    table: new AllocationTable(database.orm),
    serviceCidr: serviceCIDR,
  });
  const admission = new AdmissionChain(admissionPlugins(store));
  const registry = new StoreRegistry({ store, admission, allocators: { services: allocator } });
  const client = createClient(registry, store);
  const kinds = new Kinds(BUILT_IN_KINDS);
  const config = { clusterCIDR: '10.42.0.0/16', serviceCIDR, apiAddress: '192.0.2.1', apiPort: 6443, rootCA: 'PEM' };
  const deps = { client, kinds, log, clock: systemClock, config };
  const dialer = createDialer({
    client: () => client,
    nodes: { find: () => Promise.reject(new Error('no nodes here')) },
  });
  const stopServing = serveDefinitions({ client, kinds, webhooks: createWebhookClient(dialer) });
  const services = [createControllers(deps), createScheduler(deps)];
  const runs = services.map((service) => service.run());
  return {
    client,
    kinds,
    async namespace(name) {
      await client.create(namespaceKind, { kind: 'Namespace', apiVersion: 'v1', metadata: { name } });
      await eventually(() => {
        if (client.get(serviceAccountKind, name, 'default') === undefined) throw new Error('No service account yet');
      });
    },
    events: (namespace) => [
      ...new Set(
        client
          .list(eventKind, namespace)
          .map(
            ({ type, reason, involvedObject, message }) =>
              `${type ?? ''} ${reason ?? ''} ${involvedObject.kind ?? ''}/${involvedObject.name ?? ''}: ${message ?? ''}`,
          )
          .sort(),
      ),
    ],
    revision: () => store.revision(),
    async stop() {
      for (const service of services.toReversed()) await service.stop();
      await Promise.all(runs);
      stopServing();
      allocator.stop();
      await store.stop();
      await storeRun;
      await database.close();
    },
  };
}

/** A node that is ready to take pods. */
export const readyNode = (name: string, ready = 'True'): Node => ({
  kind: 'Node',
  apiVersion: 'v1',
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  status: {
    allocatable: { cpu: '4', memory: '8Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: ready, reason: 'KubeletReady', message: 'ready' }],
  },
});

/** Makes a node and says its status, as an agent does. */
export async function joinNode(client: Client, name: string): Promise<void> {
  const { status, ...node } = readyNode(name);
  await client.create(nodeKind, node);
  await client.updateStatus(nodeKind, '', name, (copy) => void (status && (copy.status = status)));
}
