import type { FieldError } from './field-error.ts';

/** Upstream's reasons and the HTTP code each stands for (k8s.io/apimachinery/pkg/apis/meta/v1 StatusReason). */
export const REASON_CODES = {
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Invalid: 422,
  ServerTimeout: 500,
  Timeout: 504,
  TooManyRequests: 429,
  BadRequest: 400,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  InternalError: 500,
  Expired: 410,
  ServiceUnavailable: 503,
  Unknown: 500,
} as const;

/** A machine-readable reason of a failed request. */
export type StatusReason = keyof typeof REASON_CODES;

/** One entry of `details.causes`. */
export interface StatusCause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

/** What the request was about; `kind` is the plural resource for most reasons, the Kind for Invalid. */
export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** `meta.v1.Status` in JSON form. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: Record<string, unknown>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly details?: StatusDetails;
  readonly code?: number;
}

/** The group and plural that a message names: `pods`, `deployments.apps`. */
export interface ResourceName {
  readonly group: string;
  readonly plural: string;
}

/**
 * The one error that the API answers. `toStatus()` is the body, `code` the HTTP status.
 * Make it by the functions below, so that every reason has one text, upstream's own.
 */
export class StatusError extends Error {
  readonly reason: StatusReason;
  readonly code: number;
  readonly details: StatusDetails | undefined;

  constructor(reason: StatusReason, message: string, details?: StatusDetails, code: number = REASON_CODES[reason]) {
    super(message);
    this.name = 'StatusError';
    this.reason = reason;
    this.code = code;
    this.details = details;
  }

  /** The Status object that the client gets. */
  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details === undefined ? {} : { details: this.details }),
      code: this.code,
    };
  }
}

/** `pods` or `deployments.apps`: how upstream's messages name a resource. */
export const qualified = ({ group, plural }: ResourceName): string => (group === '' ? plural : `${plural}.${group}`);

const about = (resource: ResourceName, name: string): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(resource.group === '' ? {} : { group: resource.group }),
  kind: resource.plural,
});

/** 404 `pods "x" not found`. */
export const notFoundError = (resource: ResourceName, name: string): StatusError =>
  new StatusError('NotFound', `${qualified(resource)} ${JSON.stringify(name)} not found`, about(resource, name));
/** 409 `pods "x" already exists`. */
export const alreadyExists = (resource: ResourceName, name: string): StatusError =>
  new StatusError(
    'AlreadyExists',
    `${qualified(resource)} ${JSON.stringify(name)} already exists`,
    about(resource, name),
  );
/** 409 `Operation cannot be fulfilled on pods "x": <why>`. */
export const conflict = (resource: ResourceName, name: string, why: string = OBJECT_MODIFIED): StatusError =>
  new StatusError(
    'Conflict',
    `Operation cannot be fulfilled on ${qualified(resource)} ${JSON.stringify(name)}: ${why}`,
    about(resource, name),
  );
/** Why a stale resourceVersion is refused. */
export const OBJECT_MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';
/** 403 `pods "x" is forbidden: <why>`. */
export const forbiddenError = (resource: ResourceName, name: string, why: string): StatusError =>
  new StatusError(
    'Forbidden',
    name === ''
      ? `${qualified(resource)} is forbidden: ${why}`
      : `${qualified(resource)} ${JSON.stringify(name)} is forbidden: ${why}`,
    about(resource, name),
  );
/** 400 with its own text. */
export const badRequest = (message: string): StatusError => new StatusError('BadRequest', message);
/** 410: the revision asked for is older than the log. */
export const expired = (message: string): StatusError => new StatusError('Expired', message);
/** 422 `Pod "x" is invalid: [a: …, b: …]` with one cause a fault. `kind` is the Kind, e.g. `Pod`. */
export function invalidError(group: string, kind: string, name: string, errors: readonly FieldError[]): StatusError {
  const lines = [...new Set(errors.map((error) => `${error.field}: ${error.detail}`))];
  const shown = lines.length === 1 ? (lines[0] ?? '') : `[${lines.join(', ')}]`;
  return new StatusError('Invalid', `${qualifiedKind(group, kind)} ${JSON.stringify(name)} is invalid: ${shown}`, {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    kind,
    causes: errors.map((error) => ({ reason: error.type, message: error.detail, field: error.field })),
  });
}

const qualifiedKind = (group: string, kind: string): string => (group === '' ? kind : `${kind}.${group}`);
