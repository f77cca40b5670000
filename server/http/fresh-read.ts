import type { ResourceRequest } from './api-context.ts';

/** Upstream's Warning code 299; shown by kubectl before its answer. */
const STALE = 'the database does not answer: what is shown is from memory and may be out of date';

/**
 * Undefined when the request can be answered from memory as it is, else resolves when it can: a read without a revision, and every write, sees
 * all that any server has acknowledged before; a read with one sees at least that. A read of memory that may be old bears a warning; a write is
 * not judged by such. Rejects with StatusError Timeout (read) or ServiceUnavailable (write).
 */
export function catchUpFor(request: ResourceRequest): Promise<void> | undefined {
  const { store } = request.api;
  const { verb } = request.info;
  if (verb !== 'get' && verb !== 'list' && verb !== 'watch') return store.currentForWrite();
  // Said after the wait: it may be what finds out that the database does not answer.
  const warn = (): void => {
    if (store.isStale) request.warnings.push(STALE);
  };
  const behind = catchUpForRead(request);
  if (behind === undefined) warn();
  return behind?.then(warn);
}

function catchUpForRead({ api: { store }, info, url }: ResourceRequest): Promise<void> | undefined {
  if (url.search === '') return store.current();
  const asked = url.searchParams.get('resourceVersion') ?? '';
  // A continue token bears a revision of its own, that of another server perhaps.
  if (asked === '' || url.searchParams.has('continue')) return store.current();
  const revision = Number(asked);
  if (info.verb === 'watch' && url.searchParams.get('sendInitialEvents') === null) return undefined;
  return Number.isSafeInteger(revision) ? store.current(revision) : undefined;
}
