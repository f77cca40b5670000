import type { KubeObject } from '#api/kind.ts';
import { badRequest } from '#api/meta/status.ts';
import type { RequestInfo } from './request-info.ts';

/** 400 when the body of an update or the outcome of a patch is of another name or namespace than the path (upstream: checkName). */
export function demandSameObject(object: KubeObject, info: RequestInfo): void {
  const { name = '' } = object.metadata;
  if (name === '')
    throw badRequest(`the name of the object (${info.name} based on URL) was undeterminable: name must be provided`);
  if (name !== info.name)
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${info.name})`);
  demandSameNamespace(object, info);
}

/** 400 when the object names another namespace than the path. */
export function demandSameNamespace(object: KubeObject, info: RequestInfo): void {
  const { namespace = '' } = object.metadata;
  if (info.inNamespace && namespace !== '' && namespace !== info.namespace)
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
}
