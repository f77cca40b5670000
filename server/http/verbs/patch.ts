import type { StoredSubresource } from '#server/store/registry.ts';
import { type ResourceRequest, writeContext } from '../api-context.ts';
import { readBody } from '../body.ts';
import { demandSameObject } from '../object-identity.ts';
import { readWriteOptions } from '../options.ts';
import { type Patch, heed, patchType, readPatch } from '../patch-body.ts';
import { objectResponse } from '../render.ts';
import { apply } from './apply.ts';

/** PATCH of an object, or of what a subresource such as status is about. */
export async function patch(request: ResourceRequest, subresource: StoredSubresource = ''): Promise<Response> {
  const { api, info, kind } = request;
  const type = patchType(request.request, kind);
  const options = readWriteOptions(request.request, request.url, type === 'apply' ? 'ApplyOptions' : 'PatchOptions');
  const bytes = await readBody(request.request);
  if (type === 'apply') return apply(request, options, bytes, subresource);
  let read: Patch | undefined;
  const stored = await api.registry.update(
    kind,
    kind.scope === 'Cluster' ? '' : info.namespace,
    info.name,
    // Read only once the object is known to be there: an object that is not is the first fault to tell.
    (current) => {
      read ??= readPatch(type, bytes);
      const { object, complaints, shown } = read.apply(kind, current);
      heed(complaints, options.fieldValidation, request.warnings, shown);
      demandSameObject(object, info);
      return object;
    },
    writeContext(request, options),
    { subresource },
  );
  return objectResponse(request, stored);
}
