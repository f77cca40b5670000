import { type Kind, resourceOf } from '#api/kind.ts';
import { badRequest } from '#api/meta/status.ts';
import type { StoredSubresource } from '#server/store/registry.ts';
import { type ResourceRequest, writeContext } from '../api-context.ts';
import { attributesOf, demand } from '../authz.ts';
import { readBody } from '../body.ts';
import { decodeBody, parseBody } from '../decode-body.ts';
import { demandSameObject } from '../object-identity.ts';
import { readWriteOptions } from '../options.ts';
import { objectResponse } from '../render.ts';

/**
 * A PUT of one that is not there makes it (upstream: AllowCreateOnUpdate), unless it names a resourceVersion: who has seen the object does not know
 * that it is gone, and is told.
 */
const CREATED_ON_UPDATE = new Set([
  'clusterrolebindings.rbac.authorization.k8s.io',
  'clusterroles.rbac.authorization.k8s.io',
  'endpoints',
  'events',
  'leases.coordination.k8s.io',
  'limitranges',
  'rolebindings.rbac.authorization.k8s.io',
  'roles.rbac.authorization.k8s.io',
  'runtimeclasses.node.k8s.io',
  'services',
]);
const createsOnUpdate = (kind: Kind): boolean => CREATED_ON_UPDATE.has(resourceOf(kind));

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
  const namespace = kind.scope === 'Cluster' ? '' : info.namespace;
  if (
    subresource === '' &&
    createsOnUpdate(kind) &&
    (resourceVersion ?? '') === '' &&
    api.store.get(resourceOf(kind), namespace, info.name) === undefined
  ) {
    demand(api.authorizer, request.user, { ...attributesOf(info, request.url), verb: 'create' });
    const made = await api.registry.create(kind, namespace, object, writeContext(request, options));
    return objectResponse(request, made, 201);
  }
  const stored = await api.registry.update(
    kind,
    namespace,
    info.name,
    // The registry may ask again after a conflict, and what it was given has become its own.
    () => (asked++ === 0 ? object : decodeBody(api.kinds, kind, body, { ...options, warnings: [] })),
    writeContext(request, options),
    { subresource, replaces: true },
  );
  return objectResponse(request, stored);
}
