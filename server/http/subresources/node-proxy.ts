import { nodeKind } from '#api/kinds/core/node.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { badRequest, notFoundError } from '#api/meta/status.ts';
import type { NodeUsages } from '#server/nodes/node-usages.ts';
import type { Client } from '#server/store/client.ts';
import { jsonResponse, methodNotAllowed, plainNotFound } from '../status-response.ts';
import { logSubresource } from './log.ts';
import { resourceMetricsText, statsSummary } from './node-usage.ts';
import type { NodeStreamParts } from './pod-container.ts';
import { PROXY_METHODS, proxiedPath } from './proxy.ts';
import { splitName, unavailable } from './proxy-target.ts';
import type { Subresource, SubresourceRequest } from './subresource.ts';

/** What nodes/proxy works with. */
export interface NodeProxyParts extends NodeStreamParts {
  readonly client: Pick<Client, 'get' | 'list'>;
  /** What is used on nodes. Default: nothing is known. */
  readonly usages?: Pick<NodeUsages, 'of'>;
}

const KUBELET_PORT = '10250';
const LOGS = /^\/containerLogs\/([^/]+)\/([^/]+)\/([^/]+)$/;

/**
 * nodes/proxy: upstream passes it on to the kubelet's own server. An agent opens no port, so what there is of it is answered here:
 * /healthz (the agent is linked), /pods, /containerLogs/NAMESPACE/POD/CONTAINER, /stats/summary and /metrics/resource.
 */
export const nodeProxySubresource = (parts: NodeProxyParts): Subresource => ({
  resource: 'nodes',
  name: 'proxy',
  ...PROXY_METHODS,
  async handle(given) {
    const split = splitName(given.name);
    if (split === undefined) throw badRequest(`invalid node request ${JSON.stringify(given.name)}`);
    const { name, port } = split;
    if (parts.client.get(nodeKind, '', name) === undefined) throw notFoundError({ group: '', plural: 'nodes' }, name);
    if (port !== '' && port !== KUBELET_PORT)
      throw unavailable(
        `error trying to reach service: the agent of node ${JSON.stringify(name)} opens no port ${port}`,
      );
    if (given.request.method !== 'GET' && given.request.method !== 'HEAD') throw methodNotAllowed();
    const path = proxiedPath(given.url);
    if (path === '/healthz') {
      (await parts.nodes.find(name)).close();
      return new Response('ok', { headers: { 'content-type': 'text/plain; charset=utf-8' } });
    }
    if (path === '/pods' || path === '/pods/') return podsOf(parts, name);
    if (path === '/stats/summary' || path === '/metrics/resource') return usageOf(parts, name, path);
    const logs = LOGS.exec(path);
    return logs === null ? plainNotFound() : containerLogs(parts, given, { name, asked: logs.slice(1) });
  },
});

function podsOf({ client }: NodeProxyParts, nodeName: string): Response {
  const items = client.list(podKind).filter(({ spec }) => spec?.nodeName === nodeName);
  return jsonResponse(JSON.stringify({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items }));
}

async function usageOf({ usages }: NodeProxyParts, nodeName: string, path: string): Promise<Response> {
  const report = await usages?.of(nodeName);
  if (report === undefined)
    throw unavailable(
      `error trying to reach service: the agent of node ${JSON.stringify(nodeName)} does not say what is used`,
    );
  if (path === '/stats/summary') return jsonResponse(JSON.stringify(statsSummary(nodeName, report)));
  return new Response(resourceMetricsText(report), {
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
  });
}

function containerLogs(
  parts: NodeProxyParts,
  given: SubresourceRequest,
  { name, asked }: { readonly name: string; readonly asked: readonly string[] },
): Promise<Response | undefined> | Response {
  const [namespace = '', pod = '', container = ''] = asked.map(decodeURIComponent);
  if (parts.client.get(podKind, namespace, pod)?.spec?.nodeName !== name) return plainNotFound();
  const url = new URL(given.url);
  url.searchParams.set('container', container);
  return logSubresource(parts).handle({ ...given, url, namespace, name: pod });
}
