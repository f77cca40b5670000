import { SelectorError, parseFieldSelector } from '#api/meta/selectors.ts';
import { StatusError, forbiddenError } from '#api/meta/status.ts';
import type { Attributes, Authorizer } from '#server/authorization/authorizer.ts';
import type { User } from '#server/store/registry.ts';
import type { RequestInfo } from './request-info.ts';

const SELECTING = new Set(['list', 'watch', 'deletecollection']);

/** What a request asks for. One that is limited to a single name by its field selector is about that name (upstream: requestinfo). */
export function attributesOf(info: RequestInfo, url: URL): Attributes {
  if (!info.isResourceRequest || !SELECTING.has(info.verb) || !url.search.includes('fieldSelector')) return info;
  try {
    const fields = parseFieldSelector(url.searchParams.get('fieldSelector') ?? '');
    const named = fields.find(({ field, operator }) => field === 'metadata.name' && operator === '=');
    return { ...info, name: info.name === '' ? (named?.value ?? '') : info.name, fields };
  } catch (error) {
    // It limits nothing, then; who may list all hears of it from the handler.
    if (error instanceof SelectorError) return info;
    throw error;
  }
}

/** Rejects with upstream's 403 unless `user` may. */
export function demand(authorizer: Authorizer, user: User, attributes: Attributes): void {
  const { allowed, reason } = authorizer.authorize(user, attributes);
  if (!allowed) throw refusal(user, attributes, reason);
}

/** The 403 for a user and what it asked for. */
export function refusal(user: User, attributes: Attributes, reason?: string): StatusError {
  const why = reason === undefined || reason === '' ? '' : `: ${reason}`;
  const who = `User ${JSON.stringify(user.name)} cannot ${attributes.verb}`;
  if (!attributes.isResourceRequest) {
    return new StatusError('Forbidden', `forbidden: ${who} path ${JSON.stringify(attributes.path)}${why}`, {});
  }
  const resource =
    attributes.subresource === '' ? attributes.resource : `${attributes.resource}/${attributes.subresource}`;
  const where =
    attributes.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(attributes.namespace)}`;
  return forbiddenError(
    { group: attributes.group, plural: attributes.resource },
    attributes.name,
    `${who} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(attributes.group)} ${where}${why}`,
  );
}
