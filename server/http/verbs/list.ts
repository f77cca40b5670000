import { resourceOf } from '#api/kind.ts';
import { type Status, StatusError, badRequest, expired } from '#api/meta/status.ts';
import type { StoredObject } from '#server/store/object-store.ts';
import { allInVersion } from '#server/store/served-version.ts';
import type { ResourceRequest } from '../api-context.ts';
import type { ListIdentity } from '../list-snapshots.ts';
import { type ListOptions, demandReached, readListOptions } from '../list-options.ts';
import { listResponse } from '../render.ts';
import { type Selection, readSelection } from '../selection.ts';
import { listKey, snapshotAt } from '../snapshot.ts';

/** GET of a collection. A promise only where the log has to be asked. */
export function list(request: ResourceRequest): Response | Promise<Response> {
  const options = readListOptions(request.url, 'list');
  const selection = readSelection(request.kind, request.url.search === '' ? undefined : request.url.searchParams);
  const page = readPage(request, options, selection);
  const answer = (one: Page): Response | Promise<Response> => pageResponse(request, one, selection, options.limit);
  return page instanceof Promise ? page.then(answer) : answer(page);
}

function pageResponse(
  request: ResourceRequest,
  page: Page,
  selection: Selection,
  limit: number,
): Response | Promise<Response> {
  // A selector speaks of the request's version; without one only what goes out need be of it.
  const own = selection.isEverything ? page.objects : allInVersion(request.kind, page.objects);
  const answer = (objects: readonly StoredObject[]): Response | Promise<Response> => {
    const { items, after } = cut({ ...page, objects }, selection, limit);
    const resourceVersion = String(page.revision);
    if (after === undefined) return listResponse(request, items, { resourceVersion });
    request.api.lists.keep(identityOf(request, page.revision), page.objects);
    return listResponse(request, items, {
      resourceVersion,
      continue: encodeToken(page.revision, items.at(-1)),
      // Upstream counts the rest only where it knows it without looking.
      ...(selection.isEverything ? { remainingItemCount: after } : {}),
    });
  };
  return own instanceof Promise ? own.then(answer) : answer(own);
}

/** The objects in the request's namespace that `selection` wants, as they are now, in the request's version. */
export function selected(
  request: ResourceRequest,
  selection: Selection,
): readonly StoredObject[] | Promise<readonly StoredObject[]> {
  const { api, info, kind } = request;
  const namespace = info.inNamespace ? info.namespace : selection.namespace;
  const stored = allInVersion(kind, named(request, selection) ?? api.store.list(resourceOf(kind), namespace));
  if (selection.isEverything) return stored;
  const wanted = (all: readonly StoredObject[]): StoredObject[] => all.filter((one) => selection.matches(one.object));
  return stored instanceof Promise ? stored.then(wanted) : wanted(stored);
}

/** The one object that can match, where the selector names it: no need to look at the others. */
function named({ api, info, kind }: ResourceRequest, selection: Selection): readonly StoredObject[] | undefined {
  const namespace = kind.scope === 'Cluster' ? '' : info.inNamespace ? info.namespace : selection.namespace;
  if (selection.name === undefined || namespace === undefined) return undefined;
  const found = api.store.get(resourceOf(kind), namespace, selection.name);
  return found === undefined ? [] : [found];
}

/** What a page is cut from: all objects at one revision, from a place on. */
interface Page {
  readonly objects: readonly StoredObject[];
  readonly start: number;
  readonly revision: number;
}

function readPage(request: ResourceRequest, options: ListOptions, selection: Selection): Page | Promise<Page> {
  const { api, info, kind } = request;
  if (options.continue !== '') return continued(request, options);
  const asked = options.resourceVersion ?? 0;
  demandReached(asked, api.store.revision());
  // Upstream: with a limit, a revision that is not 0 and no match stated means exactly that revision.
  const exact =
    options.resourceVersionMatch === 'Exact' || (options.resourceVersionMatch === '' && options.limit > 0 && asked > 0);
  if (exact)
    return pageAt(request, asked, {
      after: undefined,
      whenGone: () => expired('The resourceVersion for the provided list is too old.'),
    });
  const namespace = info.inNamespace ? info.namespace : undefined;
  const objects = named(request, selection) ?? api.store.list(resourceOf(kind), namespace);
  return { objects, start: 0, revision: api.store.revision() };
}

