import { replaceSource } from './replace-source.ts';

/**
 * Planted bug: revisions from a sequence. Numbers are given out before the commit, so a slow batch appears behind a reader that has passed it.
 * Needs `CREATE SEQUENCE planted_revision`. A batch takes a block of 256, as the sequence cannot count writes.
 */
replaceSource([
  {
    file: 'db/objects.ts',
    find: /UPDATE revision SET value = value \+ \$6::int WHERE id = 1(.*) RETURNING value - \$6::int AS base/,
    by: (_, epoch = '') =>
      `SELECT nextval('planted_revision') * 256 AS base${epoch.includes('$10') ? ' WHERE $10::bigint IS NULL OR true' : ''}`,
  },
  {
    file: 'db/changes.ts',
    find: /const head = rows\[0\]\?\.head \?\? afterRevision;/,
    by: 'const head = changes.at(-1)?.revision ?? afterRevision;',
  },
  {
    file: 'db/log-partitions.ts',
    find: /\(SELECT value FROM revision WHERE id = 1\) AS head/,
    by: '(SELECT last_value * 256 FROM planted_revision) AS head',
  },
  {
    file: 'server/store/log-follower.ts',
    find: /SELECT value FROM revision WHERE id = 1/,
    by: 'SELECT coalesce(max(revision), 0)::float8 AS value FROM changes',
  },
]);
