import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { SandboxConfig } from '../../runtime/runtime.ts';
import { parseResolvConf, podDns } from './dns.ts';
import { hostsFile } from './hosts-file.ts';
import type { PodContext } from '../pod-context.ts';
import { hostsFilePath, podLogDirectory } from '../pod-paths.ts';
import type { PodRecord } from '../pod-record.ts';
import { sandboxConfig } from './sandbox-config.ts';

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

/** The sandbox that a pod asks for on this node; also needed for each of its containers. */
export async function sandboxConfigOf(context: PodContext, pod: Pod, attempt: number): Promise<SandboxConfig> {
  const host = parseResolvConf(await textOf('/etc/resolv.conf'));
  const dns = podDns(pod, { clusterDNS: context.clusterDNS(), clusterDomain: context.clusterDomain(), host });
  const logDirectory = podLogDirectory(context.dataDir, pod);
  return sandboxConfig(pod, { attempt, nodeHostname: context.nodeHostname, logDirectory, dns });
}

/** Makes the pod's next sandbox and enters it, with its addresses, into the record. */
export async function createSandbox(context: PodContext, pod: Pod, record: PodRecord): Promise<void> {
  const { runtime, clock } = context;
  const attempt = (record.sandbox?.metadata.attempt ?? -1) + 1;
  const config = await sandboxConfigOf(context, pod, attempt);
  await mkdir(config.logDirectory, { recursive: true });
  const id = await context.slots.run(false, () => runtime.runSandbox(config));
  const { metadata, labels, annotations } = config;
  record.sandboxes.set(id, { id, metadata, labels, annotations, state: 'ready', createdAt: clock.now() });
  record.ips = config.hostNetwork ? context.hostIPs() : await runtime.sandboxIPs(id);
}

/** Writes the pod's /etc/hosts, in place: containers have the file itself mounted. */
export async function writeHosts(context: PodContext, pod: Pod, record: PodRecord): Promise<string> {
  const path = hostsFilePath(context.volumes.podDirectory(pod.metadata.uid ?? ''));
  const nodeHosts = pod.spec?.hostNetwork === true ? await textOf('/etc/hosts') : '';
  const content = hostsFile(pod, record.ips, context.clusterDomain(), nodeHosts);
  if ((await textOf(path)) === content) return path;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content, { mode: 0o644 });
  return path;
}
