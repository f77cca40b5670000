import { StatusError, type Status, type StatusReason } from '#api/meta/status.ts';

const JSON_HEADERS = { 'content-type': 'application/json', 'cache-control': 'no-cache, private' } as const;

/** The Warning header's value for a text: `299 - "unknown field \"x\""`. */
export const warningHeader = (text: string): string => `299 - ${JSON.stringify(text)}`;

/** A JSON answer. `warnings` become Warning headers, one each. */
export function jsonResponse(body: string | Uint8Array, code = 200, warnings: readonly string[] = []): Response {
  const response = new Response(body, { status: code, headers: JSON_HEADERS });
  for (const warning of warnings) response.headers.append('warning', warningHeader(warning));
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
