import { resourceOf } from '#api/kind.ts';
import { notFoundError } from '#api/meta/status.ts';
import type { ResourceRequest } from '../api-context.ts';
import { demandReached, readResourceVersion } from '../list-options.ts';
import { objectResponse } from '../render.ts';

/** GET of one object, and of its status: the text in the cache, as it is. */
export function get(request: ResourceRequest): Response | Promise<Response> {
  const { api, info, kind, url } = request;
  if (url.search !== '')
    demandReached(readResourceVersion(url.searchParams.get('resourceVersion')) ?? 0, api.store.revision());
  const namespace = kind.scope === 'Cluster' ? '' : info.namespace;
  const stored = api.store.get(resourceOf(kind), namespace, info.name);
  if (stored === undefined) throw notFoundError(kind, info.name);
  return objectResponse(request, stored);
}
