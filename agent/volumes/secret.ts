import { writePayload } from './atomic-writer.ts';
import { secretFiles } from './payload.ts';
import type { VolumeType } from './volume-type.ts';

/** The keys of a Secret as files, in memory only. */
export const secretVolume: VolumeType = {
  source: 'secret',
  setUp: async (context) => {
    const { secretName = '', items, optional = false, defaultMode = 0o644 } = context.volume.secret ?? {};
    const files = secretFiles(context, { name: secretName, items, optional, defaultMode });
    await writePayload(context.memoryDirectory, files, context.pod.spec?.securityContext?.fsGroup);
    return { path: context.memoryDirectory, readOnly: true, owned: true };
  },
};
