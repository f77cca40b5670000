import { bigint, check, integer, pgTable, primaryKey, smallint, text, timestamp } from 'drizzle-orm/pg-core';
import { sql } from 'drizzle-orm';

/**
 * The counter that orders all writes: a single row. A batch adds its size to `value` and holds the row's lock to its commit, so the order of
 * numbers is the order of commits, whichever server writes (docs/watch.md). A batch names `epoch` and does nothing when that has changed; `alone`
 * is the server that may believe that nobody else writes, 0 = none (epoch.ts).
 */
export const revision = pgTable(
  'revision',
  {
    id: smallint('id').primaryKey().default(1),
    value: bigint('value', { mode: 'number' }).notNull(),
    epoch: bigint('epoch', { mode: 'number' }).notNull().default(0),
    alone: integer('alone').notNull().default(0),
  },
  (table) => [check('revision_single_row', sql`${table.id} = 1`)],
);

/** The current state of every object. `value` is its JSON with an empty metadata.resourceVersion; the number is `revision`. */
export const objects = pgTable(
  'objects',
  {
    resource: text('resource').notNull(),
    namespace: text('namespace').notNull(),
    name: text('name').notNull(),
    revision: bigint('revision', { mode: 'number' }).notNull(),
    value: text('value').notNull(),
    writtenAt: timestamp('written_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.resource, table.namespace, table.name] })],
);

/**
 * The log of all changes, partitioned by range of revision (the partitions are made by changes.ts, which drizzle cannot say).
 * `previousRevision` 0 = created; `value` null = deleted, and the last state is that of `previousRevision`.
 * `changedBy` is the user's name, `userAgent` the program it came by; null when it is not known.
 */
export const changes = pgTable('changes', {
  revision: bigint('revision', { mode: 'number' }).primaryKey(),
  resource: text('resource').notNull(),
  namespace: text('namespace').notNull(),
  name: text('name').notNull(),
  previousRevision: bigint('previous_revision', { mode: 'number' }).notNull(),
  value: text('value'),
  changedAt: timestamp('changed_at', { withTimezone: true }).notNull().defaultNow(),
  changedBy: text('changed_by'),
  userAgent: text('user_agent'),
});

/** What is given out once in a cluster: `scope` is `clusterip` or `nodeport`, `value` the address or the port, `holder` the Service's uid. */
export const allocations = pgTable(
  'allocations',
  {
    scope: text('scope').notNull(),
    value: text('value').notNull(),
    holder: text('holder').notNull(),
    allocatedAt: timestamp('allocated_at', { withTimezone: true }).notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.scope, table.value] })],
);

/** What makes the cluster known to its clients (CA, signing key, admin token), shared by all servers; `value` is sealed (server/identity/sealed.ts). */
export const identity = pgTable('identity', {
  name: text('name').primaryKey(),
  value: text('value').notNull(),
  writtenAt: timestamp('written_at', { withTimezone: true }).notNull().defaultNow(),
});

/** The servers that run, by the id of their session; written when one starts and stops. `address` is HOST:PORT. */
export const servers = pgTable('servers', {
  id: integer('id').primaryKey(),
  address: text('address').notNull(),
  startedAt: timestamp('started_at', { withTimezone: true }).notNull().defaultNow(),
});

/** Which server each node is linked to; written when a link begins and ends. It counts as long as that server lives. */
export const nodeLinks = pgTable('node_links', {
  node: text('node').primaryKey(),
  server: integer('server').notNull(),
  linkedAt: timestamp('linked_at', { withTimezone: true }).notNull().defaultNow(),
});
