import { expect, test } from 'bun:test';
import { StatusError } from '#api/meta/status.ts';
import type { ResourceRequest } from './api-context.ts';
import { catchUpFor } from './fresh-read.ts';

interface Told {
  readonly warnings: string[];
  readonly refused: unknown;
}

/** What comes of a request at a store that finds out, while it is asked, that the database is away. */
async function atLostDatabase(verb: string, search = ''): Promise<Told> {
  const store = {
    isStale: false,
    current: async () => void (store.isStale = true),
    currentForWrite: () => Promise.reject(new StatusError('ServiceUnavailable', 'away')),
  };
  const warnings: string[] = [];
  const url = new URL(`https://localhost/api/v1/namespaces/default/configmaps${search}`);
  const request = { api: { store }, info: { verb }, url, warnings } as unknown as ResourceRequest;
  const refused = await Promise.resolve(catchUpFor(request)).then(
    () => undefined,
    (error: unknown) => (error instanceof StatusError ? error.reason : error),
  );
  return { warnings, refused };
}

test('catchUpFor() warns of a read whose own look at the database finds it away', async () => {
  const warning = 'the database does not answer: what is shown is from memory and may be out of date';
  for (const verb of ['get', 'list', 'watch'])
    expect(await atLostDatabase(verb)).toEqual({ warnings: [warning], refused: undefined });
  expect(await atLostDatabase('list', '?limit=2&continue=x')).toEqual({ warnings: [warning], refused: undefined });
});

test('catchUpFor() lets no write be judged by memory that may be old', async () => {
  for (const verb of ['create', 'update', 'patch', 'delete', 'deletecollection'])
    expect(await atLostDatabase(verb)).toEqual({ warnings: [], refused: 'ServiceUnavailable' });
});

test('catchUpFor() waits for nothing where memory is current', () => {
  const store = { isStale: false, current: () => undefined, currentForWrite: () => undefined };
  const url = new URL('https://localhost/api/v1/namespaces/default/configmaps');
  for (const verb of ['get', 'update'])
    expect(
      catchUpFor({ api: { store }, info: { verb }, url, warnings: [] } as unknown as ResourceRequest),
    ).toBeUndefined();
});
