import { Readable } from 'node:stream';
import { type APIService, apiServiceKind } from '#api/kinds/apiregistration/apiservice.ts';
import type { Logger } from '#base/logger.ts';
import type { Dialer } from '#server/proxy/dialer.ts';
import { type HttpAnswer, exchange, readBody } from '#server/proxy/http-exchange.ts';
import type { Client } from '#server/store/client.ts';
import type { User } from '#server/store/registry.ts';

/** What aggregation needs of the server. */
export interface AggregationParts {
  readonly client: Pick<Client, 'get' | 'list'>;
  readonly dialer: Pick<Dialer, 'service'>;
  readonly log: Logger;
}

/** A group version that another server serves, and what it says of its resources (APIResourceList). */
export interface RemoteGroupVersion {
  readonly group: string;
  readonly version: string;
  readonly resources: readonly Readonly<Record<string, unknown>>[];
}

/** What a remote server says it serves is asked again after so long, and waited for at most so long. */
const FRESH_MS = 30_000;
const DISCOVERY_TIMEOUT_MS = 3000;
const MAX_DISCOVERY_BYTES = 4 * 1024 * 1024;
/** Headers of one connection, which are not passed on (RFC 9110, 7.6.1), and those that say who asks. */
const NOT_PASSED =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|host|content-length|authorization|impersonate-.*|x-remote-.*)$/;

/** Passes requests of group versions whose APIService names a Service on to it, and says in discovery what is there (kube-aggregator). */
export class Aggregation {
  readonly #parts: AggregationParts;
  readonly #lists = new Map<
    string,
    { readonly at: number; readonly revision: string; readonly remote: RemoteGroupVersion }
  >();
  /** Changes with every change of what discovery should say. */
  stamp = '';

  constructor(parts: AggregationParts) {
    this.#parts = parts;
  }

  /** The APIService by which another server serves a group version. */
  find(group: string, version: string): APIService | undefined {
    if (group === '' || version === '') return undefined;
    const found = this.#parts.client.get(apiServiceKind, '', `${version}.${group}`);
    return found?.spec?.service === undefined ? undefined : found;
  }

  /** What remote servers serve, as far as they have said so. */
  remote(): readonly RemoteGroupVersion[] {
    return [...this.#lists.values()].map(({ remote }) => remote);
  }

  /** Asks those that have not been asked lately. */
  async refresh(): Promise<void> {
    const services = this.#parts.client.list(apiServiceKind).filter(({ spec }) => spec?.service !== undefined);
    const names = new Set(services.map(({ metadata }) => metadata.name ?? ''));
    for (const name of this.#lists.keys()) if (!names.has(name)) this.#lists.delete(name);
    await Promise.all(services.map((service) => this.#ask(service)));
    this.stamp = JSON.stringify(this.remote());
  }

  async #ask(service: APIService): Promise<void> {
    const { name = '', resourceVersion = '' } = service.metadata;
    const { group = '', version = '' } = service.spec ?? {};
    const known = this.#lists.get(name);
    if (known?.revision === resourceVersion && Date.now() - known.at < FRESH_MS) return;
    let resources = known?.remote.resources ?? [];
    const note = (): void =>
      void this.#lists.set(name, { at: Date.now(), revision: resourceVersion, remote: { group, version, resources } });
    // One that cannot be reached would hold up everybody's discovery.
    if (!isAvailable(service)) return note();
    try {
      const answer = await this.#exchange(service, {
        method: 'GET',
        path: `/apis/${group}/${version}`,
        headers: {
          accept: 'application/json',
          'x-remote-user': 'system:kube-aggregator',
          'x-remote-group': 'system:masters',
        },
        signal: AbortSignal.timeout(DISCOVERY_TIMEOUT_MS),
      });
      const list = JSON.parse(new TextDecoder().decode(await readBody(answer, MAX_DISCOVERY_BYTES))) as {
        resources?: readonly Readonly<Record<string, unknown>>[];
      };
      resources = list.resources ?? [];
    } catch (error) {
      this.#parts.log.info({ err: error, apiService: name }, 'an aggregated API does not say what it serves');
    }
    note();
  }

  /** The answer of the server behind an APIService; 503 as upstream when it is not available or cannot be reached. */
  async proxy(request: Request, url: URL, user: User, service: APIService): Promise<Response> {
    if (!isAvailable(service)) return unavailable('service unavailable');
    const headers: Record<string, string | string[]> = {};
    for (const [name, value] of request.headers) if (!NOT_PASSED.test(name)) headers[name] = value;
    headers['x-remote-user'] = user.name;
    headers['x-remote-group'] = [...user.groups];
    if (user.uid !== undefined) headers['x-remote-uid'] = user.uid;
    for (const [key, values] of Object.entries(user.extra ?? {}))
      headers[`x-remote-extra-${encodeURIComponent(key).toLowerCase()}`] = [...values];
    try {
      const answer = await this.#exchange(service, {
        method: request.method,
        path: `${url.pathname}${url.search}`,
        headers,
        signal: request.signal,
        ...(request.body === null ? {} : { body: Readable.from(request.body as unknown as AsyncIterable<Uint8Array>) }),
      });
      return passedOn(answer, url.searchParams.has('watch'));
    } catch (error) {
      return unavailable(`error trying to reach service: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #exchange(
    { spec }: APIService,
    ask: {
      readonly method: string;
      readonly path: string;
      readonly headers: Record<string, string | string[]>;
      readonly signal: AbortSignal;
      readonly body?: Readable;
    },
  ): Promise<HttpAnswer> {
    const { namespace = '', name = '', port = 443 } = spec?.service ?? {};
    const serverName = `${name}.${namespace}.svc`;
    const { caBundle, insecureSkipTLSVerify } = spec ?? {};
    return exchange({
      ...ask,
      url: new URL(`https://${serverName}:${port}${ask.path}`),
      dial: () => this.#parts.dialer.service({ namespace, name, port }),
      tls: {
        serverName,
        insecure: insecureSkipTLSVerify === true,
        ...(caBundle ? { ca: Buffer.from(caBundle, 'base64').toString('utf8') } : {}),
      },
    });
  }
}

const isAvailable = ({ status }: APIService): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === 'Available' && is === 'True') === true;

const unavailable = (text: string): Response =>
  new Response(`${text}\n`, {
    status: 503,
    headers: { 'content-type': 'text/plain; charset=utf-8', 'x-content-type-options': 'nosniff' },
  });

function passedOn({ status, headers, body }: HttpAnswer, isWatch: boolean): Response {
  const passed = new Headers();
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !NOT_PASSED.test(name)) for (const one of [value].flat()) passed.append(name, one);
  if (status === 204 || status === 304) {
    body.destroy();
    return new Response(null, { status, headers: passed });
  }
  const pieces = body[Symbol.asyncIterator]();
  const stream = new ReadableStream<Uint8Array>({
    // Bun holds headers back until the first chunk.
    start: (controller) => void (isWatch && controller.enqueue(new TextEncoder().encode('\n'))),
    async pull(controller) {
      const { done, value } = (await pieces.next()) as IteratorResult<Uint8Array>;
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    cancel: () => void body.destroy(),
  });
  return new Response(stream, { status, headers: passed });
}
