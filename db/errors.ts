/** What went wrong in Postgres, by what a caller can do about it. */
export type DatabaseCondition =
  /** No connection, or Postgres is starting, stopping or read-only: try later. Whether the statement took effect is unknown. */
  | 'unavailable'
  /** The statement did nothing and may be run again (deadlock, serialization failure, lock not available). */
  | 'retry'
  /** `changes` has no partition for the next revision. */
  | 'partition-missing'
  /** A unique key exists. */
  | 'duplicate'
  /** No space, or another limit of the database's host. */
  | 'exhausted'
  /** The user may not do it, or cannot log in. */
  | 'denied'
  /** A fault of ours. */
  | 'other';

/** An error of the database layer, with what an operator needs to know. Messages bear no connection string. */
export class DatabaseError extends Error {
  readonly condition: DatabaseCondition;

  constructor(condition: DatabaseCondition, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'DatabaseError';
    this.condition = condition;
  }
}

/** SQLSTATE classes and codes (PostgreSQL: appendix A); the longest prefix wins. */
const BY_SQLSTATE: Readonly<Record<string, DatabaseCondition>> = {
  '08': 'unavailable',
  '57P': 'unavailable',
  '25006': 'unavailable',
  '40': 'retry',
  '55P03': 'retry',
  '57014': 'retry',
  '23514': 'partition-missing',
  '23505': 'duplicate',
  '53': 'exhausted',
  '53300': 'unavailable',
  '58030': 'exhausted',
  '28': 'denied',
  '42501': 'denied',
};

/** Codes of postgres.js and of sockets that mean the connection is gone or was never there. */
const CONNECTION_CODES = new Set([
  'CONNECTION_CLOSED',
  'CONNECTION_ENDED',
  'CONNECTION_DESTROYED',
  'CONNECT_TIMEOUT',
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
]);

/** The condition of anything that a statement or a connection attempt rejected with. */
export function conditionOf(error: unknown): DatabaseCondition {
  if (error instanceof DatabaseError) return error.condition;
  const code = codeOf(error);
  if (code === undefined) return 'other';
  if (CONNECTION_CODES.has(code)) return 'unavailable';
  for (let length = code.length; length >= 2; length--) {
    const found = BY_SQLSTATE[code.slice(0, length)];
    if (found !== undefined) return found;
  }
  return 'other';
}

/** The SQLSTATE or socket code of an error, also when drizzle has wrapped it. */
export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'cause' in error ? codeOf(error.cause) : undefined;
}

/** Codes with which a connection is refused before any statement of ours goes over it. */
const BEFORE_SENDING = new Set([
  '28000',
  '28P01',
  '3D000',
  'ECONNREFUSED',
  'ENOENT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'CONNECT_TIMEOUT',
  '57P03',
  '53300',
]);

/** Is it certain that the statement did not reach Postgres. */
export const wasNeverSent = (error: unknown): boolean => BEFORE_SENDING.has(codeOf(error) ?? '');

/** Why the database does not serve, for an operator: what is wrong and what to do. */
export function whyNot(error: unknown): string {
  const code = codeOf(error);
  return (code === undefined ? undefined : REASONS[code]) ?? (error instanceof Error ? error.message : String(error));
}

const NOTHING_LISTENS = 'nothing listens there; is it running, and are host and port right?';
const NO_SUCH_HOST = 'its host name is unknown';
const NO_ANSWER = 'it does not answer; is the network up?';
const REFUSES_USER = 'it does not accept the user or the password';
const GONE = 'the connection was lost';
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: NOTHING_LISTENS,
  ENOENT: NOTHING_LISTENS,
  ENOTFOUND: NO_SUCH_HOST,
  EAI_AGAIN: NO_SUCH_HOST,
  CONNECT_TIMEOUT: NO_ANSWER,
  ETIMEDOUT: NO_ANSWER,
  EHOSTUNREACH: NO_ANSWER,
  ENETUNREACH: NO_ANSWER,
  CONNECTION_CLOSED: GONE,
  CONNECTION_DESTROYED: GONE,
  ECONNRESET: GONE,
  EPIPE: GONE,
  '28000': REFUSES_USER,
  '28P01': REFUSES_USER,
  '3D000': 'the database does not exist; create it first',
  '53300':
    'it has no connection left; a server takes up to 7: raise max_connections or the limit of the role or the database',
  '53100': 'its disk is full; nothing can be written until there is space',
  '53200': 'it is out of memory',
  '57P01': 'it was shut down',
  '57P02': 'it has crashed, and starts again',
  '57P03': 'it is starting or stopping',
  '57014': 'a statement took longer than its timeout',
  '25006': 'it is a standby or read-only, and takes no writes; give the address of the primary',
};
