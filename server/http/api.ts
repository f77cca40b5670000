import { Elysia } from 'elysia';
import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import { Metrics } from '#base/metrics.ts';
import { GIT_VERSION, KUBERNETES } from '#base/version.ts';
import { CA_PATH } from '#api/wire/version.ts';
import { StatusError, badRequest } from '#api/meta/status.ts';
import type { Authorization } from '#server/authorization/authorization.ts';
import type { Authenticator, TokenIssuer, TokenKeySet, TokenReviewer } from '#server/identity/identity.ts';
import type { Kinds } from '#server/store/kinds.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { Registry, User } from '#server/store/registry.ts';
import type { ResourceMetrics } from '#server/nodes/resource-metrics.ts';
import type { ApiContext, ResourceRequest } from './api-context.ts';
import { authenticate } from './authn.ts';
import { attributesOf, demand } from './authz.ts';
import { CONNECTION_TIMEOUT_SECONDS, IDLE_TIMEOUT_SECONDS, deadlineOf, within } from './deadline.ts';
import type { APIService } from '#api/kinds/apiregistration/apiservice.ts';
import type { Aggregation } from './aggregation.ts';
import { Discovery } from './discovery.ts';
import { type Answer, dispatch, findKind, hasSubresource, resourceRequest } from './dispatch.ts';
import type { Drain } from './drain.ts';
import { EventEncoder } from './event-encoder.ts';
import { DEFAULT_LIMITS, FlowControl, type InFlightLimits, Seat, isLongRunning } from './flow-control.ts';
import { Health, type HealthCheck } from './health.ts';
import { historyResponse } from './history.ts';
import { ListSnapshots, observeLists } from './list-snapshots.ts';
import { ApiMetrics, type Asked } from './metrics.ts';
import { OpenApi } from './openapi.ts';
import { OPENID_CONFIGURATION, OPENID_KEYS, openIdResponse } from './openid.ts';
import { type RequestInfo, parseRequest } from './request-info.ts';
import { errorResponse, jsonResponse, methodNotAllowed, plainNotFound, resourceNotFound } from './status-response.ts';
import { hubSubresources } from './subresources/index.ts';
import type { Subresource } from './subresources/subresource.ts';
import { type UpgradeServer, callSubresource } from './upgrade.ts';

/** What the API is made of. */
export interface ApiDeps {
  readonly kinds: Kinds;
  readonly registry: Registry;
  readonly store: ObjectStore;
  readonly authenticator: Authenticator;
  readonly tokens: TokenIssuer & TokenReviewer & TokenKeySet;
  readonly log: Logger;
  /** Passes requests on to other servers' APIs. Default: there are none. */
  readonly aggregation?: Aggregation | undefined;
  /** What nodes and pods use. Default: nothing is known. */
  readonly resourceMetrics?: Pick<ResourceMetrics, 'nodes' | 'pods'> | undefined;
  /** Subresources beyond those of the store: log, exec, attach, portforward. */
  readonly subresources?: readonly Subresource[];
  /** Who may do what. */
  readonly authorization: Pick<Authorization, 'authorizer' | 'rbac'>;
  readonly clock?: Clock;
  /** Where clients reach this server, `host:port`; shown by /api. */
  readonly serverAddress: string;
  /** The cluster's CA certificate in PEM, given to whoever asks: it is public. */
  readonly caCertificate?: string;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly checks?: readonly HealthCheck[];
  /** What /metrics shows; default: only what the API itself counts. */
  readonly metrics?: Metrics;
  /** Watches end when it aborts. */
  readonly stopping?: AbortSignal;
  /** Requests under way at a time; default: DEFAULT_LIMITS. */
  readonly limits?: InFlightLimits;
  /** Knows of each request under way, for a stop that lets them finish. */
  readonly drain?: Drain;
}

/** More than a body may have, so that it is ours to answer 413 with a Status; beyond it Bun answers by itself. */
const MAX_REQUEST_BYTES = 16 * 1024 * 1024;

