import { writePayload } from './atomic-writer.ts';
import { configMapFiles } from './payload.ts';
import type { VolumeType } from './volume-type.ts';

/** The keys of a ConfigMap as files; in memory, since they are made again from the desired state after a reboot. */
export const configMapVolume: VolumeType = {
  source: 'configMap',
  setUp: async (context) => {
    const { name = '', items, optional = false, defaultMode = 0o644 } = context.volume.configMap ?? {};
    const files = configMapFiles(context, { name, items, optional, defaultMode });
    await writePayload(context.memoryDirectory, files, context.pod.spec?.securityContext?.fsGroup);
    return { path: context.memoryDirectory, readOnly: true, owned: true };
  },
};
