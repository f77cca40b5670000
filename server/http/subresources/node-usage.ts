import { formatTime } from '#api/meta/time.ts';
import type { UsageFigures, UsageReport } from '#api/wire/usage-report.ts';

/** kubelet's /stats/summary, as far as it is known: CPU and memory of the node, its pods and their containers. */
export function statsSummary(nodeName: string, report: UsageReport): unknown {
  const time = formatTime(new Date(report.timestampMs));
  const shown = ({ cpuNanoCores, cpuCoreNanoSeconds, memoryWorkingSetBytes }: UsageFigures) => ({
    cpu: { time, usageNanoCores: cpuNanoCores, usageCoreNanoSeconds: cpuCoreNanoSeconds },
    memory: { time, workingSetBytes: memoryWorkingSetBytes },
  });
  const { cpu, memory } = shown(report.node);
  return {
    node: { nodeName, cpu, memory: { ...memory, availableBytes: report.node.memoryAvailableBytes } },
    pods: report.pods.map(({ name, namespace, uid, containers }) => ({
      podRef: { name, namespace, uid },
      containers: containers.map((container) => ({ name: container.name, ...shown(container) })),
      ...shown(sumOf(containers)),
    })),
  };
}

/** kubelet's /metrics/resource in Prometheus' text format: counters since the beginning, each with the time it was read. */
export function resourceMetricsText({ timestampMs, node, pods }: UsageReport): string {
  const containers = pods.flatMap(({ name, namespace, containers: all }) =>
    all.map((figures) => ({ labels: labelsOf({ container: figures.name, namespace, pod: name }), figures })),
  );
  const sums = pods.map(({ name, namespace, containers: all }) => ({
    labels: labelsOf({ namespace, pod: name }),
    figures: sumOf(all),
  }));
  const families = (of: string, samples: readonly Sample[]): string[] => [
    ...family(`${of}_cpu_usage_seconds_total`, `CPU time that the ${of} has used, in core-seconds`, 'counter'),
    ...samples.map(
      ({ labels, figures }) =>
        `${of}_cpu_usage_seconds_total${labels} ${figures.cpuCoreNanoSeconds / 1e9} ${timestampMs}`,
    ),
    ...family(`${of}_memory_working_set_bytes`, `Memory of the ${of} that is in use, in bytes`, 'gauge'),
    ...samples.map(
      ({ labels, figures }) =>
        `${of}_memory_working_set_bytes${labels} ${figures.memoryWorkingSetBytes} ${timestampMs}`,
    ),
  ];
  const lines = [
    ...families('container', containers),
    ...families('node', [{ labels: '', figures: node }]),
    ...families('pod', sums),
    ...family('resource_scrape_error', '1 if something could not be read, else 0', 'gauge'),
    'resource_scrape_error 0',
  ];
  return `${lines.join('\n')}\n`;
}

interface Sample {
  readonly labels: string;
  readonly figures: UsageFigures;
}

const family = (name: string, help: string, type: 'counter' | 'gauge'): string[] => [
  `# HELP ${name} ${help}`,
  `# TYPE ${name} ${type}`,
];

/** Names of pods and containers have nothing that is to be escaped, but it was the node that told them. */
const labelsOf = (labels: Readonly<Record<string, string>>): string =>
  `{${Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .join(',')}}`;

const sumOf = (all: readonly UsageFigures[]): UsageFigures => {
  const sum = (of: keyof UsageFigures): number => all.reduce((total, figures) => total + figures[of], 0);
  return {
    cpuNanoCores: sum('cpuNanoCores'),
    cpuCoreNanoSeconds: sum('cpuCoreNanoSeconds'),
    memoryWorkingSetBytes: sum('memoryWorkingSetBytes'),
  };
};
