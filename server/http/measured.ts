import { type KubeObject, resourceOf } from '#api/kind.ts';
import { type Node, nodeKind } from '#api/kinds/core/node.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { podMetricsKind } from '#api/kinds/metrics/podmetrics.ts';
import { notFoundError } from '#api/meta/status.ts';
import { CachedObject } from '#server/store/cached-object.ts';
import type { ResourceRequest } from './api-context.ts';
import { readListOptions } from './list-options.ts';
import { listResponse, objectResponse } from './render.ts';
import { readSelection } from './selection.ts';

/**
 * GET of NodeMetrics and PodMetrics: for the nodes and pods that are asked for, those of which something is known. Selectors go by the names
 * and labels of the nodes and pods themselves; there are no pages.
 */
export async function measured(request: ResourceRequest): Promise<Response> {
  const { api, info, kind, url } = request;
  const isPods = kind.kind === podMetricsKind.kind;
  const of = isPods ? podKind : nodeKind;
  if (info.verb === 'get') {
    const stored = api.store.get(resourceOf(of), info.namespace, info.name);
    if (stored === undefined) throw notFoundError(of, info.name);
    const [found] = await measure(request, isPods, [stored.object]);
    if (found !== undefined) return objectResponse(request, found);
    // The resource by its kind, and the name whole, as metrics-server has it.
    const plural = kind.kind.toLowerCase();
    throw notFoundError({ group: kind.group, plural }, isPods ? `${info.namespace}/${info.name}` : info.name);
  }
  readListOptions(url, 'list');
  const selection = readSelection(kind, url.searchParams);
  const namespace = info.inNamespace ? info.namespace : undefined;
  const wanted = api.store
    .list(resourceOf(of), namespace)
    .map(({ object }) => object)
    .filter((object) => selection.isEverything || selection.matches(object));
  return listResponse(request, await measure(request, isPods, wanted), {});
}

async function measure(
  { api, kind }: ResourceRequest,
  isPods: boolean,
  objects: readonly KubeObject[],
): Promise<CachedObject[]> {
  const { resourceMetrics } = api;
  const found: readonly KubeObject[] =
    resourceMetrics === undefined
      ? []
      : isPods
        ? await resourceMetrics.pods(objects as readonly Pod[])
        : await resourceMetrics.nodes(objects as readonly Node[]);
  const resource = resourceOf(kind);
  return found.map((object) => {
    const { name = '', namespace = '' } = object.metadata;
    return new CachedObject({ resource, namespace, name }, 0, JSON.stringify(object), object);
  });
}
