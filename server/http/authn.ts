import { badRequest } from '#api/meta/status.ts';
import type { Authenticator } from '#server/identity/identity.ts';
import type { User } from '#server/store/registry.ts';
import { type Authorizer, demand } from './authz.ts';
import { unauthorized } from './status-response.ts';

/** Who comes without a token. */
export const ANONYMOUS: User = { name: 'system:anonymous', groups: ['system:unauthenticated'] };

const BEARER = 'bearer ';
const EXTRA = 'impersonate-extra-';

/**
 * Finds who asks: the user of the bearer token, or `system:anonymous` without one (authorization then decides what is open to it).
 * With Impersonate-… headers: the user they name, if the asker may impersonate it. Rejects with 401 for an unknown token, 403 for a refused impersonation.
 */
export async function authenticate(
  request: Request,
  authenticator: Authenticator,
  authorizer: Authorizer,
): Promise<User> {
  const user = await tokenUser(request, authenticator);
  if (!asksToImpersonate(request)) return user;
  const target = impersonated(request);
  demandImpersonation(authorizer, user, target);
  return target.user;
}

async function tokenUser(request: Request, authenticator: Authenticator): Promise<User> {
  const header = request.headers.get('authorization')?.trim() ?? '';
  if (header === '') return ANONYMOUS;
  if (header.slice(0, BEARER.length).toLowerCase() !== BEARER) throw unauthorized();
  const user = await authenticator.authenticate(header.slice(BEARER.length).trim());
  if (user === undefined) throw unauthorized();
  return user.groups.includes('system:authenticated')
    ? user
    : { ...user, groups: [...user.groups, 'system:authenticated'] };
}

const asksToImpersonate = ({ headers }: Request): boolean =>
  headers.has('impersonate-user') || headers.has('impersonate-group') || headers.has('impersonate-uid');

/** Who is to be impersonated, and the groups that were asked for by name (those that come with the user are not). */
interface Impersonation {
  readonly user: User;
  readonly askedGroups: readonly string[];
}

function impersonated({ headers }: Request): Impersonation {
  const name = headers.get('impersonate-user') ?? '';
  if (name === '') throw badRequest('impersonation needs the header Impersonate-User');
  const uid = headers.get('impersonate-uid');
  const extra: Record<string, string[]> = {};
  for (const [key, value] of headers) if (key.startsWith(EXTRA)) extra[key.slice(EXTRA.length)] = [value];
  const askedGroups =
    headers
      .get('impersonate-group')
      ?.split(',')
      .map((group) => group.trim()) ?? [];
  return {
    user: {
      name,
      ...(uid === null ? {} : { uid }),
      groups: groupsOf(name, askedGroups),
      ...(Object.keys(extra).length === 0 ? {} : { extra }),
    },
    askedGroups,
  };
}

/** Upstream: WithImpersonation. Service accounts get the groups they have; everyone but the anonymous is authenticated. */
function groupsOf(name: string, asked: readonly string[]): string[] {
  const groups = [...asked];
  const [, kind, namespace] = name.split(':');
  if (
    groups.length === 0 &&
    name.startsWith('system:serviceaccount:') &&
    kind !== undefined &&
    namespace !== undefined
  ) {
    groups.push('system:serviceaccounts', `system:serviceaccounts:${namespace}`);
  }
  if (name === ANONYMOUS.name) return groups.length === 0 ? [...ANONYMOUS.groups] : groups;
  return groups.includes('system:authenticated') ? groups : [...groups, 'system:authenticated'];
}

function demandImpersonation(authorizer: Authorizer, user: User, { user: target, askedGroups }: Impersonation): void {
  const [prefix, kind, namespace, account] = target.name.split(':');
  const isAccount =
    prefix === 'system' && kind === 'serviceaccount' && namespace !== undefined && account !== undefined;
  const ask = (resource: string, name: string, inNamespace = '', group = ''): void =>
    demand(authorizer, user, {
      isResourceRequest: true,
      verb: 'impersonate',
      path: '',
      group,
      version: 'v1',
      namespace: inNamespace,
      resource,
      name,
      subresource: '',
    });
  if (isAccount) ask('serviceaccounts', account, namespace);
  else ask('users', target.name);
  for (const group of askedGroups) ask('groups', group);
  if (target.uid !== undefined) ask('uids', target.uid, '', 'authentication.k8s.io');
  for (const key of Object.keys(target.extra ?? {})) ask('userextras', key, '', 'authentication.k8s.io');
}
