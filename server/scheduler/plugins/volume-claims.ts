import type { FilterPlugin } from '../framework.ts';

/** A pod waits until the claims that it names are there; `exists` says whether they are. */
export const volumeClaims = (exists: (namespace: string, claim: string) => boolean): FilterPlugin => ({
  name: 'VolumeBinding',
  prepare({ pod }) {
    const missing = (pod.spec?.volumes ?? [])
      .map((volume) => volume.persistentVolumeClaim?.claimName)
      .find((claim) => claim !== undefined && !exists(pod.metadata.namespace ?? '', claim));
    return missing === undefined ? undefined : `persistentvolumeclaim ${JSON.stringify(missing)} not found`;
  },
});
