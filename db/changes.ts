import type { Sql } from 'postgres';
import { oldestOf, oldestRevision } from './log-partitions.ts';

/** One row of the log. `previousRevision` 0 = created; `value` null = deleted. */
export interface Change {
  readonly revision: number;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly previousRevision: number;
  readonly value: string | null;
}

/** A page of the log. */
export interface ChangePage {
  /** In revision order, all of them from the revision asked for up to `upTo`. */
  readonly changes: readonly Change[];
  /** How far the page reaches; there may be no row at this number. */
  readonly upTo: number;
  /** Is there nothing after it. */
  readonly complete: boolean;
  /** The lowest number from which the log is whole: beyond the revision asked for plus one, changes are missing. */
  readonly oldest: number;
}

/** A change and the value that it replaced, as far as the log still has it. */
export interface ChangeWithPrevious extends Change {
  readonly previousValue: string | null;
}

/**
 * read_changes: what was committed after `afterRevision`, at most `limit` rows. Counter and rows come from one snapshot, so `upTo` is right
 * also when the last numbers of a batch are holes. What the log no longer has is missing without a word: see `oldest`.
 */
export async function readChanges(sql: Sql, afterRevision: number, limit = 1000): Promise<ChangePage> {
  const rows = await sql<
    {
      head: number;
      oldest: number;
      revision: number | null;
      resource: string;
      namespace: string;
      name: string;
      previous: number;
      value: string | null;
    }[]
  >`
    SELECT head.value AS head, ${oldestOf(sql)} AS oldest, page.* FROM revision AS head LEFT JOIN LATERAL (
      SELECT revision, resource, namespace, name, previous_revision AS previous, value
      FROM changes WHERE revision > ${afterRevision} ORDER BY revision LIMIT ${limit}
    ) AS page ON true WHERE head.id = 1 ORDER BY page.revision`;
  const changes: Change[] = [];
  for (const row of rows) {
    if (row.revision === null) continue;
    const { revision, resource, namespace, name, previous, value } = row;
    changes.push({ revision, resource, namespace, name, previousRevision: previous, value });
  }
  const complete = changes.length < limit;
  const head = rows[0]?.head ?? afterRevision;
  const upTo = complete ? Math.max(head, afterRevision) : (changes.at(-1)?.revision ?? head);
  return { changes, upTo, complete, oldest: rows[0]?.oldest ?? 0 };
}

/** change_origin: who made the change at `revision`, and the program it came by; `''` = not known. */
export async function changeOrigin(
  sql: Sql,
  revision: number,
): Promise<{ readonly user: string; readonly userAgent: string }> {
  const [row] = await sql<{ user: string; userAgent: string }[]>`
    SELECT coalesce(changed_by, '') AS "user", coalesce(user_agent, '') AS "userAgent" FROM changes
    WHERE revision = ${revision}`;
  return row ?? { user: '', userAgent: '' };
}

/** recent_changes: the newest `limit` rows up to `upTo`, oldest first, each with what it replaced. */
export async function recentChanges(sql: Sql, upTo: number, limit: number): Promise<readonly ChangeWithPrevious[]> {
  return sql<ChangeWithPrevious[]>`
    SELECT c.revision, c.resource, c.namespace, c.name, c.previous_revision AS "previousRevision", c.value,
      p.value AS "previousValue"
    FROM (
      SELECT revision, resource, namespace, name, previous_revision, value
      FROM changes WHERE revision <= ${upTo} ORDER BY revision DESC LIMIT ${limit}
    ) AS c LEFT JOIN changes AS p ON p.revision = c.previous_revision AND c.previous_revision <> 0
    ORDER BY c.revision`;
}

/** An object as it was before its first change in a range. */
export interface FormerObject {
  readonly namespace: string;
  readonly name: string;
  /** 0 = it was not there. */
  readonly revision: number;
  /** Null when the log no longer has it. */
  readonly value: string | null;
}

/** former_objects: the objects of a resource that were changed in (after, upTo], as they were at `after`; and from where the log is whole. */
export async function formerObjects(
  sql: Sql,
  resource: string,
  { after, upTo }: { readonly after: number; readonly upTo: number },
): Promise<{ readonly objects: readonly FormerObject[]; readonly oldest: number }> {
  const rows = await sql<(FormerObject & { readonly oldest: number })[]>`
    SELECT c.namespace, c.name, c.previous_revision AS revision, p.value, ${oldestOf(sql)} AS oldest
    FROM (
      SELECT DISTINCT ON (namespace, name) namespace, name, previous_revision FROM changes
      WHERE revision > ${after} AND revision <= ${upTo} AND resource = ${resource}
      ORDER BY namespace, name, revision
    ) AS c LEFT JOIN changes AS p ON p.revision = c.previous_revision AND c.previous_revision <> 0`;
  return { objects: rows, oldest: rows[0]?.oldest ?? (await oldestRevision(sql)) };
}

/** resource_changes: what became of one resource in (after, upTo], oldest first, at most `limit` rows, each with what it replaced. */
export async function resourceChanges(
  sql: Sql,
  resource: string,
  { after, upTo, limit }: { readonly after: number; readonly upTo: number; readonly limit: number },
): Promise<readonly ChangeWithPrevious[]> {
  return sql<ChangeWithPrevious[]>`
    SELECT c.revision, c.resource, c.namespace, c.name, c.previous_revision AS "previousRevision", c.value,
      p.value AS "previousValue"
    FROM (
      SELECT revision, resource, namespace, name, previous_revision, value
      FROM changes WHERE revision > ${after} AND revision <= ${upTo} AND resource = ${resource}
      ORDER BY revision LIMIT ${limit}
    ) AS c LEFT JOIN changes AS p ON p.revision = c.previous_revision AND c.previous_revision <> 0
    ORDER BY c.revision`;
}
