import type { Namespace } from '#api/kinds/core/namespace.ts';
import type { Node } from '#api/kinds/core/node.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { isPodTerminal } from '#server/reconcile/pod-state.ts';
import { type Resources, addResources, podRequests, podRequestsForScore, resourcesOf } from './pod-requests.ts';

/** A pod, with what plugins ask of it worked out once. */
export interface PodInfo {
  readonly pod: Pod;
  readonly requests: Resources;
  readonly scoreRequests: Resources;
  /** Host ports as `protocol/ip/port`. */
  readonly hostPorts: readonly HostPort[];
  readonly hasAffinity: boolean;
}

/** A port of the host that a pod takes. */
export interface HostPort {
  readonly protocol: string;
  readonly ip: string;
  readonly port: number;
}

/** A node with the pods on it, and the sums of what they take. */
export interface NodeInfo {
  readonly name: string;
  readonly node: Node;
  readonly allocatable: Resources;
  readonly pods: ReadonlyMap<string, PodInfo>;
  readonly requested: Resources;
  readonly scoreRequested: Resources;
}

/** What plugins see: the cluster at this moment. It must not be kept beyond one decision. */
export interface Snapshot {
  readonly nodes: readonly NodeInfo[];
  namespaceLabels(namespace: string): Readonly<Record<string, string>> | undefined;
}

interface Entry {
  name: string;
  node: Node | undefined;
  allocatable: Resources;
  readonly pods: Map<string, PodInfo>;
  readonly requested: Resources;
  readonly scoreRequested: Resources;
}

/** Works out what plugins ask of a pod. */
export function podInfoOf(pod: Pod): PodInfo {
  const { affinity, containers = [], initContainers = [] } = pod.spec ?? {};
  const sidecars = initContainers.filter((container) => container.restartPolicy === 'Always');
  return {
    pod,
    requests: podRequests(pod),
    scoreRequests: podRequestsForScore(pod),
    hostPorts: [...containers, ...sidecars].flatMap((container) =>
      (container.ports ?? []).flatMap(({ hostPort = 0, hostIP = '', protocol = 'TCP' }) =>
        hostPort === 0 ? [] : [{ protocol, ip: hostIP === '' ? '0.0.0.0' : hostIP, port: hostPort }],
      ),
    ),
    hasAffinity: affinity?.podAffinity !== undefined || affinity?.podAntiAffinity !== undefined,
  };
}

/**
 * The cluster as the scheduler sees it: nodes, and on each the pods that are bound to it or will be. A pod is *assumed* from the decision
 * until its binding is seen or has failed, so that the next decision counts it. Pods that have ended take nothing.
 */
export class ClusterState implements Snapshot {
  readonly #nodes = new Map<string, Entry>();
  readonly #placed = new Map<string, string>();
  readonly #namespaces = new Map<string, Namespace>();
  #list: readonly NodeInfo[] | undefined;

  get nodes(): readonly NodeInfo[] {
    this.#list ??= [...this.#nodes.values()].filter(
      (entry): entry is Entry & { node: Node } => entry.node !== undefined,
    );
    return this.#list;
  }

  namespaceLabels(namespace: string): Readonly<Record<string, string>> | undefined {
    return this.#namespaces.get(namespace)?.metadata.labels;
  }

  /** Takes in a namespace; undefined = it is gone. */
  setNamespace(name: string, namespace: Namespace | undefined): void {
    if (namespace === undefined) this.#namespaces.delete(name);
    else this.#namespaces.set(name, namespace);
  }

  /** Takes in a node; undefined = it is gone, though pods may still be bound to it. */
  setNode(name: string, node: Node | undefined): void {
    const entry = this.#entry(name);
    entry.node = node;
    entry.allocatable = resourcesOf(node?.status?.allocatable);
    this.#list = undefined;
    this.#drop(name, entry);
  }

  /** Takes in a pod: it counts on the node that it is bound to, until it has ended. */
  setPod(pod: Pod): void {
    const nodeName = pod.spec?.nodeName ?? '';
    // An unbound pod may be assumed: only its binding or a failure of that changes where it counts.
    if (nodeName === '') return;
    this.forget(pod);
    if (!isPodTerminal(pod)) this.#place(pod, nodeName);
  }

  /** Counts a pod on a node before it is bound. */
  assume(pod: Pod, nodeName: string): void {
    this.forget(pod);
    this.#place(pod, nodeName);
  }

  /** Counts a pod nowhere. */
  forget(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    const nodeName = this.#placed.get(uid);
    if (nodeName === undefined) return;
    this.#placed.delete(uid);
    const entry = this.#entry(nodeName);
    const info = entry.pods.get(uid);
    if (info === undefined) return;
    entry.pods.delete(uid);
    addResources(entry.requested, info.requests, -1);
    addResources(entry.scoreRequested, info.scoreRequests, -1);
    this.#drop(nodeName, entry);
  }

  #place(pod: Pod, nodeName: string): void {
    const info = podInfoOf(pod);
    const entry = this.#entry(nodeName);
    entry.pods.set(pod.metadata.uid ?? '', info);
    addResources(entry.requested, info.requests);
    addResources(entry.scoreRequested, info.scoreRequests);
    this.#placed.set(pod.metadata.uid ?? '', nodeName);
  }

  #entry(name: string): Entry {
    const known = this.#nodes.get(name);
    if (known !== undefined) return known;
    const entry: Entry = {
      name,
      node: undefined,
      allocatable: new Map(),
      pods: new Map(),
      requested: new Map(),
      scoreRequested: new Map(),
    };
    this.#nodes.set(name, entry);
    return entry;
  }

  #drop(name: string, entry: Entry): void {
    if (entry.node === undefined && entry.pods.size === 0) this.#nodes.delete(name);
  }
}
