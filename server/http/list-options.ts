import { type FieldError, forbidden, notSupported } from '#api/meta/field-error.ts';
import { StatusError, badRequest, invalidError } from '#api/meta/status.ts';
import { isTrue } from './request-info.ts';

/** The query parameters of list, watch and deletecollection, selectors aside. */
export interface ListOptions {
  /** Undefined = not given. 0 is given as 0: whatever is at hand. */
  readonly resourceVersion: number | undefined;
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan';
  /** 0 = no limit. */
  readonly limit: number;
  readonly continue: string;
  readonly timeoutSeconds: number | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

const NONE: ListOptions = {
  resourceVersion: undefined,
  resourceVersionMatch: '',
  limit: 0,
  continue: '',
  timeoutSeconds: undefined,
  allowWatchBookmarks: false,
  sendInitialEvents: undefined,
};

/** Reads and checks them as upstream's ValidateListOptions does. Throws 400 and 422. */
export function readListOptions(url: URL, verb: 'list' | 'watch'): ListOptions {
  if (url.search === '') return NONE;
  const query = url.searchParams;
  const errors = verb === 'watch' ? watchErrors(query) : listErrors(query);
  if (errors.length > 0) throw invalidError('meta.k8s.io', 'ListOptions', '', errors);
  const initial = query.get('sendInitialEvents');
  return {
    resourceVersion: readResourceVersion(query.get('resourceVersion')),
    resourceVersionMatch: (query.get('resourceVersionMatch') ?? '') as ListOptions['resourceVersionMatch'],
    limit: Math.max(0, readInteger(query, 'limit') ?? 0),
    continue: query.get('continue') ?? '',
    timeoutSeconds: readInteger(query, 'timeoutSeconds'),
    allowWatchBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: initial === null ? undefined : isTrue(initial),
  };
}

/** A resourceVersion as a number; undefined when it is not given. Throws 400. */
export function readResourceVersion(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  if (!/^\d{1,19}$/.test(text))
    throw badRequest(
      `resourceVersion: Invalid value: ${JSON.stringify(text)}: strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`,
    );
  return Number(text);
}

/** 504 when a client asks for a revision that this server has not reached (upstream: NewTooLargeResourceVersionError). */
export function demandReached(asked: number, current: number): void {
  if (asked <= current) return;
  throw new StatusError('Timeout', `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    retryAfterSeconds: 1,
  });
}

function readInteger(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function listErrors(query: URLSearchParams): FieldError[] {
  const match = query.get('resourceVersionMatch') ?? '';
  const version = query.get('resourceVersion') ?? '';
  const errors: FieldError[] = [];
  const refuse = (detail: string): number => errors.push(forbidden('resourceVersionMatch', detail));
  if (match !== '') {
    if (version === '') refuse('resourceVersionMatch is forbidden unless resourceVersion is provided');
    if ((query.get('continue') ?? '') !== '') refuse('resourceVersionMatch is forbidden when continue is provided');
    if (match !== 'Exact' && match !== 'NotOlderThan')
      errors.push(notSupported('resourceVersionMatch', match, ['Exact', 'NotOlderThan', '']));
    if (match === 'Exact' && version === '0')
      refuse('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
  }
  if (query.has('sendInitialEvents'))
    errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'));
  return errors;
}

function watchErrors(query: URLSearchParams): FieldError[] {
  const match = query.get('resourceVersionMatch') ?? '';
  const wantsInitial = query.has('sendInitialEvents');
  const errors: FieldError[] = [];
  const refuse = (detail: string): number => errors.push(forbidden('resourceVersionMatch', detail));
  if (wantsInitial && match !== 'NotOlderThan')
    refuse('sendInitialEvents requires setting resourceVersionMatch to NotOlderThan');
  if (match === '') return errors;
  if (!wantsInitial) refuse('resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided');
  if (match !== 'NotOlderThan') errors.push(notSupported('resourceVersionMatch', match, ['NotOlderThan']));
  if ((query.get('continue') ?? '') !== '') refuse('resourceVersionMatch is forbidden when continue is provided');
  return errors;
}
