import { join } from 'node:path';
import type { Pod } from '#api/kinds/core/pod.ts';
import { podLogDirectory } from './pod-paths.ts';
import type { PodWorker } from './worker/pod-worker.ts';

/** Where a stream finds a container. Without `containerId` it does not run; `error` says why, in upstream's words. */
export interface ContainerLookup {
  /** Of the container that runs now. */
  readonly containerId?: string;
  /** The log of the newest container, running or not. */
  readonly logPath?: string;
  /** The log of the one before it. */
  readonly previousLogPath?: string;
  readonly podIP?: string;
  /** Of the sandbox that is ready. */
  readonly sandboxId?: string;
  /** Why there is no running container. */
  readonly error?: string;
  /** Why there is no log. */
  readonly logError?: string;
  /** Why there is no log of the one before. */
  readonly previousLogError?: string;
}

/** Looks a container of a pod up. `container` `''` = the pod's first. */
export function lookupContainer(
  dataDir: string,
  worker: PodWorker | undefined,
  key: string,
  container: string,
): ContainerLookup {
  if (worker === undefined) {
    const [namespace = '', name = ''] = key.split('/');
    return { error: `pod does not exist`, logError: `pod '${name}' in namespace '${namespace}' not found` };
  }
  const { pod, record } = worker;
  const name = container === '' ? (pod.spec?.containers[0]?.name ?? '') : container;
  const { readySandbox } = record;
  const address = {
    ...(record.ips[0] === undefined ? {} : { podIP: record.ips[0] }),
    ...(readySandbox === undefined ? {} : { sandboxId: readySandbox.id }),
  };
  const [latest, previous] = record.history(name);
  const path = (attempt: number): string => join(podLogDirectory(dataDir, pod), name, `${attempt}.log`);
  const previousError = `previous terminated container "${name}" in pod "${pod.metadata.name}" not found`;
  if (latest === undefined) {
    const waiting = worker.waitingOf(name)?.reason ?? initialReason(pod);
    const waits = `container "${name}" in pod "${pod.metadata.name}" is waiting to start: ${waiting}`;
    return { ...address, error: `container not found ("${name}")`, logError: waits, previousLogError: previousError };
  }
  return {
    ...address,
    logPath: path(latest.attempt),
    ...(latest.state === 'running' ? { containerId: latest.id } : { error: `container not found ("${name}")` }),
    ...(previous === undefined ? { previousLogError: previousError } : { previousLogPath: path(previous.attempt) }),
  };
}

const initialReason = (pod: Pod): string =>
  (pod.spec?.initContainers ?? []).length > 0 ? 'PodInitializing' : 'ContainerCreating';
