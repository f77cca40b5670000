import { persistentVolumeKind } from '#api/kinds/core/persistentvolume.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import type { PolicyRule } from '#api/kinds/rbac/rules.ts';
import type { Client } from '#server/store/client.ts';
import { podReferences } from '#server/nodes/pod-references.ts';
import type { User } from '#server/store/registry.ts';
import type { Attributes, Authorizer, Decision } from './authorizer.ts';
import { CLUSTER_ROLES } from './defaults/cluster-roles.ts';
import { ruleOf } from './defaults/policy-text.ts';
import { ruleAllows } from './rule-match.ts';

const NODES_GROUP = 'system:nodes';
const NODE_PREFIX = 'system:node:';
const LEASE_NAMESPACE = 'kube-node-lease';
const READS = new Set(['get', 'list', 'watch']);
const OWN_OBJECT = new Set(['get', 'create', 'update', 'patch', 'delete']);

const NO: Decision = { allowed: false };
const YES: Decision = { allowed: true };
const no = (reason: string): Decision => ({ allowed: false, reason });

/**
 * What a node may do with its own token, beside the link that agents use (upstream: plugin/pkg/auth/authorizer/node): read its Node, its pods and
 * what these name, keep its Lease, report. That it writes only what is its own is seen to by admission (NodeRestriction).
 * The pods of a namespace are looked through for each question about a Secret or the like: agents get theirs over the link and ask none.
 */
export class NodeAuthorizer implements Authorizer {
  readonly #rules: readonly PolicyRule[];
  #client: Pick<Client, 'get' | 'list'> | undefined;

  constructor() {
    this.#rules = CLUSTER_ROLES.find(({ name }) => name === 'system:node')?.rules.map(ruleOf) ?? [];
  }

  /** Pods are read from `client` from now on. */
  start(client: Pick<Client, 'get' | 'list'>): void {
    this.#client = client;
  }

  authorize({ name: user, groups }: User, asked: Attributes): Decision {
    if (!user.startsWith(NODE_PREFIX) || !groups.includes(NODES_GROUP)) return NO;
    const node = user.slice(NODE_PREFIX.length);
    if (asked.isResourceRequest) {
      const judged = this.#judge(node, asked);
      if (judged !== undefined) return judged;
    }
    return this.#rules.some((rule) => ruleAllows(rule, asked)) ? YES : NO;
  }

