import { writePayload } from './atomic-writer.ts';
import { downwardFiles } from './payload.ts';
import type { VolumeType } from './volume-type.ts';

/** Fields of the pod itself as files, in memory. */
export const downwardApiVolume: VolumeType = {
  source: 'downwardAPI',
  setUp: async (context) => {
    const { items = [], defaultMode = 0o644 } = context.volume.downwardAPI ?? {};
    await writePayload(
      context.memoryDirectory,
      downwardFiles(context, items, defaultMode),
      context.pod.spec?.securityContext?.fsGroup,
    );
    return { path: context.memoryDirectory, readOnly: true, owned: true };
  },
};
