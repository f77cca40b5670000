import { Readable } from 'node:stream';
import { StatusError, badRequest } from '#api/meta/status.ts';
import { type HttpAnswer, exchange } from '#server/proxy/http-exchange.ts';
import { proxySocket } from './proxy-socket.ts';
import { type ProxyParts, type ProxyTarget, podTarget, serviceTarget, unavailable } from './proxy-target.ts';
import type { Subresource, SubresourceRequest } from './subresource.ts';

/** Of one connection, not of the message (RFC 9110, 7.6.1). */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);
const PROXY_PATH = /^\/+api\/+v1\/+(?:namespaces\/+[^/]+\/+)?[^/]+\/+[^/]+\/+proxy(?=\/|$)/;
const NO_BODY = new Set([204, 304]);

/** pods/proxy and services/proxy: HTTP of whatever listens there, by way of the API server. */
export const proxySubresources = (parts: ProxyParts): Subresource[] => [
  proxy('pods', (namespace, id) => podTarget(parts, namespace, id)),
  proxy('services', (namespace, id) => serviceTarget(parts, namespace, id)),
];

/** The methods that the proxy subresources take, and the verbs that discovery shows for them. */
export const PROXY_METHODS = {
  methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
  verbs: ['create', 'delete', 'get', 'patch', 'update'],
} as const;

const proxy = (resource: string, targetOf: (namespace: string, id: string) => ProxyTarget): Subresource => ({
  resource,
  name: 'proxy',
  ...PROXY_METHODS,
  async handle(given) {
    const target = targetOf(given.namespace, given.name);
    const path = proxiedPath(given.url);
    if (given.isUpgrade) return proxySocket(given, () => ask(given, target, path));
    if (given.request.headers.has('upgrade')) throw badRequest('only WebSocket upgrades can be proxied');
    const look = given.request.method === 'GET' || given.request.method === 'HEAD';
    if (path === '' && look) return redirectToRoot(given.url);
    return relay(given, target, await ask(given, target, path));
  },
});

/** What follows `/proxy`, as the client escaped it; empty when nothing does, not even a slash. */
export const proxiedPath = ({ pathname }: URL): string => pathname.replace(PROXY_PATH, '');

/** Relative links of a page work only below a slash. */
const redirectToRoot = ({ pathname, search }: URL): Response =>
  new Response(null, { status: 301, headers: { location: `${pathname}/${search}` } });

/** Sends the request to the target. Rejects with 503 when it cannot be reached. */
async function ask(given: SubresourceRequest, target: ProxyTarget, path: string): Promise<HttpAnswer> {
  const { request, url } = given;
  const { body } = request;
  try {
    return await exchange({
      dial: () => target.dial(),
      url: new URL(`${target.scheme}://${target.host}${path === '' ? '/' : path}${url.search}`),
      tls: target.scheme === 'https' ? { serverName: target.host.replace(/:\d+$/, ''), insecure: true } : undefined,
      method: request.method,
      headers: forwardedHeaders(given),
      body: body === null ? undefined : Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]),
      signal: request.signal,
    });
  } catch (error) {
    if (error instanceof StatusError) throw error;
    throw unavailable(`error trying to reach service: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function forwardedHeaders({ request, url, isUpgrade }: SubresourceRequest): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of request.headers) {
    // The credential is for this server alone; extensions would have to be understood here.
    if (HOP_BY_HOP.has(name) || name === 'authorization' || name === 'sec-websocket-extensions') continue;
    headers[name] = value;
  }
  headers['x-forwarded-uri'] = url.pathname;
  headers['x-forwarded-host'] = url.host;
  headers['x-forwarded-proto'] = url.protocol.replace(':', '');
  if (isUpgrade) Object.assign(headers, { connection: 'Upgrade', upgrade: 'websocket' });
  return headers;
}

/** The target's answer as it is, but for the links that would lead past the proxy. */
export function relay({ request, url }: SubresourceRequest, target: ProxyTarget, answer: HttpAnswer): Response {
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || HOP_BY_HOP.has(name)) continue;
    for (const one of Array.isArray(value) ? value : [value]) headers.append(name, one);
  }
  const here: Place = { prefix: PROXY_PATH.exec(url.pathname)?.[0] ?? '', hosts: [target.host, url.host], base: url };
  const location = headers.get('location');
  if (location !== null) headers.set('location', throughProxy(location, here));
  const empty = request.method === 'HEAD' || NO_BODY.has(answer.status);
  if (empty) answer.body.resume();
  else headers.delete('content-length');
  const stream = Readable.toWeb(answer.body) as unknown as ReadableStream<Uint8Array>;
  const response = new Response(empty ? null : stream, { status: answer.status, headers });
  const isPage = headers.get('content-type')?.split(';', 1)[0]?.trim() === 'text/html';
  return !isPage || empty || location !== null || headers.has('content-encoding')
    ? response
    : withLinks(response, here);
}

/** Where the proxy is, for links to the target. */
interface Place {
  /** `/api/v1/namespaces/a/pods/p/proxy`. */
  readonly prefix: string;
  /** Hosts by which a page means the target itself. */
  readonly hosts: readonly string[];
  readonly base: URL;
}

/** A link of a page of the target, so that it leads through the proxy. Those to other hosts and relative ones stay (apimachinery: Transport.rewriteURL). */
function throughProxy(link: string, { prefix, hosts, base }: Place): string {
  const absolute = /^(?:[a-z][a-z0-9+.-]*:)?\/\//i.test(link);
  if (!absolute && !link.startsWith('/')) return link;
  if (!URL.canParse(link, base.href)) return link;
  const { host, pathname, search, hash } = new URL(link, base.href);
  if (absolute && !hosts.includes(host)) return link;
  const path = pathname.startsWith(prefix) ? pathname : prefix + pathname;
  return absolute ? `${base.protocol}//${base.host}${path}${search}${hash}` : path + search + hash;
}

const LINKS = ['href', 'src', 'action', 'cite', 'longdesc', 'data', 'codebase', 'formaction', 'poster', 'usemap'];

const withLinks = (response: Response, here: Place): Response =>
  new HTMLRewriter()
    .on('*', {
      element(element) {
        for (const name of LINKS) {
          const link = element.getAttribute(name);
          if (link !== null) element.setAttribute(name, throughProxy(link, here));
        }
      },
    })
    .transform(response);
