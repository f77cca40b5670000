import { type Kind, type KubeObject, resourceOf } from '#api/kind.ts';
import type { LabelSelector } from '#api/meta/label-selector.ts';
import { labelSelectorMatcher } from '#api/meta/selectors.ts';
import { notFoundError } from '#api/meta/status.ts';
import type { Kinds } from '#server/store/kinds.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import { type Rule, type Target, matchesRule } from './rules.ts';

/** Which requests a webhook, a policy or a binding means. */
export interface Criteria {
  readonly rules: readonly Rule[];
  readonly excludeRules?: readonly Rule[];
  readonly namespaceSelector?: LabelSelector | undefined;
  readonly objectSelector?: LabelSelector | undefined;
  /** `Equivalent` (default): other versions of the resource are meant too. */
  readonly matchPolicy?: string | undefined;
}

const GROUP = 'admissionregistration.k8s.io';
const CONFIGURATIONS = new Set([
  'MutatingWebhookConfiguration',
  'ValidatingWebhookConfiguration',
  'MutatingAdmissionPolicy',
  'MutatingAdmissionPolicyBinding',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);

/** What would lock everybody out, were it asked about itself. */
export const isExempt = ({ kind }: AdmissionRequest): boolean => kind.group === GROUP && CONFIGURATIONS.has(kind.kind);

/** The version that the request speaks. */
export const requestedKind = ({ kind, requestKind }: AdmissionRequest): Kind => requestKind ?? kind;

const isNamespace = (kind: Pick<Kind, 'group' | 'plural'>): boolean =>
  kind.group === '' && kind.plural === 'namespaces';

/** The namespace of a request; of a Namespace its own name. */
export const namespaceOf = ({ kind, namespace, name }: AdmissionRequest): string =>
  isNamespace(kind) ? name : namespace;

/** Finds out whether requests are meant, and in which version of their resource. */
export class RequestMatcher {
  readonly #store: Pick<ObjectStore, 'get'>;
  readonly #kinds: Kinds;

  constructor(store: Pick<ObjectStore, 'get'>, kinds: Kinds) {
    this.#store = store;
    this.#kinds = kinds;
  }

  /** The version of the resource by which the request is meant: its own, or an equivalent one; undefined when it is not. */
  match(criteria: Criteria, request: AdmissionRequest): Kind | undefined {
    const own = requestedKind(request);
    const found = this.#meant(criteria, request, own) ?? this.#equivalent(criteria, request, own);
    if (found === undefined || this.#excluded(criteria, request, own)) return undefined;
    if (!this.#matchesNamespace(criteria.namespaceSelector, request)) return undefined;
    return matchesObject(criteria.objectSelector, request) ? found : undefined;
  }

  #meant({ rules }: Criteria, request: AdmissionRequest, kind: Kind): Kind | undefined {
    const target = targetOf(request, kind);
    return rules.some((rule) => matchesRule(rule, target)) ? kind : undefined;
  }

  #equivalent(criteria: Criteria, request: AdmissionRequest, own: Kind): Kind | undefined {
    if ((criteria.matchPolicy ?? 'Equivalent') !== 'Equivalent') return undefined;
    const resource = resourceOf(own);
    return this.#kinds
      .all()
      .find((kind) => kind !== own && resourceOf(kind) === resource && this.#meant(criteria, request, kind));
  }

  #excluded(criteria: Criteria, request: AdmissionRequest, own: Kind): boolean {
    const { excludeRules = [], matchPolicy } = criteria;
    if (excludeRules.length === 0) return false;
    const excluding: Criteria = { rules: excludeRules, matchPolicy };
    return (this.#meant(excluding, request, own) ?? this.#equivalent(excluding, request, own)) !== undefined;
  }

  /** Throws NotFound when the namespace is not there. */
  #matchesNamespace(selector: LabelSelector | undefined, request: AdmissionRequest): boolean {
    const namespace = namespaceOf(request);
    if (selector === undefined || isEmpty(selector) || namespace === '') return true;
    const stored = this.#store.get('namespaces', '', namespace)?.object;
    const object = isNamespace(request.kind) ? (request.object ?? stored) : stored;
    if (object === undefined) throw notFoundError({ group: '', plural: 'namespaces' }, namespace);
    return labelSelectorMatcher(selector)(object.metadata.labels);
  }
}

/** A request as rules see it, in one version of its resource. */
const targetOf = (request: AdmissionRequest, { group, version, plural }: Kind): Target => ({
  operation: request.operation,
  group,
  version,
  plural,
  subresource: request.subresource,
  name: request.name,
  isNamespaced: !isNamespace(request.kind) && request.namespace !== '',
});

const isEmpty = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;

function matchesObject(selector: LabelSelector | undefined, { object, old }: AdmissionRequest): boolean {
  if (selector === undefined || isEmpty(selector)) return true;
  const matches = labelSelectorMatcher(selector);
  return [object, old].some((one) => one !== undefined && 'metadata' in one && matches(one.metadata.labels));
}

/** An object of the stored version as `kind` shows it; may reject when a conversion fails. */
export async function objectIn(kind: Kind, object: KubeObject | undefined): Promise<KubeObject | undefined> {
  if (object === undefined || kind.storedAs === undefined) return object;
  return (await kind.storedAs.fromStored([object]))[0];
}

/** What a request shows of its object and of the old one, in the version `kind`; may reject when a conversion fails. */
export const objectsIn = (
  kind: Kind,
  { objectKind, object, old }: AdmissionRequest,
): Promise<readonly [object: KubeObject | undefined, old: KubeObject | undefined]> =>
  objectKind === undefined
    ? Promise.all([objectIn(kind, object), objectIn(kind, old)])
    : Promise.resolve([object, old] as const);

/** What the object of a request is where `kind` is the version that it is shown in; undefined when nobody may change it. */
export function changeableKind({ objectKind }: AdmissionRequest, kind: Kind): Kind | undefined {
  if (objectKind === undefined) return kind;
  return 'schema' in objectKind ? objectKind : undefined;
}