function continued(request: ResourceRequest, options: ListOptions): Page | Promise<Page> {
  const { store } = request.api;
  const { revision, after } = decodeToken(options.continue);
  if (options.resourceVersion !== undefined && options.resourceVersion !== 0)
    throw badRequest('specifying resource version is not allowed when using continue');
  const at = revision === CURRENT ? store.revision() : revision;
  // The first page may be another server's, and this one cut off from what came since: its state of now is not that revision's.
  demandReached(at, store.revision());
  return pageAt(request, at, { after, whenGone: () => new ExpiredToken(encodeCurrent(after)) });
}

/** Which part of a list, and what is thrown when the list is gone. */
interface Place {
  readonly after: string | undefined;
  readonly whenGone: () => StatusError;
}

/** From the list that the first page was of, else out of the recent events in memory, else out of the log. */
function pageAt(request: ResourceRequest, revision: number, { after, whenGone }: Place): Page | Promise<Page> {
  const { store, lists } = request.api;
  const identity = identityOf(request, revision);
  const { resource, namespace } = identity;
  const page = (objects: readonly StoredObject[]): Page => ({
    objects,
    start: after === undefined ? 0 : firstAfter(objects, after),
    revision,
  });
  const gone = (error: unknown): never => {
    throw isExpired(error) ? whenGone() : error;
  };
  try {
    return page(lists.find(identity) ?? snapshotAt(store, resource, namespace, revision));
  } catch (error) {
    if (!isExpired(error)) throw error;
  }
  return store.listAt(resource, namespace, revision).then(page, gone);
}

const identityOf = ({ info, kind }: ResourceRequest, revision: number): ListIdentity => ({
  resource: resourceOf(kind),
  namespace: info.inNamespace ? info.namespace : undefined,
  revision,
});

/** The first `limit` that match, and how many objects are left after the last (undefined = none that match). */
function cut(
  { objects, start }: Page,
  selection: Selection,
  limit: number,
): { items: readonly StoredObject[]; after: number | undefined } {
  if (selection.isEverything && limit === 0)
    return { items: start === 0 ? objects : objects.slice(start), after: undefined };
  const items: StoredObject[] = [];
  for (let at = start; at < objects.length; at++) {
    const stored = objects[at];
    if (stored === undefined || !(selection.isEverything || selection.matches(stored.object))) continue;
    if (limit > 0 && items.length === limit) return { items, after: objects.length - at };
    items.push(stored);
  }
  return { items, after: undefined };
}

/** Binary search: the index of the first object behind `key`. */
function firstAfter(objects: readonly StoredObject[], key: string): number {
  let low = 0;
  let high = objects.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const stored = objects[middle];
    if (stored !== undefined && listKey(stored) <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** In a token: go on at whatever revision is now; upstream's "inconsistent continue". */
const CURRENT = -1;

/** The continue token is opaque to clients: base64url of the revision and the last key sent. */
const encodeToken = (revision: number, last: StoredObject | undefined): string =>
  last === undefined ? '' : encodeKey(revision, listKey(last));
const encodeCurrent = (key: string): string => encodeKey(CURRENT, key);
const encodeKey = (revision: number, key: string): string =>
  Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start: key })).toString('base64url');

/** Throws 400 with upstream's texts (apiserver: storage.DecodeContinue). */
function decodeToken(token: string): { revision: number; after: string } {
  const invalid = (why: string): StatusError =>
    badRequest(`invalid continue token: continue key is not valid${why === '' ? '' : `: ${why}`}`);
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(Buffer.from(token, 'base64url').toString()) as Record<string, unknown>;
  } catch {
    // Upstream goes on with what Go's decoder says.
    throw invalid('');
  }
  const { v = '', rv = 0, start = '' } = parsed;
  if (v !== 'meta.k8s.io/v1') throw invalid(`server does not recognize this encoded version ${JSON.stringify(v)}`);
  if (typeof rv !== 'number' || rv === 0)
    throw invalid('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '') throw invalid('encoded start key empty (version meta.k8s.io/v1)');
  return { revision: rv < 0 ? CURRENT : rv, after: start };
}

const isExpired = (error: unknown): boolean => error instanceof StatusError && error.reason === 'Expired';

/** 410 for a token whose revision is gone. Its Status bears another token, with which the rest can be had all the same (upstream: handleExpiredError). */
class ExpiredToken extends StatusError {
  readonly #token: string;

  constructor(token: string) {
    super(
      'Expired',
      'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue ' +
        'parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided ' +
        'token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was ' +
        'returned and now may show up in the list.',
    );
    this.#token = token;
  }

  override toStatus(): Status {
    return { ...super.toStatus(), metadata: { continue: this.#token } };
  }
}
