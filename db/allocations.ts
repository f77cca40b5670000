import type { Sql } from 'postgres';

/** What can be given out once. */
export type AllocationScope = 'clusterip' | 'nodeport';

/** allocate: takes `value` for `holder`; false when somebody else has it. Again by the same holder is true. */
export async function allocate(sql: Sql, scope: AllocationScope, value: string, holder: string): Promise<boolean> {
  const rows = await sql<{ holder: string }[]>`
    INSERT INTO allocations (scope, value, holder) VALUES (${scope}, ${value}, ${holder})
    ON CONFLICT (scope, value) DO UPDATE SET holder = allocations.holder RETURNING holder`;
  return rows[0]?.holder === holder;
}

/** release: gives back what `holder` has, of all scopes; only `values` if given. */
export async function release(sql: Sql, holder: string, values?: readonly string[]): Promise<void> {
  if (values === undefined) await sql`DELETE FROM allocations WHERE holder = ${holder}`;
  else if (values.length > 0) await sql`DELETE FROM allocations WHERE holder = ${holder} AND value IN ${sql(values)}`;
}

/** allocated: everything that is given out in a scope. */
export async function allocated(sql: Sql, scope: AllocationScope): Promise<ReadonlyMap<string, string>> {
  const rows = await sql<{ value: string; holder: string }[]>`
    SELECT value, holder FROM allocations WHERE scope = ${scope}`;
  return new Map(rows.map((row) => [row.value, row.holder]));
}
