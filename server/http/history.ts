import { resourceOf } from '#api/kind.ts';
import { badRequest } from '#api/meta/status.ts';
import type { Kinds } from '#server/store/kinds.ts';
import type { ObjectRevision, ObjectStore } from '#server/store/object-store.ts';
import type { User } from '#server/store/registry.ts';
import { refusal } from './authz.ts';
import type { RequestInfo } from './request-info.ts';
import { jsonResponse, methodNotAllowed, plainNotFound } from './status-response.ts';

const DEFAULT_LIMIT = 100;
const MOST = 1_000;

/** What a request for a history is answered from. */
export interface HistoryParts {
  readonly kinds: Kinds;
  readonly store: Pick<ObjectStore, 'history'>;
}

/**
 * GET /skep/v1/history/RESOURCE/[NAMESPACE/]NAME?limit=N&upTo=REVISION, RESOURCE as in `deployments.apps`: the kept revisions, newest first. A
 * history shows what was in Secrets, whatever a role says of their present: only system:masters may read it.
 */
export async function historyResponse(
  { kinds, store }: HistoryParts,
  { request, url, info, user }: { request: Request; url: URL; info: RequestInfo; user: User },
): Promise<Response> {
  if (!user.groups.includes('system:masters')) throw refusal(user, info);
  const parts = url.pathname.split('/').filter((part) => part !== '');
  const [, version, about, resource = '', ...key] = parts.map(decodeURIComponent);
  const kind = kinds.all().find((one) => resourceOf(one) === resource);
  const wanted = kind?.scope === 'Cluster' ? 1 : 2;
  if (version !== 'v1' || about !== 'history' || kind === undefined || key.length !== wanted) return plainNotFound();
  if (request.method !== 'GET') throw methodNotAllowed();
  const name = key.at(-1) ?? '';
  const namespace = kind.scope === 'Cluster' ? '' : (key[0] ?? '');
  const limit = Math.min(wholeNumber(url, 'limit') ?? DEFAULT_LIMIT, MOST);
  const upTo = wholeNumber(url, 'upTo');
  const history = await store.history(resource, namespace, name, { limit, ...(upTo === undefined ? {} : { upTo }) });
  const head = { kind: 'ObjectHistory', apiVersion: 'skep/v1', resource, namespace, name, complete: history.complete };
  return jsonResponse(`${JSON.stringify(head).slice(0, -1)},"revisions":[${history.revisions.map(item).join(',')}]}`);
}

/** The objects are JSON already. */
function item({ revision, operation, time, user, userAgent, text }: ObjectRevision): string {
  const about = JSON.stringify({ revision, operation, time: time.toISOString(), user, userAgent });
  return `${about.slice(0, -1)},"object":${text ?? 'null'}}`;
}

function wholeNumber(url: URL, parameter: string): number | undefined {
  const text = url.searchParams.get(parameter);
  if (text === null) return undefined;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < 1 || !Number.isSafeInteger(value))
    throw badRequest(`${parameter} must be a whole number above 0`);
  return value;
}
