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
