import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BRIDGE } from './names.ts';

const NETWORK = 'skep';
const FILE = '10-skep.conflist';

/** What the configuration of pods' network is made of. */
export interface CniSettings {
  readonly podCIDR: string;
  readonly mtu: number;
  /** Where address reservations are kept. */
  readonly stateDirectory: string;
}

/**
 * The CNI configuration: every pod on the bridge with an address of this node's pod network. Masquerading and host ports are not CNI's
 * here but nftables': the portmap plugin would leave chains in tables that are not Skep's.
 */
export function cniConfiguration({ podCIDR, mtu, stateDirectory }: CniSettings): string {
  const bridge = {
    type: 'bridge',
    bridge: BRIDGE,
    // The bridge's addresses are NodeNetwork's: the plugin refuses a bridge that has one beside the gateway's.
    isGateway: false,
    // A pod that reaches itself through its Service: the packet leaves the port it came in by.
    hairpinMode: true,
    ipMasq: false,
    mtu,
    ipam: {
      type: 'host-local',
      dataDir: stateDirectory,
      ranges: [[{ subnet: podCIDR }]],
      routes: [{ dst: '0.0.0.0/0' }],
    },
  };
  return `${JSON.stringify({ cniVersion: '0.4.0', name: NETWORK, plugins: [bridge] }, undefined, 2)}\n`;
}

/** Writes the configuration into the directory that containerd watches, if it differs; whole or not at all. Returns whether it did. */
export async function writeCniConfiguration(directory: string, configuration: string): Promise<boolean> {
  const path = join(directory, FILE);
  if ((await readFile(path, 'utf8').catch(() => '')) === configuration) return false;
  await mkdir(directory, { recursive: true });
  await writeFile(`${path}.new`, configuration);
  await rename(`${path}.new`, path);
  return true;
}

/**
 * Frees addresses reserved for sandboxes that are no more: after a power cut nobody told the plugin. `live` are the ids of all sandboxes.
 * Call it only while no pod is being started. Returns how many were freed.
 */
export async function releaseAddresses(stateDirectory: string, live: ReadonlySet<string>): Promise<number> {
  const directory = join(stateDirectory, NETWORK);
  let freed = 0;
  for (const name of await readdir(directory).catch(() => [])) {
    if (!/^\d+\.\d+\.\d+\.\d+$/.test(name)) continue;
    const [owner = ''] = (await readFile(join(directory, name), 'utf8')).split(/\s/);
    if (live.has(owner)) continue;
    await rm(join(directory, name), { force: true });
    freed += 1;
  }
  return freed;
}

/** Removes the configuration and the reservations. */
export async function removeCni(directory: string, stateDirectory: string): Promise<void> {
  await rm(join(directory, FILE), { force: true });
  await rm(stateDirectory, { recursive: true, force: true });
}
