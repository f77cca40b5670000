import { resourceOf } from '#api/kind.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';

/** What holds storage that is in use, until the volume protection controllers see that it no longer is. */
const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumes: 'kubernetes.io/pv-protection',
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
};

/** Puts the finalizers on new volumes and claims that keep them while pods use them. */
export const storageObjectInUseProtection: AdmissionPlugin = {
  name: 'StorageObjectInUseProtection',
  mutate({ kind, operation, subresource, object }: AdmissionRequest): void {
    const finalizer = FINALIZERS[resourceOf(kind)];
    if (finalizer === undefined || operation !== 'CREATE' || subresource !== '' || object === undefined) return;
    const { finalizers = [] } = object.metadata;
    if (!finalizers.includes(finalizer)) object.metadata.finalizers = [...finalizers, finalizer];
  },
};
