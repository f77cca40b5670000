import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { podKind } from '#api/kinds/core/pod.ts';
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
  const endKubelet = options.kubelet === undefined ? () => {} : kubelet(client, options.kubelet);
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

function kubelet(client: Client, readies: (pod: Pod) => boolean): () => void {
  const act = (pod: Pod): void => {
    const { namespace = '', name = '' } = pod.metadata;
    const absent = (error: unknown): void => void error;
    if (pod.metadata.deletionTimestamp !== undefined) {
      void client.delete(podKind, namespace, name, { gracePeriodSeconds: 0 }).catch(absent);
    } else if (pod.spec?.nodeName === undefined) {
      void client
        .update(podKind, namespace, name, (copy) => void (copy.spec = { ...copy.spec, containers: [], nodeName: 'n' }))
        .catch(absent);
    } else if (pod.status?.phase !== 'Running' && readies(pod)) {
      const now = formatTime(new Date());
      void client
        .updateStatus(podKind, namespace, name, (copy) => {
          copy.status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: now }] };
        })
        .catch(absent);
    }
  };
  return client.watch(podKind, { added: act, modified: act, deleted() {} });
}
