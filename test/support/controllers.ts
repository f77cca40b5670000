import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { nodeKind } from '#api/kinds/core/node.ts';
import { eventKind } from '#api/kinds/core/event.ts';
import { formatTime } from '#api/meta/time.ts';
import { systemClock } from '#base/clock.ts';
import { createLogger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import type { Client } from '#server/store/client.ts';
import { Kinds } from '#server/store/kinds.ts';
import { ClientEventRecorder } from '#server/reconcile/event-recorder.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { ControllerRunner } from '#server/reconcile/controller-runner.ts';
import type { Controller } from '#server/reconcile/reconciler.ts';
import { MemoryClient } from './memory-client.ts';

/** Some controllers running over a client in memory, and a kubelet that makes every bound pod ready. */
export interface Bench {
  readonly client: MemoryClient;
  readonly context: ControllerContext;
  /** Type, reason, object and message of every event, each once, sorted. */
  events(): string[];
  stop(): Promise<void>;
}

/** Starts `controllers` over an empty client. `kubelet` = binds pods to `node`, makes them ready, removes them when they are deleted. */
export function startBench(
  controllers: readonly ((context: ControllerContext) => Controller)[],
  options: { readonly kubelet?: (pod: Pod) => boolean } = {},
): Bench {
  const client = new MemoryClient(systemClock);
  const log = createLogger({ name: 'test', level: process.env.TEST_LOG ?? 'silent' });
  const context: ControllerContext = {
    client,
    kinds: new Kinds(BUILT_IN_KINDS),
    log,
    clock: systemClock,
    events: new ClientEventRecorder({ client, clock: systemClock, log, component: 'test' }),
    config: {
      clusterCIDR: '10.42.0.0/16',
      serviceCIDR: '10.43.0.0/16',
      apiAddress: '192.0.2.1',
      apiPort: 6443,
      rootCA: 'PEM',
    },
  };
  const runners: Service[] = controllers.map(
    (make) => new ControllerRunner('test', make(context), { log, clock: systemClock }),
  );
  const runs = runners.map((runner) => runner.run());
  const endKubelet = options.kubelet === undefined ? () => {} : playKubelet(client, options.kubelet, true);
  return {
    client,
    context,
    events: () =>
      [
        ...new Set(
          client
            .list(eventKind)
            .map(
              (e) =>
                `${e.type ?? ''} ${e.reason ?? ''} ${e.involvedObject.kind ?? ''}/${e.involvedObject.name ?? ''}: ${e.message ?? ''}`,
            ),
        ),
      ].sort(),
    async stop() {
      endKubelet();
      for (const runner of runners) await runner.stop();
      await Promise.all(runs);
    },
  };
}

/**
 * Plays the kubelets of all nodes: gives bound pods an address and makes those ready for which `readies` says so, and removes what terminates.
 * `binds` = also binds pods to a node, where there is no scheduler. Returns the end of it.
 */
export function playKubelet(client: Client, readies: (pod: Pod) => boolean, binds = false): () => void {
  let address = 0;
  const gone = (): void => {};
  const act = (pod: Pod): void => {
    const { namespace = '', name = '' } = pod.metadata;
    const node = client.get(nodeKind, '', pod.spec?.nodeName ?? '');
    // A node that is out of reach does nothing and says nothing.
    if (node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status !== 'True') === true) return;
    if (pod.metadata.deletionTimestamp !== undefined) {
      client.delete(podKind, namespace, name, { gracePeriodSeconds: 0 }).catch(gone);
    } else if (pod.spec?.nodeName === undefined) {
      if (!binds) return;
      client
        .updateSubresource(
          podKind,
          namespace,
          name,
          'binding',
          (copy) => void (copy.spec && (copy.spec.nodeName = 'n')),
        )
        .catch(gone);
    } else if (pod.status?.phase !== 'Running') {
      const now = formatTime(new Date());
      const ready = readies(pod);
      client
        .updateStatus(podKind, namespace, name, (copy) => {
          if (copy.status?.phase === 'Running') return false;
          address += 1;
          const podIP = `10.42.${Math.floor(address / 250)}.${(address % 250) + 1}`;
          copy.status = {
            ...copy.status,
            phase: 'Running',
            podIP,
            podIPs: [{ ip: podIP }],
            conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: now }],
          };
          return undefined;
        })
        .catch(gone);
    }
  };
  return client.watch(podKind, { added: act, modified: act, deleted() {} });
}
