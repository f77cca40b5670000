import type { VolumeProjection } from '#api/podspec/volume.ts';
import { type PayloadFile, writePayload } from './atomic-writer.ts';
import { configMapFiles, downwardFiles, secretFiles } from './payload.ts';
import { type VolumeContext, VolumeFailure, type VolumeType } from './volume-type.ts';

interface Projection {
  readonly files: ReadonlyMap<string, PayloadFile>;
  readonly refreshAt?: number;
}

/** Several sources in one directory, in memory; with a service account token it is made again before the token runs out. */
export const projectedVolume: VolumeType = {
  source: 'projected',
  setUp: async (context) => {
    const { sources = [], defaultMode = 0o644 } = context.volume.projected ?? {};
    const files = new Map<string, PayloadFile>();
    const failures: VolumeFailure[] = [];
    let refreshAt: number | undefined;
    for (const source of sources) {
      try {
        const projection = await project(context, source, defaultMode);
        for (const [path, file] of projection.files) files.set(path, file);
        if (projection.refreshAt !== undefined) refreshAt = Math.min(refreshAt ?? Infinity, projection.refreshAt);
      } catch (error) {
        if (!(error instanceof VolumeFailure)) throw error;
        failures.push(error);
      }
    }
    if (failures.length > 0) throw joined(failures);
    await writePayload(context.memoryDirectory, files, context.pod.spec?.securityContext?.fsGroup);
    const mounted = { path: context.memoryDirectory, readOnly: true, owned: true };
    return refreshAt === undefined ? mounted : { ...mounted, refreshAt };
  },
};

async function project(context: VolumeContext, source: VolumeProjection, defaultMode: number): Promise<Projection> {
  const { configMap, secret, downwardAPI, serviceAccountToken } = source;
  if (configMap !== undefined) {
    const { name = '', items, optional = false } = configMap;
    return { files: configMapFiles(context, { name, items, optional, defaultMode }) };
  }
  if (secret !== undefined) {
    const { name = '', items, optional = false } = secret;
    return { files: secretFiles(context, { name, items, optional, defaultMode }) };
  }
  if (downwardAPI !== undefined) return { files: downwardFiles(context, downwardAPI.items ?? [], defaultMode) };
  if (serviceAccountToken !== undefined) {
    const { audience = '', expirationSeconds = 3600, path } = serviceAccountToken;
    const { token, refreshAt } = await context.tokens.token(context.pod, audience, expirationSeconds);
    const data = new TextEncoder().encode(token);
    return {
      files: new Map([
        [path, { data, mode: context.pod.spec?.securityContext?.fsGroup === undefined ? defaultMode : 0o600 }],
      ]),
      refreshAt,
    };
  }
  return { files: new Map() };
}

function joined(failures: readonly VolumeFailure[]): VolumeFailure {
  const [first] = failures;
  if (first !== undefined && failures.length === 1) return first;
  const missing = failures.every((failure) => failure.missing);
  return new VolumeFailure(`[${failures.map((failure) => failure.message).join(', ')}]`, { missing });
}
