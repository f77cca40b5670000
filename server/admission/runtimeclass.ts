import type { KubeObject } from '#api/kind.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { forbiddenError } from '#api/meta/status.ts';
import { type ResourceList, sameResourceLists } from '#api/meta/resource-list.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import { createdPod } from './pod-request.ts';

type PodSpec = NonNullable<Pod['spec']>;
type Tolerations = NonNullable<PodSpec['tolerations']>;

/** What a RuntimeClass adds to the pods that name it. */
interface RuntimeClass extends KubeObject {
  readonly overhead?: { readonly podFixed?: ResourceList };
  readonly scheduling?: {
    readonly nodeSelector?: Readonly<Record<string, string>>;
    readonly tolerations?: Tolerations;
  };
}

/** A pod names a RuntimeClass that is there, goes where that class runs, and its overhead is that of the class and of nobody else. */
export class RuntimeClassAdmission implements AdmissionPlugin {
  readonly name = 'RuntimeClass';
  readonly #store: Pick<ObjectStore, 'get'>;

  constructor(store: Pick<ObjectStore, 'get'>) {
    this.#store = store;
  }

  mutate(request: AdmissionRequest): void {
    const spec = createdPod(request)?.spec;
    const found = this.#class(request, spec);
    if (spec === undefined || found === undefined) return;
    if (found.overhead !== undefined) {
      if (Object.keys(spec.overhead ?? {}).length > 0) this.#checkOverhead(request, spec, found);
      spec.overhead = { ...found.overhead.podFixed };
    }
    if (found.scheduling !== undefined) schedule(request, spec, found.scheduling);
  }

  validate(request: AdmissionRequest): void {
    const spec = createdPod(request)?.spec;
    if (spec !== undefined) this.#checkOverhead(request, spec, this.#class(request, spec));
  }

  #class(request: AdmissionRequest, spec: PodSpec | undefined): RuntimeClass | undefined {
    const name = spec?.runtimeClassName ?? '';
    if (name === '') return undefined;
    const found = this.#store.get('runtimeclasses.node.k8s.io', '', name)?.object;
    if (found === undefined) throw refuse(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
    return found as RuntimeClass;
  }

  #checkOverhead(request: AdmissionRequest, { overhead = {} }: PodSpec, found: RuntimeClass | undefined): void {
    if (found?.overhead === undefined) {
      if (Object.keys(overhead).length > 0)
        throw refuse(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead');
    } else if (!sameResourceLists(found.overhead.podFixed ?? {}, overhead)) {
      throw refuse(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
    }
  }
}

const refuse = ({ kind, name }: AdmissionRequest, why: string): Error => forbiddenError(kind, name, why);

/** Nodes and tolerations of the class go beside those of the pod. */
function schedule(
  request: AdmissionRequest,
  spec: PodSpec,
  { nodeSelector = {}, tolerations = [] }: NonNullable<RuntimeClass['scheduling']>,
): void {
  for (const [key, value] of Object.entries(nodeSelector)) {
    const own = spec.nodeSelector?.[key];
    if (own !== undefined && own !== value)
      throw refuse(
        request,
        `conflict: runtimeClass.scheduling.nodeSelector[${key}] = ${value}; pod.spec.nodeSelector[${key}] = ${own}`,
      );
    spec.nodeSelector = { ...spec.nodeSelector, [key]: value };
  }
  const added = tolerations.filter((one) => !(spec.tolerations ?? []).some((own) => Bun.deepEquals(own, one)));
  if (added.length > 0) spec.tolerations = [...(spec.tolerations ?? []), ...structuredClone(added)];
}
