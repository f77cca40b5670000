import { type Kind, resourceOf } from '#api/kind.ts';
import type { LeftOut } from './compare-fields.ts';
import { elementsOfPath } from './path-element.ts';
import { type FieldSet, type FieldSetDraft, differenceWithBelow, fieldsNamed, isEmptySet } from './field-set.ts';

/**
 * What a write through a resource or subresource has no say in: the server drops it, so nobody comes to own it by such a write
 * (upstream: GetResetFields of the kinds' strategies).
 */
export interface ResetFields {
  /** Fields that need not be compared: those at the root that are dropped whole, and those that nobody owns. */
  readonly leftOut: LeftOut;
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

/** Fields of metadata that nobody owns: they are the server's, or the same in every write (apimachinery: stripMeta). */
const UNOWNED_METADATA = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
];

/** All fields that nobody owns. */
export const UNOWNED: FieldSet = fieldsNamed(
  ['apiVersion'],
  ['kind'],
  ['metadata'],
  ...UNOWNED_METADATA.map((name) => ['metadata', name]),
);

const leavingOut = (...roots: readonly string[]): LeftOut => ({
  roots: new Set(['apiVersion', 'kind', ...roots]),
  ofMetadata: new Set(UNOWNED_METADATA),
});

/** Nothing is dropped. */
export const NO_RESET: ResetFields = { leftOut: leavingOut(), keep: (set) => set };
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
  if (pattern !== undefined) return { leftOut: leavingOut(), keep: (set) => matching(set, pattern) };
  const paths = DROPPED[place] ?? rule(kind, subresource);
  if (paths.length === 0) return NO_RESET;
  const dropped = fieldsNamed(...paths);
  const roots = paths.filter(({ length }) => length === 1).map(([name = '']) => name);
  return { leftOut: leavingOut(...roots), keep: (set) => differenceWithBelow(set, dropped) };
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
