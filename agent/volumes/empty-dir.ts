import { chmod, chown, mkdir } from 'node:fs/promises';
import { quantityValue } from '#api/meta/quantity.ts';
import { canMount, isMountPoint, mountTmpfs } from './mounts.ts';
import type { VolumeType } from './volume-type.ts';

/** A directory that lives as long as the pod; with medium `Memory` a tmpfs of its own, no larger than `sizeLimit`. */
export const emptyDirVolume: VolumeType = {
  source: 'emptyDir',
  setUp: async ({ volume, pod, directory }) => {
    await mkdir(directory, { recursive: true });
    const { medium = '', sizeLimit } = volume.emptyDir ?? {};
    if (medium === 'Memory' && canMount() && !(await isMountPoint(directory))) {
      const size = quantityValue(sizeLimit);
      await mountTmpfs(directory, 0o777, size > 0 ? size : undefined);
    }
    const fsGroup = pod.spec?.securityContext?.fsGroup;
    // The group first: chown clears the set-group-id bit.
    if (fsGroup !== undefined) await chown(directory, 0, fsGroup);
    await chmod(directory, fsGroup === undefined ? 0o777 : 0o2777);
    return { path: directory, readOnly: false, owned: true };
  },
};
