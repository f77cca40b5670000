import { join } from 'node:path';
import type { Container, VolumeMount } from '#api/podspec/container.ts';
import type { RuntimeMount } from '../../runtime/runtime.ts';
import { pinSubPath } from '../../volumes/sub-path.ts';
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
  /** The directory where sub-paths of this container's volumes are pinned. */
  readonly subPaths: string;
}

/**
 * What is mounted into a container: its volumeMounts, /etc/hosts (unless it mounts its own) and the termination log.
 * @throws ContainerFailure CreateContainerConfigError when a sub-path leads out of its volume.
 */
export async function containerMounts(
  container: Pick<Container, 'name' | 'volumeMounts' | 'terminationMessagePath'>,
  volumes: ReadonlyMap<string, MountedVolume>,
  variables: readonly Variable[],
  files: ManagedFiles,
): Promise<RuntimeMount[]> {
  const mounts: RuntimeMount[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const volume = volumes.get(mount.name);
    if (volume === undefined) continue;
    mounts.push({
      hostPath: await mountSource(container.name, mount, volume.path, variables, join(files.subPaths, String(index))),
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

async function mountSource(
  container: string,
  mount: VolumeMount,
  volumePath: string,
  variables: readonly Variable[],
  pin: string,
): Promise<string> {
  const subPath = subPathOf(mount, variables);
  if (subPath === '') return volumePath;
  try {
    return await pinSubPath({ volumePath, subPath, pin });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const text = `failed to prepare subPath for volumeMount "${mount.name}" of container "${container}": ${why}`;
    throw new ContainerFailure('CreateContainerConfigError', text, { cause: error });
  }
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
