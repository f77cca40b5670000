import type { Sql } from 'postgres';
import { DatabaseError } from './errors.ts';
import { readEpoch, startEpochAlone } from './epoch.ts';

/** The only server of an embedded database: where it stands is judged by the epoch alone, without a session. */
export class SoleServer {
  readonly #sql: Sql;
  readonly #id: number;
  #epoch: number;
  #displaced = false;

  private constructor(sql: Sql, id: number, epoch: number) {
    this.#sql = sql;
    this.#id = id;
    this.#epoch = epoch;
  }

  /** Starts an epoch: what a killed server has left on its way commits before, or never. */
  static async open(sql: Sql): Promise<SoleServer> {
    const id = 1 + Math.floor(Math.random() * 0x7fff_fffe);
    return new SoleServer(sql, id, (await startEpochAlone(sql, id)).epoch);
  }

  /** False once another server has taken over. */
  get isMember(): boolean {
    return !this.#displaced;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Nobody else can write, until another server takes over. */
  isAlone(): boolean {
    return !this.#displaced;
  }

  /** Reads the epoch anew. Rejects with DatabaseError when it is another server's by now. */
  async renewEpoch(): Promise<void> {
    const { epoch, alone } = await readEpoch(this.#sql);
    this.#displaced ||= alone !== this.#id;
    if (this.#displaced) throw new DatabaseError('other', 'Another server has taken over this data directory');
    this.#epoch = epoch;
  }
}
