import { configMapVolume } from './config-map.ts';
import { downwardApiVolume } from './downward-api.ts';
import { emptyDirVolume } from './empty-dir.ts';
import { hostPathVolume } from './host-path.ts';
import { projectedVolume } from './projected.ts';
import { secretVolume } from './secret.ts';
import type { VolumeType } from './volume-type.ts';

/** Every type of volume that a node can set up. */
export const VOLUME_TYPES: readonly VolumeType[] = [
  configMapVolume,
  downwardApiVolume,
  emptyDirVolume,
  hostPathVolume,
  projectedVolume,
  secretVolume,
];
