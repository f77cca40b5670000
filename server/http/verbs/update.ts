import { badRequest } from '#api/meta/status.ts';
import type { StoredSubresource } from '#server/store/registry.ts';
import { type ResourceRequest, writeContext } from '../api-context.ts';
import { readBody } from '../body.ts';
import { decodeBody, parseBody } from '../decode-body.ts';
import { demandSameObject } from '../object-identity.ts';
import { readWriteOptions } from '../options.ts';
import { objectResponse } from '../render.ts';

/** PUT of an object, or of what a subresource such as status is about. */
export async function update(request: ResourceRequest, subresource: StoredSubresource = ''): Promise<Response> {
  const { api, info, kind } = request;
  const options = readWriteOptions(request.request, request.url, 'UpdateOptions');
  const body = parseBody(request.request, await readBody(request.request), kind, api.kinds);
  let asked = 0;
  const object = decodeBody(api.kinds, kind, body, { ...options, warnings: request.warnings });
  demandSameObject(object, info);
  const { resourceVersion } = object.metadata;
  if (resourceVersion !== undefined && !/^\d*$/.test(resourceVersion))
    throw badRequest(`strconv.ParseUint: parsing ${JSON.stringify(resourceVersion)}: invalid syntax`);
  const stored = await api.registry.update(
    kind,
    kind.scope === 'Cluster' ? '' : info.namespace,
    info.name,
    // The registry may ask again after a conflict, and what it was given has become its own.
    () => (asked++ === 0 ? object : decodeBody(api.kinds, kind, body, { ...options, warnings: [] })),
    writeContext(request, options),
    { subresource, replaces: true },
  );
  return objectResponse(request, stored);
}
