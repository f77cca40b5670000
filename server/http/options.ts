import { type FieldError, forbidden, invalid, notSupported, requiredValue, tooLong } from '#api/meta/field-error.ts';
import { invalidError } from '#api/meta/status.ts';
import { isTrue } from './request-info.ts';

/** What to do about unknown and repeated fields of a body. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** The query parameters that every write takes. */
export interface WriteOptions {
  readonly dryRun: boolean;
  /** `fieldManager`, or what the User-Agent begins with. */
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  /** Of an apply: take fields from other managers. */
  readonly force: boolean;
}

/** Which meta.k8s.io kind the faults are told of. `ApplyOptions` is PatchOptions of an apply patch. */
export type OptionsKind = 'CreateOptions' | 'UpdateOptions' | 'PatchOptions' | 'ApplyOptions';

const MAX_MANAGER_BYTES = 128;
const UNPRINTABLE = /[^\P{C}]|[\p{Zl}\p{Zp}]/u;

/** Reads the options of a write. Throws 422 about `CreateOptions.meta.k8s.io` and the like. */
export function readWriteOptions(request: Request, url: URL, kind: OptionsKind): WriteOptions {
  const manager = (): string => managerOfAgent(request.headers.get('user-agent') ?? '');
  if (url.search === '' && kind !== 'ApplyOptions')
    return { dryRun: false, fieldManager: manager(), fieldValidation: 'Warn', force: false };
  const query = url.searchParams;
  const fieldManager = query.get('fieldManager') ?? '';
  const fieldValidation = query.get('fieldValidation') ?? '';
  const dryRun = query.getAll('dryRun');
  const errors = [
    ...dryRunErrors(dryRun),
    ...managerErrors(fieldManager),
    ...(['', 'Ignore', 'Strict', 'Warn'].includes(fieldValidation)
      ? []
      : [notSupported('fieldValidation', fieldValidation, ['', 'Ignore', 'Strict', 'Warn'])]),
  ];
  if (kind === 'ApplyOptions' && fieldManager === '')
    errors.push(requiredValue('fieldManager', 'is required for apply patch'));
  if (kind === 'PatchOptions' && query.has('force'))
    errors.push(forbidden('force', 'may not be specified for non-apply patch'));
  const shown = kind === 'ApplyOptions' ? 'PatchOptions' : kind;
  if (errors.length > 0) throw invalidError('meta.k8s.io', shown, '', errors);
  return {
    dryRun: dryRun.length > 0,
    fieldManager: fieldManager === '' ? manager() : fieldManager,
    fieldValidation: fieldValidation === '' ? 'Warn' : (fieldValidation as FieldValidation),
    force: isTrue(query.get('force')),
  };
}

/** The faults of `dryRun`; the only value is `All`. Upstream prints the list as Go does. */
export const dryRunErrors = (dryRun: readonly string[]): FieldError[] =>
  dryRun.every((value) => value === 'All')
    ? []
    : [
        {
          type: 'FieldValueNotSupported',
          field: 'dryRun',
          detail: `Unsupported value: []string{${dryRun.map((value) => JSON.stringify(value)).join(', ')}}: supported values: "All"`,
        },
      ];

function managerErrors(manager: string): FieldError[] {
  const errors: FieldError[] = [];
  if (new TextEncoder().encode(manager).length > MAX_MANAGER_BYTES)
    errors.push(tooLong('fieldManager', MAX_MANAGER_BYTES));
  const position = manager.search(UNPRINTABLE);
  if (position >= 0) {
    const code = (manager.codePointAt(position) ?? 0).toString(16).toUpperCase().padStart(4, '0');
    errors.push(invalid('fieldManager', manager, `invalid character U+${code} (at position ${position})`));
  }
  return errors;
}

/** Upstream: managerOrUserAgent, prefixFromUserAgent. */
const managerOfAgent = (agent: string): string => (agent.split('/', 1)[0] ?? '').slice(0, MAX_MANAGER_BYTES);