/** The Kubernetes API as an Elysia app. Other apps (the agents' gateway) can be put beside it with `.use`: explicit paths win over its wildcard. */
export function createApi(deps: ApiDeps) {
  const api = new Api(deps);
  return new Elysia({
    serve: {
      // Of connections without a request; each request then sets its own, and a watch none.
      idleTimeout: IDLE_TIMEOUT_SECONDS,
      // Elysia's default lets a second server share the port: requests would go now here, now there.
      reusePort: false,
      maxRequestBodySize: MAX_REQUEST_BYTES,
      ...(deps.tls === undefined ? {} : { tls: deps.tls }),
    },
  }).all('/*', ({ request, server }) => api.answer(request, server), { parse: 'none' });
}

/** A request whose user is known, with its seat among those under way. */
interface Seated {
  readonly info: RequestInfo;
  readonly user: User;
  readonly warnings: string[];
  readonly server: UpgradeServer | null;
  readonly seat: Seat;
}

const PROBES = ['/healthz', '/livez', '/readyz'];
const isProbe = ({ isResourceRequest, path }: RequestInfo): boolean =>
  !isResourceRequest && PROBES.some((probe) => path === probe || path.startsWith(`${probe}/`));

const isUnder = (parts: readonly string[], ...roots: readonly string[]): boolean => roots.includes(parts[0] ?? '');

class Api {
  readonly #deps: ApiDeps;
  readonly #context: ApiContext;
  readonly #discovery: Discovery;
  readonly #openApi: OpenApi;
  readonly #metrics: Metrics;
  readonly #health: Health;
  readonly #flow: FlowControl;

