import { type KubeObject, resourceOf } from '#api/kind.ts';
import type { PersistentVolumeClaimSpec } from '#api/podspec/volume.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import { defaultClassOf } from './default-class.ts';

const IS_DEFAULT = ['storageclass.kubernetes.io/is-default-class', 'storageclass.beta.kubernetes.io/is-default-class'];
/** The older way to name a class. */
const CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

type Claim = KubeObject & { spec?: PersistentVolumeClaimSpec };

/** Gives claims that name no storage class the default one, when there is one. `""` is a name: that claim wants no class. */
export class DefaultStorageClass implements AdmissionPlugin {
  readonly name = 'DefaultStorageClass';
  readonly #store: Pick<ObjectStore, 'list'>;

  constructor(store: Pick<ObjectStore, 'list'>) {
    this.#store = store;
  }

  mutate({ kind, operation, subresource, object }: AdmissionRequest): void {
    if (operation !== 'CREATE' || subresource !== '' || resourceOf(kind) !== 'persistentvolumeclaims') return;
    const { metadata, spec } = object as Claim;
    if (spec === undefined || spec.storageClassName !== undefined) return;
    if (metadata.annotations?.[CLASS_ANNOTATION] !== undefined) return;
    const name = defaultClassOf(this.#store, 'storageclasses.storage.k8s.io', IS_DEFAULT)?.metadata.name;
    if (name !== undefined) spec.storageClassName = name;
  }
}
