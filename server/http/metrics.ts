import { Counter, Histogram, type Registry } from 'prom-client';
import type { Kind } from '#api/kind.ts';
import type { RequestInfo } from './request-info.ts';

/** The API's own metrics, with Kubernetes' names. Labels are bounded: verbs, kinds that are served, codes. */
export class ApiMetrics {
  readonly #registry: Registry;
  readonly #requests: Counter;
  readonly #durations: Histogram;

  constructor(registry: Registry) {
    this.#registry = registry;
    const registers = [registry];
    const about = ['verb', 'group', 'version', 'resource', 'subresource'] as const;
    this.#requests = new Counter({
      name: 'apiserver_request_total',
      help: 'Requests by verb, resource and HTTP code',
      labelNames: [...about, 'code'],
      registers,
    });
    this.#durations = new Histogram({
      name: 'apiserver_request_duration_seconds',
      help: 'Time to answer a request, watches and streams aside',
      labelNames: about,
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
      registers,
    });
  }

  /** Counts a request that was answered. `kind` undefined: none that is served, whatever the path says. */
  answered(info: RequestInfo, kind: Kind | undefined, code: number, seconds: number): void {
    const about = labels(info, kind);
    this.#requests.inc({ ...about, code });
    if (info.verb !== 'watch') this.#durations.observe(about, seconds);
  }

  /** All metrics of the process in Prometheus' text format. */
  async response(): Promise<Response> {
    return new Response(await this.#registry.metrics(), { headers: { 'content-type': this.#registry.contentType } });
  }
}

const VERBS = new Set(['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection']);

const labels = ({ verb, subresource }: RequestInfo, kind: Kind | undefined): Record<string, string> => ({
  verb: VERBS.has(verb) ? verb.toUpperCase() : 'OTHER',
  group: kind?.group ?? '',
  version: kind?.version ?? '',
  resource: kind?.plural ?? '',
  subresource: kind === undefined ? '' : subresource,
});
