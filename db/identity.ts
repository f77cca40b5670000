import type { Sql } from 'postgres';

/** What makes a cluster known to its clients, by name, kept once for all servers. Values are sealed before they come here. */
export class IdentityTable {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /**
   * read_identity: what is there. When nothing is, what `make` answers is put there and answered; of several servers that begin at once, one
   * makes it and the others wait for that.
   */
  async readOrMake(make: () => Promise<ReadonlyMap<string, string>>): Promise<ReadonlyMap<string, string>> {
    const there = await read(this.#sql);
    if (there.size > 0) return there;
    return this.#sql.begin(async (transaction) => {
      await transaction`LOCK TABLE identity IN SHARE ROW EXCLUSIVE MODE`;
      const meanwhile = await read(transaction as unknown as Sql);
      if (meanwhile.size > 0) return meanwhile;
      const made = await make();
      for (const [name, value] of made)
        await transaction`INSERT INTO identity (name, value) VALUES (${name}, ${value})`;
      return made;
    });
  }
}

async function read(sql: Sql): Promise<ReadonlyMap<string, string>> {
  const rows = await sql<{ name: string; value: string }[]>`SELECT name, value FROM identity`;
  return new Map(rows.map(({ name, value }) => [name, value]));
}
