import type { Kind, KubeObject } from '#api/kind.ts';
import { parseLabelSelector } from '#api/meta/selector-parser.ts';
import {
  type FieldTerm,
  type Requirement,
  SelectorError,
  matchesLabels,
  parseFieldSelector,
} from '#api/meta/selectors.ts';
import { badRequest } from '#api/meta/status.ts';

/** Which objects a list or watch wants. */
export interface Selection {
  /** No selector at all: everything matches. */
  readonly isEverything: boolean;
  /** The one name that can match, when the field selector gives it. */
  readonly name: string | undefined;
  /** The one namespace that can match, when the field selector gives it. */
  readonly namespace: string | undefined;
  /** `object` in the version of the request. */
  matches(object: KubeObject): boolean;
}

const EVERYTHING: Selection = { isEverything: true, name: undefined, namespace: undefined, matches: () => true };

/** Reads labelSelector and fieldSelector; `name` is the one of an old watch path. Throws 400 with upstream's text. */
export function readSelection(kind: Kind, query: URLSearchParams | undefined, name = ''): Selection {
  const labelText = query?.get('labelSelector') ?? '';
  const fieldText = query?.get('fieldSelector') ?? '';
  if (labelText === '' && fieldText === '' && name === '') return EVERYTHING;
  const { requirements, terms } = parse(labelText, fieldText);
  if (name !== '') terms.push({ field: 'metadata.name', operator: '=', value: name });
  const fields = terms.map((term) => fieldMatcher(kind, term));
  const exact = (field: string): string | undefined =>
    terms.find((term) => term.field === field && term.operator === '=')?.value;
  return {
    isEverything: requirements.length === 0 && fields.length === 0,
    name: exact('metadata.name'),
    namespace: exact('metadata.namespace'),
    matches: (object) =>
      matchesLabels(requirements, object.metadata.labels) && fields.every((matches) => matches(object)),
  };
}

function parse(labelText: string, fieldText: string): { requirements: Requirement[]; terms: FieldTerm[] } {
  try {
    return {
      requirements: labelText === '' ? [] : parseLabelSelector(labelText),
      terms: fieldText === '' ? [] : parseFieldSelector(fieldText),
    };
  } catch (error) {
    throw error instanceof SelectorError ? badRequest(error.message) : error;
  }
}

function fieldMatcher(kind: Kind, { field, operator, value }: FieldTerm): (object: KubeObject) => boolean {
  const read = fieldReader(kind, field);
  return operator === '=' ? (object) => read(object) === value : (object) => read(object) !== value;
}

function fieldReader(kind: Kind, field: string): (object: KubeObject) => string {
  if (field === 'metadata.name') return (object) => object.metadata.name ?? '';
  if (field === 'metadata.namespace') return (object) => object.metadata.namespace ?? '';
  const label = kind.fieldLabels[field];
  if (label !== undefined) return label;
  // Upstream: kinds without field labels of their own go through DefaultMetaV1FieldSelectorConversion, the others and CRDs do not.
  throw badRequest(
    Object.keys(kind.fieldLabels).length === 0 && !kind.custom
      ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
      : `field label not supported: ${field}`,
  );
}
