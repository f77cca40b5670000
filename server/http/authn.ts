import { badRequest } from '#api/meta/status.ts';
import type { Authorizer } from '#server/authorization/authorizer.ts';
import type { Authenticator } from '#server/identity/identity.ts';
import type { User } from '#server/store/registry.ts';
import { demand } from './authz.ts';
import { unauthorized } from './status-response.ts';

const AUTHENTICATED = 'system:authenticated';
const UNAUTHENTICATED = 'system:unauthenticated';

/** Who comes without a token. */
export const ANONYMOUS: User = { name: 'system:anonymous', groups: [UNAUTHENTICATED] };

const BEARER = 'bearer ';
/** Browsers cannot set a header on a WebSocket, so they offer the token as a subprotocol (upstream: websocket.ProtocolAuthenticator). */
const BEARER_PROTOCOL = 'base64url.bearer.authorization.k8s.io.';
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
  const wanted = impersonated(request);
  if (wanted === undefined) return user;
  for (const one of wanted.asked) demand(authorizer, user, one);
  return wanted.user;
}

/** The user as it is after a login: everybody with a token is authenticated. */
export const authenticated = (user: User): User =>
  user.groups.includes(AUTHENTICATED) ? user : { ...user, groups: [...user.groups, AUTHENTICATED] };

async function tokenUser(request: Request, authenticator: Authenticator): Promise<User> {
  const token = tokenOf(request.headers);
  if (token === '') return ANONYMOUS;
  const user = await authenticator.authenticate(token);
  if (user === undefined) throw unauthorized();
  return authenticated(user);
}

/** `''` when there is none; another scheme than Bearer is none. */
function tokenOf(headers: Headers): string {
  const header = headers.get('authorization')?.trim() ?? '';
  if (header !== '')
    return header.slice(0, BEARER.length).toLowerCase() === BEARER ? header.slice(BEARER.length).trim() : '';
  if (headers.get('upgrade')?.toLowerCase() !== 'websocket') return '';
  const offered = headers.get('sec-websocket-protocol')?.split(',') ?? [];
  const holder = offered.map((one) => one.trim()).find((one) => one.startsWith(BEARER_PROTOCOL));
  return holder === undefined ? '' : Buffer.from(holder.slice(BEARER_PROTOCOL.length), 'base64url').toString();
}

/** What the asker must be allowed to. */
type Asked = ReturnType<typeof impersonation>;

const impersonation = (
  resource: string,
  name: string,
  more: { group?: string; namespace?: string; subresource?: string } = {},
) => ({
  isResourceRequest: true,
  verb: 'impersonate',
  path: '',
  group: '',
  namespace: '',
  subresource: '',
  resource,
  name,
  ...more,
});

/** Who is to be impersonated, and what that takes (upstream: WithImpersonation). Undefined when nobody is. */
function impersonated({ headers }: Request): { readonly user: User; readonly asked: readonly Asked[] } | undefined {
  const group = 'authentication.k8s.io';
  const name = headers.get('impersonate-user') ?? '';
  const uid = headers.get('impersonate-uid') ?? '';
  const groups = valuesOf(headers.get('impersonate-group'));
  const extra: Record<string, string[]> = {};
  const asked: Asked[] = groups.map((one) => impersonation('groups', one));
  for (const [header, values] of headers) {
    if (!header.startsWith(EXTRA)) continue;
    const key = unescaped(header.slice(EXTRA.length));
    extra[key] = valuesOf(values);
    for (const value of extra[key]) asked.push(impersonation('userextras', value, { group, subresource: key }));
  }
  if (uid !== '') asked.push(impersonation('uids', uid, { group }));
  if (name === '') {
    if (asked.length === 0) return undefined;
    throw badRequest(`requested ${asked.map(({ resource }) => resource).join(', ')} without impersonating a user`);
  }
  const account = serviceAccountOf(name);
  asked.unshift(
    account === undefined
      ? impersonation('users', name)
      : impersonation('serviceaccounts', account.name, { namespace: account.namespace }),
  );
  const user: User = {
    name,
    ...(uid === '' ? {} : { uid }),
    groups: groupsOf(name, groups, account?.namespace),
    ...(Object.keys(extra).length === 0 ? {} : { extra }),
  };
  return { user, asked };
}

/** Several headers of one name come joined by a comma and a space. */
const valuesOf = (header: string | null): string[] => header?.split(', ') ?? [];

function unescaped(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

function serviceAccountOf(user: string): { readonly namespace: string; readonly name: string } | undefined {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
}

/** Groups that were asked for are the whole truth, but that everybody is either authenticated or not. */
function groupsOf(name: string, asked: readonly string[], accountNamespace: string | undefined): string[] {
  const groups =
    asked.length === 0 && accountNamespace !== undefined
      ? ['system:serviceaccounts', `system:serviceaccounts:${accountNamespace}`]
      : [...asked];
  if (name === ANONYMOUS.name) return groups.includes(UNAUTHENTICATED) ? groups : [...groups, UNAUTHENTICATED];
  const isSaid = groups.includes(AUTHENTICATED) || groups.includes(UNAUTHENTICATED);
  return isSaid ? groups : [...groups, AUTHENTICATED];
}
