import { join } from 'node:path';
import type { Pod } from '#api/kinds/core/pod.ts';

/** `name_namespace(uid)`, as kubelet's messages name a pod. */
export const podTitle = ({ metadata }: Pod): string => `${metadata.name}_${metadata.namespace}(${metadata.uid})`;

/** Where the logs of a pod's containers lie: `logs/pods/<namespace>_<name>_<uid>` below the data directory. */
export const podLogDirectory = (dataDir: string, { metadata }: Pick<Pod, 'metadata'>): string =>
  join(dataDir, 'logs', 'pods', `${metadata.namespace}_${metadata.name}_${metadata.uid}`);

/** A container's log, relative to the pod's log directory. */
export const containerLogPath = (name: string, attempt: number): string => `${name}/${attempt}.log`;

/** The file that a container finds at its terminationMessagePath. */
export const terminationFile = (podDirectory: string, name: string, attempt: number): string =>
  join(podDirectory, 'containers', name, String(attempt));

/** Where the sub-paths that a container mounts are pinned. */
export const subPathDirectory = (podDirectory: string, container: string): string =>
  join(podDirectory, 'volume-subpaths', container);

/** The /etc/hosts of a pod's containers. */
export const hostsFilePath = (podDirectory: string): string => join(podDirectory, 'etc-hosts');
