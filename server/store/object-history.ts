import { StatusError } from '#api/meta/status.ts';
import type { Database } from '#db/connect.ts';
import { conditionOf } from '#db/errors.ts';
import { type HistoryKey, type HistoryRow, readHistory } from '#db/history.ts';
import { withRevision } from './encoding.ts';
import type { HistoryQuery, ObjectHistory, ObjectRevision } from './object-store.ts';

/** An answer stops growing when its objects have so many characters. */
const MOST_CHARACTERS = 16 * 1024 * 1024;

/** Reads an object's history. Rejects with ServiceUnavailable while the database does not answer. */
export async function objectHistory(database: Database, key: HistoryKey, query: HistoryQuery): Promise<ObjectHistory> {
  try {
    const { rows, complete } = await readHistory(database.pool, key, { ...query, characters: MOST_CHARACTERS });
    return { revisions: rows.map(toRevision), complete };
  } catch (error) {
    const condition = conditionOf(error);
    if (condition !== 'unavailable' && condition !== 'retry') throw error;
    throw Object.assign(
      new StatusError('ServiceUnavailable', 'Cannot read the history: the database does not answer; try again', {
        retryAfterSeconds: 1,
      }),
      { cause: error },
    );
  }
}

const toRevision = ({ revision, previousRevision, value, time, user, userAgent }: HistoryRow): ObjectRevision => ({
  revision,
  operation: operationOf(previousRevision, value),
  time,
  user: user ?? undefined,
  userAgent: userAgent ?? undefined,
  text: value === null ? undefined : withRevision(value, revision),
});

function operationOf(previousRevision: number | undefined, value: string | null): ObjectRevision['operation'] {
  if (previousRevision === undefined) return undefined;
  if (value === null) return 'delete';
  return previousRevision === 0 ? 'create' : 'update';
}
