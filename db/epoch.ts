import type { Sql } from 'postgres';
import { DatabaseError } from './errors.ts';

/**
 * The epoch of writing, in the counter's row. Each batch names the epoch it knows and does nothing under another one, so whoever starts a new
 * one decides the fate of every batch on its way: what has the row's lock commits first and is seen, what comes later does nothing.
 * An epoch is the revision that its start has taken, which no change bears: it is never used twice, a restore included.
 */
export interface Epoch {
  readonly epoch: number;
  /** The server that may believe to be alone, by its id; 0 = none. */
  readonly alone: number;
  /** The backend that answered. */
  readonly backendPid: number;
}

/** What a restore leaves in `alone`: some server of before may still believe it. */
export const SOMEBODY = -1;

/** A batch named an epoch that has ended: it did nothing. */
export class EpochEnded extends DatabaseError {
  constructor(epoch: number) {
    super('retry', `The batch did nothing: epoch ${epoch} has ended`);
    this.name = 'EpochEnded';
  }
}

/** read_epoch. A server may use it for its batches only if it is known to the others by the same connection. */
export const readEpoch = (sql: Sql): Promise<Epoch> =>
  one(sql<Epoch[]>`SELECT epoch, alone, pg_backend_pid() AS "backendPid" FROM revision WHERE id = 1`);

/** start_epoch: waits for batches under way and keeps later ones out that do not know of it. */
export const startEpoch = (sql: Sql): Promise<Epoch> =>
  one(sql<Epoch[]>`UPDATE revision SET value = value + 1, epoch = value + 1 WHERE id = 1
    RETURNING epoch, alone, pg_backend_pid() AS "backendPid"`);

/** start_epoch_alone: the same by a server that thereby is alone. */
export const startEpochAlone = (sql: Sql, server: number): Promise<Epoch> =>
  one(sql<Epoch[]>`UPDATE revision SET value = value + 1, epoch = value + 1, alone = ${server} WHERE id = 1
    RETURNING epoch, alone, pg_backend_pid() AS "backendPid"`);

/** end_alone: this server believes it no longer; nobody need wait for it. */
export async function endAlone(sql: Sql, server: number): Promise<void> {
  await sql`UPDATE revision SET alone = 0 WHERE id = 1 AND alone = ${server}`;
}

async function one(rows: PromiseLike<readonly Epoch[]>): Promise<Epoch> {
  const [row] = await rows;
  if (row === undefined) throw new Error('Cannot read the database: the revision row is missing');
  return row;
}
