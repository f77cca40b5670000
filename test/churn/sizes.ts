import type { Sql } from 'postgres';

/** What the database looks like at one moment. Sizes in bytes. */
export interface Sizes {
  readonly objects: number;
  readonly objectsIndexes: number;
  readonly objectsToast: number;
  readonly changes: number;
  readonly revision: number;
  /** The system catalogs: partitions come and go there. */
  readonly catalogs: number;
  readonly database: number;
  readonly deadTuples: number;
  /** Updates of objects since the start, and those of them that touched no index. */
  readonly updates: number;
  readonly hotUpdates: number;
  /** Of all tables, the catalogs' and TOAST too. */
  readonly autovacuums: number;
  readonly autoanalyzes: number;
  readonly partitions: number;
}

/** Reads them; some 5 ms. */
export async function readSizes(sql: Sql): Promise<Sizes> {
  await sql`SELECT pg_stat_clear_snapshot()`;
  const [row] = await sql<Sizes[]>`
    SELECT pg_relation_size('objects') AS objects, pg_indexes_size('objects') AS "objectsIndexes",
      pg_total_relation_size((SELECT reltoastrelid FROM pg_class WHERE oid = 'objects'::regclass)) AS "objectsToast",
      (SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0)::bigint FROM pg_inherits
        WHERE inhparent = 'changes'::regclass) AS changes,
      (SELECT count(*) FROM pg_inherits WHERE inhparent = 'changes'::regclass) AS partitions,
      pg_total_relation_size('revision') AS revision,
      (SELECT sum(pg_total_relation_size(oid))::bigint FROM pg_class
        WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r') AS catalogs,
      pg_database_size(current_database()) AS database,
      o.n_dead_tup AS "deadTuples", o.n_tup_upd AS updates, o.n_tup_hot_upd AS "hotUpdates",
      (SELECT sum(autovacuum_count)::bigint FROM pg_stat_all_tables) AS autovacuums,
      (SELECT sum(autoanalyze_count)::bigint FROM pg_stat_all_tables) AS autoanalyzes
    FROM pg_stat_user_tables AS o WHERE o.relname = 'objects'`;
  if (row === undefined) throw new Error('Cannot read the sizes: the table objects is missing');
  return row;
}

/** What must not grow, and by how much a mean may be larger than the one before: a share, and what is noise in any case. */
export const FLAT = {
  objects: { share: 0.1, noiseBytes: 1024 * 1024 },
  objectsIndexes: { share: 0.1, noiseBytes: 256 * 1024 },
  // As much as vacuum lets stand: 2,000 chunks of 2 KB.
  objectsToast: { share: 0.1, noiseBytes: 4 * 1024 * 1024 },
  changes: { share: 0.1, noiseBytes: 2 * 1024 * 1024 },
  revision: { share: 0, noiseBytes: 64 * 1024 },
  catalogs: { share: 0.1, noiseBytes: 2 * 1024 * 1024 },
  database: { share: 0.1, noiseBytes: 8 * 1024 * 1024 },
} as const satisfies Partial<Record<keyof Sizes, { readonly share: number; readonly noiseBytes: number }>>;

/** What has grown from the second quarter of the samples to the last one: a line for each. */
export function growth(samples: readonly Sizes[]): string[] {
  const quarter = Math.floor(samples.length / 4);
  const mean = (of: keyof Sizes, from: number): number =>
    samples.slice(from, from + quarter).reduce((sum, sample) => sum + sample[of], 0) / quarter;
  return Object.entries(FLAT).flatMap(([name, { share, noiseBytes }]) => {
    const of = name as keyof typeof FLAT;
    const [before, after] = [mean(of, quarter), mean(of, samples.length - quarter)];
    const allowed = before * (1 + share) + noiseBytes;
    return after <= allowed
      ? []
      : [
          `${name}: ${megabytes(before)} in the second quarter, ${megabytes(after)} in the last; allowed ${megabytes(allowed)}`,
        ];
  });
}

/** `12.3 MB`. */
export const megabytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MB`;
