import type { KubeObject } from '#api/kind.ts';
import { forbiddenError } from '#api/meta/status.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import { createdPod } from './pod-request.ts';

/** What a RuntimeClass adds to the pods that name it. */
interface RuntimeClass extends KubeObject {
  overhead?: { podFixed?: Record<string, string> };
}

/** A pod names a RuntimeClass that is there, and its overhead is that of the class and of nobody else. */
export class RuntimeClassAdmission implements AdmissionPlugin {
  readonly name = 'RuntimeClass';
  readonly #store: Pick<ObjectStore, 'get'>;

  constructor(store: Pick<ObjectStore, 'get'>) {
    this.#store = store;
  }

  mutate(request: AdmissionRequest): void {
    const spec = createdPod(request)?.spec;
    if (spec === undefined) return;
    const refuse = (why: string): Error => forbiddenError(request.kind, request.name, `pod rejected: ${why}`);
    const name = spec.runtimeClassName ?? '';
    const found = name === '' ? undefined : this.#store.get('runtimeclasses.node.k8s.io', '', name)?.object;
    if (name !== '' && found === undefined) throw refuse(`RuntimeClass ${JSON.stringify(name)} not found`);
    const overhead = (found as RuntimeClass | undefined)?.overhead?.podFixed;
    if (overhead === undefined) {
      if (spec.overhead !== undefined && Object.keys(spec.overhead).length > 0)
        throw refuse('Pod Overhead set without corresponding RuntimeClass defined Overhead');
      return;
    }
    spec.overhead = { ...overhead };
  }
}
