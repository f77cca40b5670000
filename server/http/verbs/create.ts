import { writeContext, type ResourceRequest } from '../api-context.ts';
import { readBody } from '../body.ts';
import { decodeBody, parseBody } from '../decode-body.ts';
import { demandSameNamespace } from '../object-identity.ts';
import { readWriteOptions } from '../options.ts';
import { objectResponse } from '../render.ts';

/** POST of a new object. */
export async function create(request: ResourceRequest): Promise<Response> {
  const { api, info, kind } = request;
  const options = readWriteOptions(request.request, request.url, 'CreateOptions');
  const body = parseBody(request.request, await readBody(request.request), kind, api.kinds);
  const object = decodeBody(api.kinds, kind, body, { ...options, warnings: request.warnings });
  demandSameNamespace(object, info);
  const stored = await api.registry.create(kind, info.namespace, object, writeContext(request, options));
  return objectResponse(request, stored, 201);
}
