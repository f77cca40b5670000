import pino, { type Logger } from 'pino';

export type { Logger };

/** What `createLogger` needs. */
export interface LoggerOptions {
  /** `trace`, `debug`, `info`, `warn`, `error` or `silent`. Default `info`. */
  readonly level?: string;
  /** The part of Skep that speaks, e.g. `server`. */
  readonly name: string;
}

/** JSON lines on stderr. Messages are constant; values go into fields: `log.info({ node }, 'node joined')`. */
export const createLogger = ({ level = 'info', name }: LoggerOptions): Logger =>
  pino(
    { level, name, base: { name }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
