import { type KubeObject, resourceOf } from '#api/kind.ts';
import { compareQuantity } from '#api/meta/quantity.ts';
import { forbiddenError } from '#api/meta/status.ts';
import type { PersistentVolumeClaimSpec } from '#api/podspec/volume.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';

type Claim = KubeObject & {
  readonly spec?: PersistentVolumeClaimSpec;
  readonly status?: { readonly phase?: string };
};
type StorageClass = KubeObject & { readonly allowVolumeExpansion?: boolean };

/** A claim only grows when it is bound and its class lets volumes grow. */
export class PersistentVolumeClaimResize implements AdmissionPlugin {
  readonly name = 'PersistentVolumeClaimResize';
  readonly #store: Pick<ObjectStore, 'get'>;

  constructor(store: Pick<ObjectStore, 'get'>) {
    this.#store = store;
  }

  validate({ kind, operation, subresource, name, object, old }: AdmissionRequest): void {
    if (operation !== 'UPDATE' || subresource !== '' || resourceOf(kind) !== 'persistentvolumeclaims') return;
    const claim = object as Claim;
    const before = old as Claim;
    if (compareQuantity(storageOf(claim), storageOf(before)) <= 0) return;
    if (before.status?.phase !== 'Bound')
      throw forbiddenError(kind, name, 'Only bound persistent volume claims can be expanded');
    const className = classOf(claim);
    const found = this.#store.get('storageclasses.storage.k8s.io', '', className)?.object as StorageClass | undefined;
    if (className === '' || className !== classOf(before) || found?.allowVolumeExpansion !== true)
      throw forbiddenError(
        kind,
        name,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      );
  }
}

const storageOf = ({ spec }: Claim): string => spec?.resources?.requests?.['storage'] ?? '0';
const classOf = ({ metadata, spec }: Claim): string =>
  metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
