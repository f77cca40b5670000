import type { ConfigMap } from '#api/kinds/core/configmap.ts';
import type { Secret } from '#api/kinds/core/secret.ts';
import type { DownwardAPIVolumeFile, KeyToPath } from '#api/podspec/volume.ts';
import { podField, resourceField } from './field-ref.ts';
import type { PayloadFile } from './atomic-writer.ts';
import { type VolumeContext, VolumeFailure } from './volume-type.ts';

/** What is common to a volume and a projection of a ConfigMap or a Secret. */
export interface KeySource {
  readonly name: string;
  readonly items: readonly KeyToPath[] | undefined;
  readonly optional: boolean;
  readonly defaultMode: number;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The files of a ConfigMap. @throws VolumeFailure when it or a key is missing. */
export function configMapFiles(context: VolumeContext, source: KeySource): Map<string, PayloadFile> {
  const map = context.state.get<ConfigMap>('configmaps', `${context.pod.metadata.namespace}/${source.name}`);
  if (map === undefined) return absent('configmap', source);
  const data = new Map<string, Uint8Array>();
  for (const [key, value] of Object.entries(map.data ?? {})) data.set(key, bytes(value));
  for (const [key, value] of Object.entries(map.binaryData ?? {})) data.set(key, Buffer.from(value, 'base64'));
  return select(data, source, 'configmap references non-existent config key');
}

/** The files of a Secret. @throws VolumeFailure when it or a key is missing. */
export function secretFiles(context: VolumeContext, source: KeySource): Map<string, PayloadFile> {
  const secret = context.state.get<Secret>('secrets', `${context.pod.metadata.namespace}/${source.name}`);
  if (secret === undefined) return absent('secret', source);
  const data = Object.entries(secret.data ?? {}).map(([key, value]) => [key, Buffer.from(value, 'base64')] as const);
  return select(new Map<string, Uint8Array>(data), source, 'references non-existent secret key');
}

/** The files of a downward API volume. @throws VolumeFailure for a field that there is not. */
export function downwardFiles(
  context: VolumeContext,
  items: readonly DownwardAPIVolumeFile[],
  defaultMode: number,
): Map<string, PayloadFile> {
  const files = new Map<string, PayloadFile>();
  for (const item of items) {
    const { fieldRef, resourceFieldRef } = item;
    const value =
      fieldRef === undefined
        ? resourceFieldRef && resourceField(context.pod, resourceFieldRef, undefined, context.place)
        : podField(context.pod, fieldRef.fieldPath, context.place);
    if (value === undefined)
      throw new VolumeFailure(`unsupported fieldPath: ${fieldRef?.fieldPath ?? resourceFieldRef?.resource}`);
    files.set(item.path, { data: bytes(value), mode: item.mode ?? defaultMode });
  }
  return files;
}

function absent(kind: string, source: KeySource): Map<string, PayloadFile> {
  if (source.optional) return new Map();
  throw new VolumeFailure(`${kind} "${source.name}" not found`, { missing: true });
}

function select(data: ReadonlyMap<string, Uint8Array>, source: KeySource, complaint: string): Map<string, PayloadFile> {
  const files = new Map<string, PayloadFile>();
  if (source.items === undefined || source.items.length === 0) {
    for (const [key, value] of data) files.set(key, { data: value, mode: source.defaultMode });
    return files;
  }
  for (const { key, path, mode } of source.items) {
    const value = data.get(key);
    if (value !== undefined) files.set(path, { data: value, mode: mode ?? source.defaultMode });
    else if (!source.optional) throw new VolumeFailure(`${complaint}: ${key}`);
  }
  return files;
}
