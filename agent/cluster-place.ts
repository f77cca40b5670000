import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WelcomeFrame } from '#api/wire/frames.ts';

/** What an agent was told of the cluster and of its own place in it. */
export type ClusterPlace = Pick<
  WelcomeFrame,
  'podCIDR' | 'clusterCIDR' | 'serviceCIDR' | 'clusterDNS' | 'clusterDomain'
>;

const pathIn = (dataDir: string): string => join(dataDir, 'cluster.json');

/** The place that an earlier run was told; undefined on a node that never met its hub. Lets pods run through a reboot with no hub in reach. */
export async function readClusterPlace(dataDir: string): Promise<ClusterPlace | undefined> {
  try {
    return JSON.parse(await readFile(pathIn(dataDir), 'utf8')) as ClusterPlace;
  } catch {
    return undefined; // not there, or torn: the hub will say it again
  }
}

/** Keeps the place for the next start. */
export async function writeClusterPlace(dataDir: string, place: ClusterPlace): Promise<void> {
  await writeFile(`${pathIn(dataDir)}.new`, JSON.stringify(place));
  await rename(`${pathIn(dataDir)}.new`, pathIn(dataDir));
}

/** Is it the same place. */
export const samePlace = (a: ClusterPlace, b: ClusterPlace): boolean =>
  a.podCIDR === b.podCIDR &&
  a.clusterCIDR === b.clusterCIDR &&
  a.serviceCIDR === b.serviceCIDR &&
  a.clusterDNS === b.clusterDNS &&
  a.clusterDomain === b.clusterDomain;
