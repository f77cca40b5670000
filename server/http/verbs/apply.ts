import type { StoredSubresource } from '#server/store/registry.ts';
import { type ResourceRequest, writeContext } from '../api-context.ts';
import { readConfiguration } from '../apply-body.ts';
import { demand } from '../authz.ts';
import { demandSameObject } from '../object-identity.ts';
import type { WriteOptions } from '../options.ts';
import { objectResponse } from '../render.ts';

/** PATCH with an apply patch (server-side apply) of an object, which is created when it is not there, or through a subresource. */
export async function apply(
  request: ResourceRequest,
  options: WriteOptions,
  bytes: Uint8Array,
  subresource: StoredSubresource,
): Promise<Response> {
  const { api, info, kind, user } = request;
  const body = readConfiguration(bytes);
  const { stored, isNew } = await api.registry.apply(
    kind,
    kind.scope === 'Cluster' ? '' : info.namespace,
    info.name,
    {
      read: () => body.value(),
      force: options.force,
      check(object, creates) {
        body.heed(options.fieldValidation, request.warnings);
        demandSameObject(object, info);
        if (creates) demand(api.authorizer, user, { ...info, verb: 'create' });
      },
    },
    writeContext(request, options),
    { subresource },
  );
  return objectResponse(request, stored, isNew ? 201 : 200);
}
