import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import type { Container, VolumeMount } from '#api/podspec/container.ts';
import type { RuntimeMount } from '../../runtime/runtime.ts';
import type { MountedVolume } from '../../volumes/volume-type.ts';
import { ContainerFailure } from './container-failure.ts';
import type { Variable } from './environment.ts';
import { expand } from './expansion.ts';

const PROPAGATION: Readonly<Record<string, RuntimeMount['propagation']>> = {
  HostToContainer: 'HOST_TO_CONTAINER',
  Bidirectional: 'BIDIRECTIONAL',
};

/** Files that every container gets, as host paths. */
export interface ManagedFiles {
  readonly hosts: string;
  readonly terminationLog: string;
}

/**
 * What is mounted into a container: its volumeMounts, /etc/hosts (unless it mounts its own) and the termination log.
 * @throws ContainerFailure CreateContainerConfigError when a sub-path leads out of its volume.
 */
export async function containerMounts(
  container: Pick<Container, 'volumeMounts' | 'terminationMessagePath'>,
  volumes: ReadonlyMap<string, MountedVolume>,
  variables: readonly Variable[],
  files: ManagedFiles,
): Promise<RuntimeMount[]> {
  const mounts: RuntimeMount[] = [];
  for (const mount of container.volumeMounts ?? []) {
    const volume = volumes.get(mount.name);
    if (volume === undefined) continue;
    mounts.push({
      hostPath: await mountSource(mount, volume, variables),
      containerPath: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      readOnly: volume.readOnly || mount.readOnly === true,
      propagation: PROPAGATION[mount.mountPropagation ?? ''] ?? 'PRIVATE',
    });
  }
  if (!mounts.some((mount) => mount.containerPath === '/etc/hosts'))
    mounts.push({ hostPath: files.hosts, containerPath: '/etc/hosts', readOnly: false, propagation: 'PRIVATE' });
  const { terminationMessagePath = '/dev/termination-log' } = container;
  if (terminationMessagePath !== '')
    mounts.push({
      hostPath: files.terminationLog,
      containerPath: terminationMessagePath,
      readOnly: false,
      propagation: 'PRIVATE',
    });
  return mounts;
}

async function mountSource(mount: VolumeMount, volume: MountedVolume, variables: readonly Variable[]): Promise<string> {
  const subPath = subPathOf(mount, variables);
  if (subPath === '') return volume.path;
  const path = join(volume.path, subPath);
  if (volume.owned && !volume.readOnly) await mkdir(path, { recursive: true, mode: 0o755 }).catch(() => undefined);
  // A container may have put a link there: what it points to must still be inside the volume.
  const [root, target] = await Promise.all([realpath(volume.path), realpath(path).catch(() => path)]);
  if (target === root || target.startsWith(`${root}/`)) return target;
  throw new ContainerFailure(
    'CreateContainerConfigError',
    `failed to prepare subPath for volumeMount "${mount.name}" of container: subpath "${subPath}" not within volume path "${volume.path}"`,
  );
}

function subPathOf(mount: VolumeMount, variables: readonly Variable[]): string {
  const { subPathExpr = '', subPath = '' } = mount;
  if (subPathExpr === '') return subPath;
  const values = new Map(variables.map(({ name, value }) => [name, value]));
  const unknown: string[] = [];
  const expanded = expand(subPathExpr, (name) => {
    if (!values.has(name)) unknown.push(name);
    return values.get(name);
  });
  const escapes = expanded.startsWith('/') || expanded.split('/').includes('..');
  if (unknown.length === 0 && !escapes) return expanded;
  const fault = escapes
    ? `subPath "${expanded}" must be relative and must not contain '..'`
    : `missing value for "${unknown[0]}"`;
  throw new ContainerFailure('CreateContainerConfigError', fault);
}
