/**
 * A part that runs. Its owner calls `run` once and `stop` at least once.
 * `run` resolves when the part is done (after `stop`, or never before it) and rejects when it cannot go on.
 * `stop` is idempotent, resolves when every timer, socket and child process that the part owns is gone, and has a deadline of its own.
 */
export interface Service {
  readonly name: string;
  run(): Promise<void>;
  stop(): Promise<void>;
}
