import { type Kind, resourceOf } from '#api/kind.ts';
import { elementsOfPath } from './path-element.ts';
import { type FieldSet, type FieldSetDraft, differenceWithBelow, fieldsNamed, isEmptySet } from './field-set.ts';

/**
 * What a write through a resource or subresource has no say in: the server drops it, so nobody comes to own it by such a write
 * (upstream: GetResetFields of the kinds' strategies).
 */
export interface ResetFields {
  /** Fields at the root that are dropped whole. */
  readonly roots: ReadonlySet<string>;
  /** The set without what is dropped. */
  keep(set: FieldSet): FieldSet;
}

type Paths = readonly (readonly string[])[];

/** What is kept, where all else is dropped: names of elements, `*` for any, `true` for all below. */
interface Pattern {
  readonly [element: string]: Pattern | true;
}

/** By `<resource>/<subresource>`, where it is not the rule: `status` of the main resource, `spec` of the status. */
const DROPPED: Readonly<Record<string, Paths>> = {
  'pods/status': [['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']],
  'deployments.apps/status': [['spec'], ['metadata', 'labels']],
  'namespaces/finalize': [['status']],
  'certificatesigningrequests.certificates.k8s.io/': [['spec'], ['status']],
  'certificatesigningrequests.certificates.k8s.io/status': [['spec'], ['status', 'conditions']],
  'certificatesigningrequests.certificates.k8s.io/approval': [['spec'], ['status', 'certificate']],
  'customresourcedefinitions.apiextensions.k8s.io/status': [['metadata'], ['spec']],
  'apiservices.apiregistration.k8s.io/status': [['metadata'], ['spec']],
  'flowschemas.flowcontrol.apiserver.k8s.io/status': [['metadata'], ['spec']],
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io/status': [['metadata'], ['spec']],
  'validatingadmissionpolicies.admissionregistration.k8s.io/status': [['metadata'], ['spec']],
  'volumeattachments.storage.k8s.io/status': [['metadata'], ['spec']],
};

const RESIZED: Pattern = { '*': { 'f:resources': true, 'f:resizePolicy': true } };
const KEPT: Readonly<Record<string, Pattern>> = {
  'pods/ephemeralcontainers': { 'f:spec': { 'f:ephemeralContainers': true } },
  'pods/resize': { 'f:spec': { 'f:containers': RESIZED, 'f:initContainers': RESIZED } },
};

const NO_ROOTS: ReadonlySet<string> = new Set();
const NONE: ResetFields = { roots: NO_ROOTS, keep: (set) => set };
const known = new WeakMap<object, Map<string, ResetFields>>();

/** What writes to `kind` through `subresource` (`''` = the object itself) have no say in. */
export function resetFieldsOf(kind: Kind, subresource: string): ResetFields {
  let ofKind = known.get(kind);
  if (ofKind === undefined) known.set(kind, (ofKind = new Map()));
  let fields = ofKind.get(subresource);
  if (fields === undefined) ofKind.set(subresource, (fields = make(kind, subresource)));
  return fields;
}

function make(kind: Kind, subresource: string): ResetFields {
  const place = `${resourceOf(kind)}/${subresource}`;
  const pattern = subresource === 'scale' ? replicasOf(kind) : KEPT[place];
  if (pattern !== undefined) return { roots: NO_ROOTS, keep: (set) => matching(set, pattern) };
  const paths = DROPPED[place] ?? rule(kind, subresource);
  if (paths.length === 0) return NONE;
  const dropped = fieldsNamed(...paths);
  const roots = paths.filter(({ length }) => length === 1).map(([name = '']) => name);
  return { roots: new Set(roots), keep: (set) => differenceWithBelow(set, dropped) };
}

/** Of a Scale only the number is the object's. */
function replicasOf({ scale }: Kind): Pattern {
  const path = elementsOfPath(scale?.specReplicas ?? '');
  return path.reduceRight<Pattern | true>((below, element) => ({ [element]: below }), true) as Pattern;
}

function rule({ hasStatus }: Kind, subresource: string): Paths {
  if (subresource === 'status') return [['spec']];
  return subresource === '' && hasStatus ? [['status']] : [];
}

function matching(set: FieldSet, pattern: Pattern): FieldSet {
  const kept: FieldSetDraft = {};
  for (const element in set) {
    const below = pattern['*'] ?? pattern[element];
    const node = set[element];
    if (below === undefined || node === undefined) continue;
    const rest = below === true ? node : matching(node, below);
    if (below === true || !isEmptySet(rest)) kept[element] = rest;
  }
  return kept;
}
