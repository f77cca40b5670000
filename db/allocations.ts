import { and, eq, inArray, sql } from 'drizzle-orm';
import type { Database } from './connect.ts';
import { allocations } from './schema.ts';

/** What can be given out once. */
export type AllocationScope = 'clusterip' | 'nodeport';

/** Who has a value, and since how many seconds. */
export interface Holder {
  readonly holder: string;
  readonly ageSeconds: number;
}

/** The unique table of what is given out, shared by all servers of a database. */
export class AllocationTable {
  readonly #orm: Database['orm'];

  constructor(orm: Database['orm']) {
    this.#orm = orm;
  }

  /** allocate: takes `value` for `holder` if nobody has it; answers who has it now. */
  async take(scope: AllocationScope, value: string, holder: string): Promise<Holder> {
    const rows = await this.#orm
      .insert(allocations)
      .values({ scope, value, holder })
      // The update changes nothing: it makes the row there is come back.
      .onConflictDoUpdate({
        target: [allocations.scope, allocations.value],
        set: { holder: sql`${allocations.holder}` },
      })
      .returning({
        holder: allocations.holder,
        ageSeconds: sql<number>`extract(epoch FROM now() - ${allocations.allocatedAt})::float8`,
      });
    return rows[0] ?? { holder, ageSeconds: 0 };
  }

  /** release: gives back what `holder` has; only `values` if given. */
  async release(holder: string, values?: readonly string[]): Promise<void> {
    if (values?.length === 0) return;
    const own = eq(allocations.holder, holder);
    await this.#orm
      .delete(allocations)
      .where(values === undefined ? own : and(own, inArray(allocations.value, [...values])));
  }
}
