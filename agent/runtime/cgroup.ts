import { existsSync, readdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = '/sys/fs/cgroup';

/** The version of cgroups here (1 also for the hybrid), and who should make them. */
export interface CgroupSystem {
  readonly version: 1 | 2;
  readonly driver: 'systemd' | 'cgroupfs';
}

/** systemd makes cgroups where it runs and owns a unified tree; everywhere else runc writes them itself. */
export function detectCgroups(root: string = ROOT, systemd = '/run/systemd/system'): CgroupSystem {
  const version = existsSync(join(root, 'cgroup.controllers')) ? 2 : 1;
  return { version, driver: version === 2 && existsSync(systemd) ? 'systemd' : 'cgroupfs' };
}

/**
 * A cgroup path in the words of the driver: `/skep/besteffort/pod1-2` stays so for cgroupfs; for systemd it is the slice
 * `skep-besteffort-pod1_2.slice`, whose dashes are levels (kubelet: cgroup_manager_linux.go CgroupName.ToSystemd).
 */
export function cgroupParent(path: string, driver: CgroupSystem['driver']): string {
  if (driver === 'cgroupfs' || path === '') return path;
  const parts = path.split('/').filter((part) => part !== '');
  return `${parts.map((part) => part.replaceAll('-', '_')).join('-')}.slice`;
}

/** The directory of a cgroup below a hierarchy's root: for a slice `a-b.slice` it is `a.slice/a-b.slice`. */
function directoryOf(parent: string): string {
  if (!parent.endsWith('.slice')) return parent;
  const parts = parent.slice(0, -'.slice'.length).split('-');
  return parts.map((_, index) => `${parts.slice(0, index + 1).join('-')}.slice`).join('/');
}

/** Removes a cgroup and those below it from every hierarchy, as far as they are empty. */
export function removeCgroup(parent: string, system: CgroupSystem = detectCgroups(), root: string = ROOT): void {
  const path = directoryOf(parent);
  if (path.replaceAll('/', '') === '') return;
  const hierarchies = system.version === 2 ? [root] : readdirSync(root).map((name) => join(root, name));
  for (const hierarchy of hierarchies) removeTree(join(hierarchy, path));
}

function removeTree(directory: string): void {
  if (!existsSync(directory)) return;
  for (const entry of readdirSync(directory, { withFileTypes: true }))
    if (entry.isDirectory()) removeTree(join(directory, entry.name));
  try {
    rmdirSync(directory);
  } catch {
    // A process is still in it: not ours to end here.
  }
}
