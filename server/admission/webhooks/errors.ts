import { type Status, type StatusDetails, StatusError, badRequest } from '#api/meta/status.ts';

/** A webhook could not be asked, or its answer is none. Whether the request fails is a matter of its failurePolicy. */
export class CallError extends Error {
  constructor(webhook: string, why: string, options?: ErrorOptions) {
    super(`failed calling webhook ${JSON.stringify(webhook)}: ${why}`, options);
    this.name = 'CallError';
  }
}

/** 500 `Internal error occurred: <message>`, as upstream tells of what went wrong on its own side. */
export const internalError = (message: string): StatusError =>
  new StatusError('InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });

/** 400 for a dry run that a webhook's side effects do not allow. */
export const dryRunUnsupported = (webhook: string): StatusError =>
  badRequest(`admission webhook ${JSON.stringify(webhook)} does not support dry run`);

/** A webhook said no; the Status is its own as far as it made one. */
export class Rejection extends StatusError {
  readonly #status: Status;

  constructor(webhook: string, result: Readonly<Record<string, unknown>> = {}) {
    const { message, reason, code, details } = result;
    const head = `admission webhook ${JSON.stringify(webhook)} denied the request`;
    const why = [message, reason].find((one) => typeof one === 'string' && one !== '');
    const text = typeof why === 'string' ? `${head}: ${why}` : `${head} without explanation`;
    const status = typeof code === 'number' && code >= 400 ? code : 400;
    super('Unknown', text, details as StatusDetails | undefined, status);
    this.#status = {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: text,
      ...(typeof reason === 'string' && reason !== '' ? { reason: reason as Status['reason'] & string } : {}),
      ...(details === undefined ? {} : { details: details as StatusDetails }),
      code: status,
    };
  }

  override toStatus(): Status {
    return this.#status;
  }
}
