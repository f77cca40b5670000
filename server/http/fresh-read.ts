import type { ResourceRequest } from './api-context.ts';

/** Upstream's Warning code 299; shown by kubectl before its answer. */
const STALE = 'the database does not answer: what is shown is from memory and may be out of date';

/**
 * Undefined when the request can be answered from memory as it is, else resolves when it can: a read without a revision, and every write, sees
 * all that any server has acknowledged before; a read with one sees at least that. Rejects with StatusError Timeout.
 */
export function catchUpFor({ api, info, url, warnings }: ResourceRequest): Promise<void> | undefined {
  const { store } = api;
  const reads = info.verb === 'get' || info.verb === 'list' || info.verb === 'watch';
  if (store.isStale && reads) warnings.push(STALE);
  if (!reads || url.search === '') return store.current();
  const asked = url.searchParams.get('resourceVersion') ?? '';
  // A continue token bears a revision of its own, that of another server perhaps.
  if (asked === '' || url.searchParams.has('continue')) return store.current();
  const revision = Number(asked);
  if (info.verb === 'watch' && url.searchParams.get('sendInitialEvents') === null) return undefined;
  return Number.isSafeInteger(revision) ? store.current(revision) : undefined;
}
