import { StatusError, forbiddenError } from '#api/meta/status.ts';
import type { User } from '#server/store/registry.ts';
import type { RequestInfo } from './request-info.ts';

/** What is asked of an authorizer; a RequestInfo is one. */
export type Attributes = Pick<
  RequestInfo,
  'isResourceRequest' | 'verb' | 'path' | 'group' | 'version' | 'namespace' | 'resource' | 'name' | 'subresource'
>;

/** Says who may do what. Synchronous: it answers from memory, on every request. */
export interface Authorizer {
  authorize(user: User, attributes: Attributes): Decision;
}

/** The answer of an authorizer; `reason` is for the audit and for reviews, it does not reach the refused. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason?: string;
}

/** Paths that upstream's roles system:discovery and system:public-info-viewer open. */
const DISCOVERY = ['/api', '/apis', '/openapi'];
const PUBLIC = new Set(['/healthz', '/livez', '/readyz', '/version']);
const SELF_REVIEWS = new Set(['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews']);

const isUnder = (path: string, root: string): boolean => path === root || path.startsWith(`${root}/`);

/** The rights that need no role: masters may do all, everyone may see that the server lives, the authenticated may discover it. */
export const groupAuthorizer: Authorizer = {
  authorize(user, attributes) {
    if (user.groups.includes('system:masters')) return { allowed: true, reason: 'group system:masters' };
    if (!attributes.isResourceRequest && attributes.verb === 'get' && isPublic(attributes.path))
      return { allowed: true };
    if (!user.groups.includes('system:authenticated')) return { allowed: false };
    if (attributes.isResourceRequest) {
      return { allowed: attributes.verb === 'create' && SELF_REVIEWS.has(attributes.resource) };
    }
    return { allowed: attributes.verb === 'get' && DISCOVERY.some((root) => isUnder(attributes.path, root)) };
  },
};

const isPublic = (path: string): boolean =>
  PUBLIC.has(path) || isUnder(path, '/livez') || isUnder(path, '/readyz') || isUnder(path, '/healthz');

/** Rejects with upstream's 403 unless `user` may. */
export function demand(authorizer: Authorizer, user: User, attributes: Attributes): void {
  if (!authorizer.authorize(user, attributes).allowed) throw refusal(user, attributes);
}

/** The 403 for a user and what it asked for. */
export function refusal(user: User, attributes: Attributes): StatusError {
  const who = `User ${JSON.stringify(user.name)} cannot ${attributes.verb}`;
  if (!attributes.isResourceRequest) {
    return new StatusError('Forbidden', `forbidden: ${who} path ${JSON.stringify(attributes.path)}`, {});
  }
  const resource =
    attributes.subresource === '' ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  const where =
    attributes.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(attributes.namespace)}`;
  return forbiddenError(
    { group: attributes.group, plural: attributes.resource },
    attributes.name,
    `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(attributes.group)} ${where}`,
  );
}