  /** Undefined for what all nodes may alike. */
  #judge(node: string, asked: Attributes): Decision | undefined {
    switch (asked.group === '' ? asked.resource : `${asked.resource}.${asked.group}`) {
      case 'secrets':
        return this.#namespacedRead(node, asked, (pod) => podReferences(pod).secrets.has(asked.name));
      case 'configmaps':
        return this.#namespacedRead(node, asked, (pod) => podReferences(pod).configmaps.has(asked.name));
      case 'persistentvolumeclaims':
        return this.#claim(node, asked);
      case 'persistentvolumes':
        return this.#volume(node, asked);
      case 'volumeattachments.storage.k8s.io':
        return no(asked.verb === 'get' ? unrelated(node) : ONE_ONLY);
      case 'serviceaccounts':
        return this.#serviceAccount(node, asked);
      case 'leases.coordination.k8s.io':
        return lease(node, asked);
      case 'csinodes.storage.k8s.io':
        return csiNode(node, asked);
      case 'nodes':
        return ownNode(node, asked);
      case 'pods':
        return this.#pod(node, asked);
      default:
        return undefined;
    }
  }

  #namespacedRead(
    node: string,
    { verb, subresource, namespace, name }: Attributes,
    of: (pod: Pod) => boolean,
  ): Decision {
    if (!READS.has(verb)) return no('can only read resources of this type');
    if (subresource !== '') return no('cannot read subresource');
    if (namespace === '') return no('can only read namespaced object of this type');
    if (name === '') return no('No Object name found');
    return this.#some(node, namespace, of) ? YES : no(unrelated(node));
  }

  #claim(node: string, { verb, subresource, namespace, name }: Attributes): Decision {
    if (subresource === 'status') {
      if (verb !== 'update' && verb !== 'patch') return no('can only get/update/patch this type');
    } else {
      if (verb !== 'get') return no(ONE_ONLY);
      if (subresource !== '') return no('cannot get subresource');
    }
    return this.#mounts(node, namespace, name) ? YES : no(unrelated(node));
  }

  #volume(node: string, { verb, subresource, name }: Attributes): Decision {
    if (verb !== 'get') return no(ONE_ONLY);
    if (subresource !== '') return no('cannot get subresource');
    const claim = this.#client?.get(persistentVolumeKind, '', name)?.spec?.claimRef;
    return claim !== undefined && this.#mounts(node, claim.namespace ?? '', claim.name ?? '')
      ? YES
      : no(unrelated(node));
  }

  /** Has a pod of the node the claim among its volumes. */
  #mounts(node: string, namespace: string, claim: string): boolean {
    return this.#some(node, namespace, (pod) =>
      (pod.spec?.volumes ?? []).some((volume) => volume.persistentVolumeClaim?.claimName === claim),
    );
  }

  #serviceAccount(node: string, asked: Attributes): Decision {
    const { verb, subresource, namespace, name } = asked;
    const runsAs = (pod: Pod): boolean => pod.spec?.serviceAccountName === name;
    if (verb === 'get' && subresource === '') return this.#namespacedRead(node, asked, runsAs);
    if (verb !== 'create' || name === '') return no('can only create tokens for individual service accounts');
    if (subresource !== 'token') return no('can only create token subresource of serviceaccount');
    return this.#some(node, namespace, runsAs) ? YES : no(unrelated(node));
  }

  #pod(node: string, { verb, subresource, namespace, name, fields = [] }: Attributes): Decision {
    if (subresource === 'status') return verb === 'update' || verb === 'patch' ? YES : NO;
    if (subresource === 'eviction') return verb === 'create' ? YES : NO;
    if (subresource !== '') return NO;
    if (verb === 'create' || verb === 'delete') return YES;
    if (!READS.has(verb)) return NO;
    if (verb !== 'get') {
      if (fields.some((term) => term.field === 'spec.nodeName' && term.operator === '=' && term.value === node))
        return YES;
      if (name === '') return no('can only list/watch pods with spec.nodeName field selector');
    }
    const pod = this.#client?.get(podKind, namespace, name);
    return pod?.spec?.nodeName === node ? YES : no(unrelated(node));
  }

  #some(node: string, namespace: string, of: (pod: Pod) => boolean): boolean {
    const pods = this.#client?.list(podKind, namespace) ?? [];
    return pods.some((pod) => pod.spec?.nodeName === node && of(pod));
  }
}

const ONE_ONLY = 'can only get individual resources of this type';
const unrelated = (node: string): string => `no relationship found between node '${node}' and this object`;

function lease(node: string, { verb, namespace, name }: Attributes): Decision {
  if (!OWN_OBJECT.has(verb)) return no('can only get, create, update, patch, or delete a node lease');
  if (namespace !== LEASE_NAMESPACE) return no(`can only access leases in the "${LEASE_NAMESPACE}" system namespace`);
  if (verb !== 'create' && name !== node)
    return no('can only access node lease with the same name as the requesting node');
  return YES;
}

function csiNode(node: string, { verb, subresource, name }: Attributes): Decision {
  if (!OWN_OBJECT.has(verb)) return no('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== '') return no('cannot authorize CSINode subresources');
  if (verb !== 'create' && name !== node)
    return no('can only access CSINode with the same name as the requesting node');
  return YES;
}

function ownNode(node: string, { verb, subresource, name }: Attributes): Decision {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? YES : NO;
  if (subresource !== '') return NO;
  if (verb === 'create' || verb === 'update' || verb === 'patch') return YES;
  if (!READS.has(verb)) return NO;
  if (name === node) return YES;
  if (name === '') return no(`node '${node}' cannot read all nodes, only its own Node object`);
  return no(`node '${node}' cannot read '${name}', only its own Node object`);
}
