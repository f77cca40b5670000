import { apiVersionOf } from '#api/kind.ts';
import type { Node } from '#api/kinds/core/node.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { type NodeMetrics, nodeMetricsKind } from '#api/kinds/metrics/nodemetrics.ts';
import { type PodMetrics, podMetricsKind } from '#api/kinds/metrics/podmetrics.ts';
import { formatQuantity } from '#api/meta/quantity.ts';
import { formatTime } from '#api/meta/time.ts';
import type { PodUsage, UsageFigures, UsageReport } from '#api/wire/usage-report.ts';
import { formatGoDuration } from '#api/cel/go-duration.ts';
import type { Clock } from '#base/clock.ts';
import type { NodeUsages } from './node-usages.ts';

/** What metrics.k8s.io shows, made of what agents report. What is not known is left out. */
export class ResourceMetrics {
  readonly #usages: Pick<NodeUsages, 'of'>;
  readonly #clock: Clock;

  constructor(usages: Pick<NodeUsages, 'of'>, clock: Clock) {
    this.#usages = usages;
    this.#clock = clock;
  }

  /** What these nodes use, in their order. */
  async nodes(nodes: readonly Node[]): Promise<NodeMetrics[]> {
    const found = await Promise.all(
      nodes.map(async ({ metadata }): Promise<NodeMetrics[]> => {
        const report = await this.#usages.of(metadata.name ?? '');
        if (report === undefined) return [];
        const head = { kind: nodeMetricsKind.kind, apiVersion: apiVersionOf(nodeMetricsKind) };
        return [{ ...head, ...this.#measured(metadata, report), usage: amounts(report.node) }];
      }),
    );
    return found.flat();
  }

  /** What these pods use, in their order. One that has a container of which nothing is known yet is left out, as metrics-server does. */
  async pods(pods: readonly Pod[]): Promise<PodMetrics[]> {
    const names = new Set(pods.flatMap(({ spec }) => spec?.nodeName ?? []));
    const reports = new Map<string, { readonly report: UsageReport; readonly pods: ReadonlyMap<string, PodUsage> }>();
    await Promise.all(
      [...names].map(async (name) => {
        const report = await this.#usages.of(name);
        if (report !== undefined)
          reports.set(name, { report, pods: new Map(report.pods.map((usage) => [usage.uid, usage])) });
      }),
    );
    return pods.flatMap((pod): PodMetrics[] => {
      // A node is heard only about pods of its own.
      const found = reports.get(pod.spec?.nodeName ?? '');
      const usage = found?.pods.get(pod.metadata.uid ?? '');
      if (found === undefined || usage === undefined) return [];
      const running = (pod.status?.containerStatuses ?? []).filter(({ state }) => state?.running !== undefined);
      if (!running.every(({ name }) => usage.containers.some((one) => one.name === name))) return [];
      const containers = usage.containers.map((one) => ({ name: one.name, usage: amounts(one) }));
      const head = { kind: podMetricsKind.kind, apiVersion: apiVersionOf(podMetricsKind) };
      return [{ ...head, ...this.#measured(pod.metadata, found.report), containers }];
    });
  }

  #measured({ name, namespace, labels }: Pod['metadata'], { timestampMs, windowMs }: UsageReport) {
    return {
      metadata: {
        ...(name === undefined ? {} : { name }),
        ...(namespace === undefined ? {} : { namespace }),
        creationTimestamp: formatTime(new Date(this.#clock.now())),
        ...(labels === undefined ? {} : { labels }),
      },
      timestamp: formatTime(new Date(timestampMs)),
      window: formatGoDuration(BigInt(Math.round(windowMs)) * 1_000_000n),
    };
  }
}

/** In the units of metrics-server: `12345n`, `2048Ki`. */
const amounts = ({ cpuNanoCores, memoryWorkingSetBytes }: UsageFigures): Record<string, string> => ({
  cpu: formatQuantity({ nano: BigInt(Math.round(cpuNanoCores)), format: 'DecimalSI' }),
  memory: formatQuantity({ nano: BigInt(Math.round(memoryWorkingSetBytes)) * 1_000_000_000n, format: 'BinarySI' }),
});
