import type { Sql } from 'postgres';

/** What can be given out once. */
export type AllocationScope = 'clusterip' | 'nodeport';

/** Who has a value, and since how many seconds. */
export interface Holder {
  readonly holder: string;
  readonly ageSeconds: number;
}

/** The unique table of what is given out, shared by all servers of a database. */
export class AllocationTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** allocate: takes `value` for `holder` if nobody has it; answers who has it now. */
  async take(scope: AllocationScope, value: string, holder: string): Promise<Holder> {
    // The update changes nothing: it makes the row there is come back.
    const rows = await this.#sql<Holder[]>`
      INSERT INTO allocations (scope, value, holder) VALUES (${scope}, ${value}, ${holder})
      ON CONFLICT (scope, value) DO UPDATE SET holder = allocations.holder
      RETURNING holder, extract(epoch FROM now() - allocated_at)::float8 AS "ageSeconds"`;
    return rows[0] ?? { holder, ageSeconds: 0 };
  }

  /** release: gives back what `holder` has; only `values` if given. */
  async release(holder: string, values?: readonly string[]): Promise<void> {
    if (values === undefined) await this.#sql`DELETE FROM allocations WHERE holder = ${holder}`;
    else if (values.length > 0)
      await this.#sql`DELETE FROM allocations WHERE holder = ${holder} AND value IN ${this.#sql(values)}`;
  }
}
