import { resourceOf } from '#api/kind.ts';
import type { Node } from '#api/kinds/core/node.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { forbiddenError } from '#api/meta/status.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest, User } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import { isRestrictedLabel } from './noderestriction/labels.ts';

const GROUP = 'system:nodes';
const PREFIX = 'system:node:';
const MIRROR = 'kubernetes.io/config.mirror';

/** Says why a node may not do what it asks for; undefined = it may. */
type Rule = (node: string, request: AdmissionRequest, store: Pick<ObjectStore, 'get'>) => string | undefined;

const RULES: Readonly<Record<string, Rule>> = {
  pods: podRule,
  nodes: nodeRule,
  persistentvolumeclaims: (_, { subresource }) => (subresource === 'status' ? undefined : 'may only update PVC status'),
  'leases.coordination.k8s.io': (node, { namespace, name }) => {
    if (namespace !== 'kube-node-lease') return 'can only access leases in the "kube-node-lease" system namespace';
    return name === node ? undefined : 'can only access node lease with the same name as the requesting node';
  },
  'csinodes.storage.k8s.io': (node, { name }) =>
    name === node ? undefined : 'can only access CSINode with the same name as the requesting node',
};

/** Keeps what runs with a node's name to that node: itself, its pods, its lease (upstream: plugin/pkg/admission/noderestriction). */
export class NodeRestriction implements AdmissionPlugin {
  readonly name = 'NodeRestriction';
  readonly #store: Pick<ObjectStore, 'get'>;

  constructor(store: Pick<ObjectStore, 'get'>) {
    this.#store = store;
  }

  mutate(request: AdmissionRequest): void {
    const node = nodeOf(request.context.user);
    if (node === undefined || request.operation === 'CONNECT') return;
    const why = RULES[resourceOf(request.kind)]?.(node, request, this.#store);
    if (why !== undefined) throw forbiddenError(request.kind, request.name, why);
  }
}

const nodeOf = ({ name, groups }: User): string | undefined =>
  name.startsWith(PREFIX) && groups.includes(GROUP) ? name.slice(PREFIX.length) : undefined;

function podRule(node: string, request: AdmissionRequest, store: Pick<ObjectStore, 'get'>): string | undefined {
  const { operation, subresource, object, old } = request;
  const before = old as Pod | undefined;
  if (subresource === 'status') {
    if (before?.spec?.nodeName !== node)
      return `node "${node}" can only update pod status for pods with spec.nodeName set to itself`;
    return Bun.deepEquals(before.metadata.labels ?? {}, object?.metadata.labels ?? {})
      ? undefined
      : `node "${node}" cannot update labels through pod status`;
  }
  if (subresource === 'eviction' || (subresource === '' && operation === 'DELETE'))
    return (before ?? evicted(request, store))?.spec?.nodeName === node
      ? undefined
      : `node "${node}" can only delete pods with spec.nodeName set to itself`;
  if (subresource !== '')
    return `unexpected pod subresource "${subresource}", only 'status' and 'eviction' are allowed`;
  if (operation === 'CREATE') return mirrorPodRule(node, object as Pod, store);
  return `unexpected operation "${operation}", node "${node}" can only create and delete mirror pods`;
}

/** An Eviction comes without its pod. */
const evicted = ({ namespace, name }: AdmissionRequest, store: Pick<ObjectStore, 'get'>): Pod | undefined =>
  store.get('pods', namespace, name)?.object as Pod | undefined;

function mirrorPodRule(node: string, { metadata, spec }: Pod, store: Pick<ObjectStore, 'get'>): string | undefined {
  if (metadata.annotations?.[MIRROR] === undefined)
    return `pod does not have "${MIRROR}" annotation, node "${node}" can only create mirror pods`;
  if (spec?.nodeName !== node) return `node "${node}" can only create pods with spec.nodeName set to itself`;
  const [owner, ...others] = metadata.ownerReferences ?? [];
  if (others.length > 0) return `node "${node}" can only create pods with a single owner reference set to itself`;
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node)
    return `node "${node}" can only create pods with an owner reference set to itself`;
  if (owner.controller !== true)
    return `node "${node}" can only create pods with a controller owner reference set to itself`;
  if (owner.blockOwnerDeletion === true) return `node "${node}" must not set blockOwnerDeletion on an owner reference`;
  const uid = store.get('nodes', '', node)?.object.metadata.uid ?? '';
  if (owner.uid !== uid) return `node ${node} UID mismatch: expected ${owner.uid} got ${uid}`;
  if ((spec.serviceAccountName ?? '') !== '')
    return `node "${node}" can not create pods that reference a service account`;
  const named = (type: 'secret' | 'configMap'): boolean => namesOf(spec, type);
  if (named('secret') || (spec.imagePullSecrets ?? []).length > 0)
    return `node "${node}" can not create pods that reference secrets`;
  if (named('configMap')) return `node "${node}" can not create pods that reference configmaps`;
  if ((spec.volumes ?? []).some(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined))
    return `node "${node}" can not create pods that reference persistentvolumeclaims`;
  return undefined;
}

/** Does the pod get anything out of Secrets, or ConfigMaps: by volumes or variables. */
function namesOf(spec: NonNullable<Pod['spec']>, type: 'secret' | 'configMap'): boolean {
  const inVolumes = (spec.volumes ?? []).some(
    (volume) => volume[type] !== undefined || (volume.projected?.sources ?? []).some((one) => one[type] !== undefined),
  );
  const inVariables = [...(spec.initContainers ?? []), ...(spec.containers ?? [])].some(
    ({ env = [], envFrom = [] }) =>
      env.some(({ valueFrom }) => valueFrom?.[`${type}KeyRef`] !== undefined) ||
      envFrom.some((one) => one[`${type}Ref`] !== undefined),
  );
  return inVolumes || inVariables;
}

function nodeRule(node: string, { operation, name, object, old }: AdmissionRequest): string | undefined {
  if (name !== node) return `node "${node}" is not allowed to modify node "${name}"`;
  const labels = object?.metadata.labels ?? {};
  const before = old?.metadata.labels ?? {};
  const changed = [...new Set([...Object.keys(labels), ...Object.keys(before)])]
    .filter((key) => labels[key] !== before[key] && isRestrictedLabel(key))
    .sort();
  if (operation === 'CREATE' && changed.length > 0)
    return `node "${node}" is not allowed to set the following labels: ${changed.join(', ')}`;
  if (operation !== 'UPDATE') return undefined;
  if (!Bun.deepEquals((object as Node).spec?.taints ?? [], (old as Node).spec?.taints ?? []))
    return `node "${node}" is not allowed to modify taints`;
  return changed.length > 0 ? `is not allowed to modify labels: ${changed.join(', ')}` : undefined;
}
