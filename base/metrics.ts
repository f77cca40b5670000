import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What a metric is called and says; a constant beside the part that it is about. */
export interface MetricAbout {
  /** Kubernetes' own where there is one, else `skep_…`; seconds and bytes. */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

/** A reading of a gauge: the values of its labels, in their order, and the number. */
export type Sample = readonly [labels: readonly string[], value: number];

/** A number that only grows. */
export interface Count {
  /** `labels`: values in the order of the metric's labels. `by` 0 makes the series known before anything is counted. */
  add(labels: readonly string[], by?: number): void;
}

/** How long things take. */
export interface Durations {
  observe(labels: readonly string[], seconds: number): void;
}

/** From a millisecond to a minute: what requests and queues take. */
export const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The most series of one metric; what comes beyond them is told under the label value `other`. */
const MAX_SERIES = 2_000;

/**
 * The metrics of one process. Every part brings its own: asking for a metric that is there gives that one, so parts of which there are several
 * share it. Gauges are read when somebody scrapes, and cost nothing else.
 */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counts = new Map<string, Count>();
  readonly #durations = new Map<string, Durations>();
  readonly #gauges = new Map<string, Map<string, () => Iterable<Sample>>>();

  /** The content type of `text`. */
  readonly contentType: string = this.#registry.contentType;

  /** All metrics in Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** A counter. */
  counter({ name, help, labels = [] }: MetricAbout): Count {
    const known = this.#counts.get(name);
    if (known !== undefined) return known;
    const counter = new Counter({ name, help, labelNames: labels, registers: [this.#registry] });
    const series = new SeriesTable(labels);
    const count: Count = { add: (values, by = 1) => counter.inc(series.of(values), by) };
    this.#counts.set(name, count);
    return count;
  }

  /** A counter that its part keeps itself: `read` answers the total so far. */
  total({ name, help }: Omit<MetricAbout, 'labels'>, read: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.#registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  /** A histogram of seconds. */
  histogram({ name, help, labels = [] }: MetricAbout, buckets: readonly number[] = SECONDS_BUCKETS): Durations {
    const known = this.#durations.get(name);
    if (known !== undefined) return known;
    const histogram = new Histogram({
      name,
      help,
      labelNames: labels,
      buckets: [...buckets],
      registers: [this.#registry],
    });
    const series = new SeriesTable(labels);
    const durations: Durations = { observe: (values, seconds) => histogram.observe(series.of(values), seconds) };
    this.#durations.set(name, durations);
    return durations;
  }

  /** One series of a gauge. A second reader of the same series takes the place of the first: the part was made anew. */
  gauge(about: MetricAbout, labels: readonly string[], read: () => number): void {
    this.#readers(about).set(labels.join('\0'), () => [[labels, read()]]);
  }

  /** A gauge whose series come and go. */
  gauges(about: MetricAbout, read: () => Iterable<Sample>): void {
    this.#readers(about).set('*', read);
  }

  #readers({ name, help, labels = [] }: MetricAbout): Map<string, () => Iterable<Sample>> {
    const known = this.#gauges.get(name);
    if (known !== undefined) return known;
    const readers = new Map<string, () => Iterable<Sample>>();
    this.#gauges.set(name, readers);
    new Gauge({
      name,
      help,
      labelNames: labels,
      registers: [this.#registry],
      collect() {
        this.reset();
        const series = new SeriesTable(labels);
        for (const read of readers.values()) for (const [values, value] of read()) this.inc(series.of(values), value);
      },
    });
    return readers;
  }
}

/** Label values as prom-client takes them, made once a series and bounded in number. */
class SeriesTable {
  readonly #names: readonly string[];
  readonly #known = new Map<string, Record<string, string>>();

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  of(values: readonly string[]): Record<string, string> {
    const key = values.join('\0');
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const full = this.#known.size >= MAX_SERIES;
    const labels = Object.fromEntries(this.#names.map((name, index) => [name, full ? 'other' : (values[index] ?? '')]));
    if (!full) this.#known.set(key, labels);
    return labels;
  }
}

/** The figures that every Prometheus client gives of its process. */
export function observeProcess(metrics: Metrics): void {
  const startedAtSeconds = Date.now() / 1000 - process.uptime();
  metrics.gauge(
    { name: 'process_start_time_seconds', help: 'Start of the process, seconds since the epoch' },
    [],
    () => startedAtSeconds,
  );
  metrics.gauge({ name: 'process_resident_memory_bytes', help: 'Memory that the process holds' }, [], () =>
    process.memoryUsage.rss(),
  );
  metrics.total({ name: 'process_cpu_seconds_total', help: 'Processor time that the process has taken' }, () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
}
