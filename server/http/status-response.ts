import { StatusError, type Status, type StatusReason } from '#api/meta/status.ts';

const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-cache, private' } as const;

/** The Warning header's value for a text: `299 - "unknown field \"x\""`. */
export const warningHeader = (text: string): string =>
  `299 - "${utf8(text.replace(CONTROL, '')).replace(/["\\]/g, '\\$&')}"`;

const CONTROL = /\p{Cc}/gu;
/** Header values are bytes, which Bun takes one character each. */
const utf8 = (text: string): string => Buffer.from(text.toWellFormed()).toString('latin1');
/** All warnings of an answer together; when they are longer each is cut, and what still does not fit is left out (apiserver: WithWarningRecorder). */
const MAX_WARNINGS = 4_096;
const MAX_CUT_WARNING = 256;

/** Each once, and no more than clients take in headers. */
function shownWarnings(warnings: readonly string[]): string[] {
  const once = [...new Set(warnings)];
  const length = (all: readonly string[]): number => all.reduce((sum, { length: own }) => sum + own, 0);
  if (length(once) <= MAX_WARNINGS) return once;
  const shown: string[] = [];
  for (const warning of once.map((one) => one.slice(0, MAX_CUT_WARNING)))
    if (length(shown) + warning.length <= MAX_WARNINGS) shown.push(warning);
  return shown;
}

/** A JSON answer. `warnings` become Warning headers, one each. */
export function jsonResponse(body: string | Uint8Array, code = 200, warnings: readonly string[] = []): Response {
  const response = new Response(body, { status: code, headers: JSON_HEADERS });
  if (warnings.length > 0)
    for (const warning of shownWarnings(warnings)) response.headers.append('warning', warningHeader(warning));
  return response;
}

/** A Status as answer. */
export const statusResponse = (
  status: Status,
  code = status.code ?? 200,
  warnings: readonly string[] = [],
): Response => {
  const response = jsonResponse(JSON.stringify(status), code, warnings);
  const seconds = status.details?.retryAfterSeconds;
  if (seconds !== undefined) response.headers.set('retry-after', String(seconds));
  return response;
};

/** The answer to a failed request. What is not a StatusError is a fault of ours: the caller logs it, the client learns only that there is one. */
export function errorResponse(error: unknown, warnings: readonly string[] = []): Response {
  const failure = error instanceof StatusError ? error : internalError();
  return statusResponse(failure.toStatus(), failure.code, warnings);
}

const internalError = (): StatusError =>
  new StatusError('InternalError', 'Internal error occurred: the server failed to answer; its log says why', {
    causes: [{ message: 'the server failed to answer; its log says why' }],
  });

/** 404 with upstream's plain text, for paths under no API group. */
export const plainNotFound = (): Response =>
  new Response('404 page not found\n', { status: 404, headers: { 'content-type': 'text/plain; charset=utf-8' } });

const bare = (reason: StatusReason, message: string): StatusError => new StatusError(reason, message, {});

/** 404: the group version exists (or could), the resource does not. */
export const resourceNotFound = (): StatusError => bare('NotFound', 'the server could not find the requested resource');
/** 405. */
export const methodNotAllowed = (): StatusError =>
  bare('MethodNotAllowed', 'the server does not allow this method on the requested resource');
/** 401. */
export const unauthorized = (): StatusError => new StatusError('Unauthorized', 'Unauthorized');
/** 413; the limit is in bytes. */
export const entityTooLarge = (limitBytes: number): StatusError =>
  new StatusError('RequestEntityTooLarge', `Request entity too large: limit is ${limitBytes}`);
