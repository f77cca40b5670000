import { type Kind, resourceOf } from '#api/kind.ts';
import type { User } from '#server/store/registry.ts';
import type { ApiContext, ResourceRequest } from './api-context.ts';
import type { Seat } from './flow-control.ts';
import { catchUpFor } from './fresh-read.ts';
import { negotiate } from './negotiate.ts';
import type { RequestInfo } from './request-info.ts';
import { methodNotAllowed, resourceNotFound } from './status-response.ts';
import { scale } from './subresources/scale.ts';
import { storedSubresources } from './subresources/stored.ts';
import type { Subresource } from './subresources/subresource.ts';
import { UNSTORED_KINDS, answerUnstored } from './unstored-kinds.ts';
import { create } from './verbs/create.ts';
import { deleteCollection } from './verbs/delete-collection.ts';
import { deleteOne } from './verbs/delete.ts';
import { get } from './verbs/get.ts';
import { list } from './verbs/list.ts';
import { patch } from './verbs/patch.ts';
import { update } from './verbs/update.ts';
import { watch } from './verbs/watch.ts';

/** What a request of a known kind comes to. `upgraded`: it is a WebSocket now and has no response. */
export type Answer = Response | 'upgraded';

/** Hands a request on a subresource that is not of the store to its handler. */
export type CallSubresource = (request: ResourceRequest, subresource: Subresource) => Promise<Answer>;

/** The kind that the path names, if it is served at such a path (a namespaced kind's object needs its namespace, a cluster's kind has none). */
export function findKind({ kinds }: Pick<ApiContext, 'kinds'>, info: RequestInfo): Kind | undefined {
  const { group, version, resource, name, inNamespace } = info;
  const kind =
    kinds.find(group, version, resource) ??
    UNSTORED_KINDS.find((one) => one.plural === resource && one.group === group && one.version === version);
  if (kind === undefined) return undefined;
  const fits = kind.scope === 'Cluster' ? !inNamespace : inNamespace || name === '' || info.verb === 'watch';
  return fits ? kind : undefined;
}

/** Is it a subresource of the kind, stored or called. */
export const hasSubresource = ({ subresources }: Pick<ApiContext, 'subresources'>, kind: Kind, name: string): boolean =>
  subresources.has(`${resourceOf(kind)}/${name}`) ||
  (name === 'scale' && kind.scale !== undefined) ||
  storedSubresources(kind).some((one) => one.name === name);

/** Answers a request on a kind: the verb's handler, or the subresource's. Rejects with StatusError. */
export async function dispatch(request: ResourceRequest, callSubresource: CallSubresource): Promise<Answer> {
  if (request.kind.deprecation !== undefined) request.warnings.push(request.kind.deprecation);
  const behind = catchUpFor(request);
  if (behind !== undefined) await behind;
  if (request.request.method === 'HEAD' && request.info.subresource !== 'proxy') throw methodNotAllowed();
  if (request.info.subresource !== '') return onSubresource(request, callSubresource);
  const { kind, info } = request;
  if (!kind.verbs.some((verb) => verb === info.verb)) throw methodNotAllowed();
  return answerUnstored(request) ?? onResource(request);
}

/** A form is looked at before all else: a 406 comes also for an object that is not there. */
export const resourceRequest = (
  api: ApiContext,
  parts: {
    readonly request: Request;
    readonly url: URL;
    readonly info: RequestInfo;
    readonly kind: Kind;
    readonly user: User;
    readonly seat: Seat;
  },
  warnings: string[],
): ResourceRequest => ({ api, ...parts, form: negotiate(parts.request.headers.get('accept')), warnings });

function onResource(request: ResourceRequest): Response | Promise<Response> {
  const { verb, name, inNamespace } = request.info;
  const oneNamespace = inNamespace || request.kind.scope === 'Cluster';
  switch (verb) {
    case 'get':
      return get(request);
    case 'list':
      return list(request);
    case 'watch':
      return watch(request);
    case 'create':
      if (name !== '' || !oneNamespace) throw methodNotAllowed();
      return create(request);
    case 'update':
      if (name === '') throw methodNotAllowed();
      return update(request);
    case 'patch':
      if (name === '') throw methodNotAllowed();
      return patch(request);
    case 'delete':
      return deleteOne(request);
    case 'deletecollection':
      if (!oneNamespace) throw methodNotAllowed();
      return deleteCollection(request);
    default:
      throw methodNotAllowed();
  }
}

async function onSubresource(request: ResourceRequest, callSubresource: CallSubresource): Promise<Answer> {
  const { api, kind, info } = request;
  const called = api.subresources.get(`${resourceOf(kind)}/${info.subresource}`);
  if (called !== undefined) {
    if (!called.methods.some((method) => method === request.request.method)) throw methodNotAllowed();
    return callSubresource(request, called);
  }
  if (info.subpath !== '') throw resourceNotFound();
  const { verb } = info;
  if (info.subresource === 'scale' && kind.scale !== undefined) {
    if (verb !== 'get' && verb !== 'update' && verb !== 'patch') throw methodNotAllowed();
    return scale(request, kind.scale);
  }
  const stored = storedSubresources(kind).find(({ name }) => name === info.subresource);
  if (stored === undefined) throw resourceNotFound();
  if (!stored.verbs.some((one) => one === verb)) throw methodNotAllowed();
  if (verb === 'get') return get(request);
  return verb === 'update' ? update(request, stored.name) : patch(request, stored.name);
}
