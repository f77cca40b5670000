import { StatusError } from '#api/meta/status.ts';

/** How an answer looks: the object itself, a Table of it, or its metadata alone (one or a list); in JSON or YAML. */
export interface Form {
  readonly as: 'Object' | 'Table' | 'PartialObjectMetadata' | 'PartialObjectMetadataList';
  /** The version of meta.k8s.io that a transformed answer bears: `v1` or `v1beta1`. */
  readonly metaVersion: string;
  readonly encoding: 'json' | 'yaml';
}

/** The ordinary answer: the object in JSON. */
export const PLAIN: Form = { as: 'Object', metaVersion: 'v1', encoding: 'json' };

/** One alternative of an Accept header. */
interface Clause {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const ENCODINGS: Readonly<Record<string, Form['encoding']>> = {
  '*/*': 'json',
  'application/*': 'json',
  'application/json': 'json',
  'application/yaml': 'yaml',
};
const TRANSFORMED = new Set(['Table', 'PartialObjectMetadata', 'PartialObjectMetadataList']);
const ACCEPTED = 'application/json, application/yaml, application/vnd.kubernetes.protobuf';

/** Clients send a handful of headers over and over: the answers are kept, and forgotten together when there are too many. */
const MAX_REMEMBERED = 256;
const remembered = new Map<string, Form>();

/** Throws 406 for a client that takes nothing but Tables: what is only asked has none. */
export function refuseTable(accept: string | null): void {
  const others = clauses(accept ?? '').filter(({ parameters }) => parameters['as'] !== 'Table');
  if (others.length === 0) throw onlyAccepted();
}

/** The first form in the client's list that we have. Throws 406 with upstream's text. */
export function negotiate(accept: string | null): Form {
  if (accept === null || accept === 'application/json' || accept === '*/*' || accept === '') return PLAIN;
  const known = remembered.get(accept);
  if (known !== undefined) return known;
  const form = choose(accept);
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  remembered.set(accept, form);
  return form;
}

/** Discovery in one document (`v2` or `v2beta1`), when the client prefers that to the plain lists. */
export function negotiateDiscovery(accept: string | null): 'v2' | 'v2beta1' | undefined {
  for (const { type, parameters } of clauses(accept ?? '')) {
    if (ENCODINGS[type] !== 'json') continue;
    if (parameters['as'] === undefined) return undefined;
    const { as, g, v } = parameters;
    if (as === 'APIGroupDiscoveryList' && g === 'apidiscovery.k8s.io' && (v === 'v2' || v === 'v2beta1')) return v;
  }
  return undefined;
}

function choose(accept: string): Form {
  const parsed = clauses(accept);
  for (const { type, parameters } of parsed) {
    const encoding = ENCODINGS[type];
    if (encoding === undefined) continue;
    const { as, g, v } = parameters;
    if (as === undefined) return { ...PLAIN, encoding };
    if (TRANSFORMED.has(as) && g === 'meta.k8s.io' && (v === 'v1' || v === 'v1beta1'))
      return { as: as as Form['as'], metaVersion: v, encoding };
  }
  const known = parsed.some(({ type }) => type in ENCODINGS || type === 'application/vnd.kubernetes.protobuf');
  if (known) throw onlyAccepted();
  throw new StatusError('NotAcceptable', `406: Not Acceptable\n\nAvailable representations: ${ACCEPTED}`, {});
}

const onlyAccepted = (): StatusError =>
  new StatusError('NotAcceptable', `only the following media types are accepted: ${ACCEPTED}`);

const clauses = (accept: string): Clause[] =>
  accept
    .split(',')
    .map((clause) => {
      const [type = '', ...rest] = clause.split(';').map((part) => part.trim());
      const parameters: Record<string, string> = {};
      for (const part of rest) {
        const at = part.indexOf('=');
        if (at > 0) parameters[part.slice(0, at)] = part.slice(at + 1);
      }
      return { type: type.toLowerCase(), parameters, weight: Number(parameters['q'] ?? 1) };
    })
    .sort((a, b) => b.weight - a.weight);