  constructor(deps: ApiDeps) {
    this.#deps = deps;
    const clock = deps.clock ?? systemClock;
    const subresources = [...hubSubresources(deps), ...(deps.subresources ?? [])];
    this.#metrics = deps.metrics ?? new Metrics();
    this.#health = new Health(deps.checks ?? [], deps.log);
    this.#flow = new FlowControl(deps.limits ?? DEFAULT_LIMITS, this.#metrics);
    const stopping = deps.stopping ?? new AbortController().signal;
    const lists = new ListSnapshots(stopping);
    observeLists(this.#metrics, lists);
    this.#context = {
      kinds: deps.kinds,
      registry: deps.registry,
      store: deps.store,
      authenticator: deps.authenticator,
      authorizer: deps.authorization.authorizer,
      rbac: deps.authorization.rbac,
      tokens: deps.tokens,
      resourceMetrics: deps.resourceMetrics,
      subresources: new Map(subresources.map((one) => [`${one.resource}/${one.name}`, one])),
      log: deps.log,
      clock,
      events: new EventEncoder(clock),
      metrics: new ApiMetrics(this.#metrics),
      lists,
      checks: deps.checks ?? [],
      stopping,
    };
    const { aggregation } = deps;
    this.#discovery = new Discovery({
      kinds: deps.kinds,
      subresources,
      serverAddress: deps.serverAddress,
      aggregation,
    });
    this.#openApi = new OpenApi(deps.kinds, GIT_VERSION);
  }

  /** Every request comes through here, and every failure becomes a response here. Undefined after an upgrade. */
  async answer(request: Request, server: UpgradeServer | null): Promise<Response | undefined> {
    const startedMs = performance.now();
    const done = this.#deps.drain?.begin();
    const url = new URL(request.url);
    const warnings: string[] = [];
    let info: RequestInfo | undefined;
    let response: Answer;
    try {
      info = parse(request.method, url);
      this.#context.metrics.begun(info.verb);
      const lasts = isLongRunning(info);
      server?.timeout(request, lasts ? 0 : CONNECTION_TIMEOUT_SECONDS);
      const timeoutMs = lasts ? 0 : deadlineOf(url);
      const routed = this.#route(request, url, info, warnings, server);
      response = await (lasts ? routed : within(timeoutMs, routed));
    } catch (error) {
      if (!(error instanceof StatusError || request.signal.aborted))
        this.#deps.log.error({ err: error, method: request.method, path: url.pathname }, 'request failed');
      response = errorResponse(error, warnings);
    }
    const code = response === 'upgraded' ? 101 : response.status;
    if (info !== undefined)
      this.#context.metrics.answered(this.#asked(info), code, (performance.now() - startedMs) / 1000);
    done?.();
    if (response === 'upgraded') return undefined;
    response.headers.set('audit-id', crypto.randomUUID());
    return response;
  }

  /** Only names of what is served get into metrics: what a client may invent is without end. */
  #asked(info: RequestInfo): Asked {
    const kind = info.isResourceRequest ? findKind(this.#context, info) : undefined;
    const known = kind !== undefined && hasSubresource(this.#context, kind, info.subresource);
    return { verb: info.verb, kind, subresource: known ? info.subresource : '' };
  }

  async #route(
    request: Request,
    url: URL,
    info: RequestInfo,
    warnings: string[],
    server: UpgradeServer | null,
  ): Promise<Answer> {
    if (url.pathname === CA_PATH && this.#deps.caCertificate !== undefined)
      return new Response(this.#deps.caCertificate, { headers: { 'content-type': 'application/x-pem-file' } });
    const { authenticator, authorizer } = this.#context;
    const user = await authenticate(request, authenticator, authorizer);
    const by = { info, user, warnings, server };
    // Whoever asks whether the server lives is to be told so above all when it is busy.
    if (isProbe(info)) return this.#allowed(request, url, { ...by, seat: new Seat(() => undefined) });
    const taken = this.#flow.enter(user, info, request);
    const seat = new Seat(taken instanceof Promise ? await taken : taken);
    const seatedMs = performance.now();
    try {
      return await this.#allowed(request, url, { ...by, seat });
    } finally {
      seat.answered(info, performance.now() - seatedMs);
    }
  }

  /** The request of a user that has its seat. */
  async #allowed(request: Request, url: URL, { info, user, warnings, server, seat }: Seated): Promise<Answer> {
    demand(this.#context.authorizer, user, attributesOf(info, url));
    if (!info.isResourceRequest && isUnder(url.pathname.split('/').slice(1), 'skep'))
      return historyResponse(this.#context, { request, url, info, user });
    const remote = this.#remoteOf(info, url);
    if (remote !== undefined && this.#deps.aggregation !== undefined)
      return this.#deps.aggregation.proxy(request, url, user, remote);
    if (!info.isResourceRequest) return this.#plain(request, url);
    const kind = findKind(this.#context, info);
    if (kind === undefined) {
      if (!this.#discovery.hasGroup(info.group)) return plainNotFound();
      throw resourceNotFound();
    }
    const parts = resourceRequest(this.#context, { request, url, info, kind, user, seat }, warnings);
    return dispatch(parts, (given: ResourceRequest, subresource: Subresource) =>
      callSubresource(given, subresource, server),
    );
  }

  /** Who else serves the group version of the path. */
  #remoteOf(info: RequestInfo, url: URL): APIService | undefined {
    const { aggregation } = this.#deps;
    if (info.isResourceRequest) return aggregation?.find(info.group, info.version);
    const [root, group = '', version = ''] = url.pathname.split('/').filter((part) => part !== '');
    return root === 'apis' ? aggregation?.find(group, version) : undefined;
  }

  /** Paths that name no resource. */
  async #plain(request: Request, url: URL): Promise<Response> {
    const parts = url.pathname.split('/').filter((part) => part !== '');
    if (isUnder(parts, 'healthz', 'livez', 'readyz')) return this.#health.answer(url, parts);
    const isLook = request.method === 'GET' || request.method === 'HEAD';
    if (isUnder(parts, 'api', 'apis')) {
      if (!isLook) throw methodNotAllowed();
      if (parts[0] === 'apis') await this.#deps.aggregation?.refresh();
      return this.#discovery.answer(request, parts);
    }
    if (!isLook) return plainNotFound();
    if (isUnder(parts, 'openapi')) return this.#openApi.answer(request, url, parts);
    if (url.pathname === OPENID_CONFIGURATION || url.pathname === OPENID_KEYS)
      return openIdResponse(url.pathname, this.#deps.tokens, this.#deps.serverAddress);
    if (url.pathname === '/version') return jsonResponse(VERSION_TEXT);
    if (url.pathname === '/metrics')
      return new Response(await this.#metrics.text(), { headers: { 'content-type': this.#metrics.contentType } });
    return plainNotFound();
  }
}

function parse(method: string, url: URL): RequestInfo {
  try {
    return parseRequest(method, url);
  } catch {
    throw badRequest(`the path ${url.pathname} has a percent sign that escapes nothing`);
  }
}

const VERSION_TEXT = JSON.stringify({
  major: KUBERNETES.major,
  minor: KUBERNETES.minor,
  gitVersion: GIT_VERSION,
  gitCommit: '',
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: 'bun',
  platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
});
