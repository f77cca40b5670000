import type { LabelSelector } from '#api/meta/label-selector.ts';
import { type FieldError, invalid, requiredValue } from './field-error.ts';
import { labelValue, qualifiedName } from './names.ts';

/** One condition of a label selector; the operators are those of its text form. `exists` and `!` have no values. */
export interface Requirement {
  readonly key: string;
  readonly operator: 'in' | 'notin' | '=' | '==' | '!=' | 'exists' | '!' | '>' | '<';
  readonly values: readonly string[];
}

/** One term of a field selector, e.g. `spec.nodeName!=a`. */
export interface FieldTerm {
  readonly field: string;
  readonly operator: '=' | '!=';
  readonly value: string;
}

/** A selector that cannot be read; the message is Kubernetes' own, for a 400. */
export class SelectorError extends Error {}

/** Does an object with these labels meet every requirement. */
export const matchesLabels = (
  requirements: readonly Requirement[],
  labels: Readonly<Record<string, string>> | undefined,
): boolean => requirements.every((requirement) => meets(requirement, labels?.[requirement.key]));

function meets({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case 'in':
    case '=':
    case '==':
      return value !== undefined && values.includes(value);
    case 'notin':
    case '!=':
      return value === undefined || !values.includes(value);
    case '>':
    case '<': {
      if (value === undefined || !INTEGER.test(value)) return false;
      const [left, right] = [BigInt(value), BigInt(values[0] ?? '0')];
      return operator === '>' ? left > right : left < right;
    }
  }
}

const INTEGER = /^[+-]?\d+$/;
const OPERATORS: Readonly<Record<string, Requirement['operator']>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};
const byKey = (a: Requirement, b: Requirement): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

/**
 * The requirements of a LabelSelector object. No selector selects nothing (undefined), an empty one everything (no requirements).
 * A selector that validation would refuse selects nothing.
 */
export function requirementsOf(selector: LabelSelector | undefined | null): Requirement[] | undefined {
  if (selector === undefined || selector === null) return undefined;
  const requirements = requirementsOfMap(selector.matchLabels);
  for (const { key, operator, values } of selector.matchExpressions ?? []) {
    const known = OPERATORS[operator];
    if (known === undefined) return undefined;
    requirements.push({ key, operator: known, values: [...(values ?? [])].sort() });
  }
  return requirements.sort(byKey);
}

/** The requirements of a plain map, as a Service or a ReplicationController has for its selector. */
export const requirementsOfMap = (map: Readonly<Record<string, string>> | undefined | null): Requirement[] =>
  Object.entries(map ?? {})
    .map(([key, value]): Requirement => ({ key, operator: '=', values: [value] }))
    .sort(byKey);

/** A matcher of labels for a LabelSelector object; no selector matches nothing, an empty one everything. */
export function labelSelectorMatcher(
  selector: LabelSelector | undefined | null,
): (labels: Readonly<Record<string, string>> | undefined) => boolean {
  const requirements = requirementsOf(selector);
  return requirements === undefined ? () => false : (labels) => matchesLabels(requirements, labels);
}

/** The text form, `a=b,c in (x,y),!d`; what Scale's status.selector holds. */
export const formatRequirements = (requirements: readonly Requirement[]): string =>
  requirements
    .map(({ key, operator, values }) => {
      if (operator === 'exists') return key;
      if (operator === '!') return `!${key}`;
      const list = values.join(',');
      return operator === 'in' || operator === 'notin' ? `${key} ${operator} (${list})` : `${key}${operator}${list}`;
    })
    .join(',');

/** A LabelSelector as kubectl's tables show it: `<none>` when it is empty or missing, `<error>` when it is invalid. */
export function formatLabelSelector(selector: LabelSelector | undefined | null): string {
  if (selector === undefined || selector === null) return '<none>';
  const requirements = requirementsOf(selector);
  if (requirements === undefined) return '<error>';
  return requirements.length === 0 ? '<none>' : formatRequirements(requirements);
}

/** The faults of a LabelSelector at `path` (apimachinery: ValidateLabelSelector). */
export function validateLabelSelector(selector: LabelSelector | undefined, path: string): FieldError[] {
  if (selector === undefined) return [];
  const errors: FieldError[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    for (const text of qualifiedName(key)) errors.push(invalid(`${path}.matchLabels`, key, text));
    for (const text of labelValue(value)) errors.push(invalid(`${path}.matchLabels`, value, text));
  }
  for (const [index, { key, operator, values = [] }] of (selector.matchExpressions ?? []).entries()) {
    const here = `${path}.matchExpressions[${index}]`;
    if (operator === 'In' || operator === 'NotIn') {
      if (values.length === 0)
        errors.push(requiredValue(`${here}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
    } else if (operator === 'Exists' || operator === 'DoesNotExist') {
      if (values.length > 0)
        errors.push({
          type: 'FieldValueForbidden',
          field: `${here}.values`,
          detail: "Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
        });
    } else errors.push(invalid(`${here}.operator`, operator ?? '', 'not a valid selector operator'));
    for (const text of qualifiedName(key ?? '')) errors.push(invalid(`${here}.key`, key ?? '', text));
    for (const [at, value] of values.entries())
      for (const text of labelValue(value)) errors.push(invalid(`${here}.values[${at}]`, value, text));
  }
  return errors;
}

/**
 * Reads a field selector, `metadata.name=a,status.phase!=Running`; `\,`, `\=` and `\\` are escapes in a value.
 * Throws SelectorError. Whether the fields are known is for the caller to say.
 */
export function parseFieldSelector(text: string): FieldTerm[] {
  const parts = (text.match(/(?:\\.|[^,\\])+|\\$/g) ?? []).sort();
  return parts.flatMap((part) => {
    const found = /^(.*?)(!=|==|=)(.*)$/s.exec(part);
    if (found === null) throw new SelectorError(`invalid selector: '${text}'; can't understand '${part}'`);
    const [, field = '', operator = '=', value = ''] = found;
    const term: FieldTerm = { field, operator: operator === '!=' ? '!=' : '=', value: unescape(value) };
    return term.field === '' && term.value === '' ? [] : [term];
  });
}

function unescape(value: string): string {
  let out = '';
  for (let at = 0; at < value.length; at += 1) {
    const char = value[at] ?? '';
    if (char === '\\') {
      const next = value[at + 1] ?? '';
      if (!['\\', ',', '='].includes(next))
        throw new SelectorError(`invalid field selector: invalid escape sequence: \\${next}`);
      out += next;
      at += 1;
    } else if (char === ',' || char === '=') {
      throw new SelectorError(`invalid field selector: unescaped character in value: ${char}`);
    } else out += char;
  }
  return out;
}
