import { readdir, readFile } from 'node:fs/promises';
import { availableParallelism, release, totalmem } from 'node:os';
import type { NodeSystemInfo } from '#api/kinds/core/node.ts';
import { GIT_VERSION } from '#base/version.ts';

const text = async (path: string): Promise<string> => (await readFile(path, 'utf8').catch(() => '')).trim();

/** The architecture in Go's words. */
export const architecture = (): string => (process.arch === 'x64' ? 'amd64' : process.arch);

/** nodeInfo: read from files, since asking systeminformation for the same takes 50 ms to 2 s. `runtime` e.g. `containerd://1.6.20`. */
export async function systemInfo(runtime: string): Promise<NodeSystemInfo> {
  const [machineID, productUuid, bootID, osRelease] = await Promise.all([
    text('/etc/machine-id'),
    text('/sys/class/dmi/id/product_uuid'),
    text('/proc/sys/kernel/random/boot_id'),
    text('/etc/os-release'),
  ]);
  return {
    architecture: architecture(),
    bootID,
    containerRuntimeVersion: runtime,
    kernelVersion: release(),
    kubeProxyVersion: GIT_VERSION,
    kubeletVersion: GIT_VERSION,
    machineID: machineID.replaceAll('-', ''),
    operatingSystem: 'linux',
    osImage: /^PRETTY_NAME="?(.*?)"?$/m.exec(osRelease)?.[1] ?? 'Linux',
    systemUUID: productUuid === '' ? machineID : productUuid,
  };
}

/** What the machine has and what pods may use of it. `diskBytes` of the file system with the data directory. */
export async function resources(
  diskBytes: number,
): Promise<{ readonly capacity: Record<string, string>; readonly allocatable: Record<string, string> }> {
  const shared = {
    cpu: String(availableParallelism()),
    ...(await hugepages()),
    memory: `${Math.floor(totalmem() / 1024)}Ki`,
    pods: '110',
  };
  return {
    capacity: { ...shared, 'ephemeral-storage': `${Math.floor(diskBytes / 1024)}Ki` },
    // kubelet keeps a tenth of the disk for the system (eviction threshold), and prints what is left in bytes.
    allocatable: { ...shared, 'ephemeral-storage': String(Math.floor(diskBytes * 0.9)) },
  };
}

async function hugepages(): Promise<Record<string, string>> {
  const directory = '/sys/kernel/mm/hugepages';
  const found: Record<string, string> = {};
  for (const name of (await readdir(directory).catch(() => [])).sort((a, b) => (a < b ? -1 : 1))) {
    const kib = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1] ?? 0);
    if (kib === 0) continue;
    const size = kib >= 1024 * 1024 ? `${kib / 1024 / 1024}Gi` : kib >= 1024 ? `${kib / 1024}Mi` : `${kib}Ki`;
    const pages = Number(await text(`${directory}/${name}/nr_hugepages`));
    found[`hugepages-${size}`] = pages === 0 ? '0' : `${(pages * kib) / 1024}Mi`;
  }
  return found;
}
