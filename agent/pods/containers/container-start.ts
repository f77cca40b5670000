import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { Container } from '#api/podspec/container.ts';
import type { ContainerConfig, RuntimeContainerStatus, SandboxConfig } from '../../runtime/runtime.ts';
import type { MountedVolume } from '../../volumes/volume-type.ts';
import { containerConfig } from './container-config.ts';
import { ContainerFailure } from './container-failure.ts';
import { containerMounts } from './container-mounts.ts';
import { containerEnvironment } from './environment.ts';
import { fieldPathOf, placeOf, type PodContext } from '../pod-context.ts';
import { subPathDirectory, terminationFile } from '../pod-paths.ts';
import type { PodRecord } from '../pod-record.ts';

/** What a container is started with. */
export interface StartOptions {
  readonly pod: Pod;
  readonly container: Container;
  readonly record: PodRecord;
  readonly sandboxId: string;
  readonly sandbox: SandboxConfig;
  readonly volumes: ReadonlyMap<string, MountedVolume>;
  readonly hostsPath: string;
  /** Waits for what may take minutes, and rejects when the pod is no longer wanted. */
  readonly patiently: <T>(work: Promise<T>) => Promise<T>;
}

/**
 * Brings the image, makes the container and starts it; tells Pulled, Created, Started. The record has the container from its creation on.
 * @throws ContainerFailure
 */
export async function startContainer(context: PodContext, options: StartOptions): Promise<void> {
  const { events, slots } = context;
  const { pod, container, record, sandboxId, sandbox } = options;
  const fieldPath = fieldPathOf(pod, container.name);
  const image = await options.patiently(context.images.ensure(pod, container, fieldPath));
  const environment = containerEnvironment(pod, container, context.state, placeOf(context, record.ips));
  for (const text of environment.warnings) events.warning(pod, 'InvalidEnvironmentVariableNames', text, fieldPath);

  await dropUnstarted(context, record, container.name);
  const attempt = record.nextAttempt(container.name);
  const terminationLog = await makeTerminationFile(context, pod, container.name, attempt);
  const podDirectory = context.volumes.podDirectory(pod.metadata.uid ?? '');
  const files = { hosts: options.hostsPath, terminationLog, subPaths: subPathDirectory(podDirectory, container.name) };
  const { variables } = environment;
  const mounts = await containerMounts(container, options.volumes, variables, files);
  const place = { attempt, image, variables, mounts, nodeMemoryBytes: context.nodeMemoryBytes, ...target(options) };
  const config = containerConfig(pod, container, place);
  const logPath = join(sandbox.logDirectory, config.logPath);
  await mkdir(dirname(logPath), { recursive: true });

  const imageRef = image.digests[0] ?? image.id;
  await slots.run(true, async () => {
    const id = await create(context, options, config);
    record.containers.set(
      id,
      fresh(id, sandboxId, config, {
        logPath,
        image: image.tags[0] ?? image.id,
        imageRef,
        createdAt: context.clock.now(),
      }),
    );
    events.normal(pod, 'Created', `Created container ${container.name}`, fieldPath);
    await start(context, options, id);
    events.normal(pod, 'Started', `Started container ${container.name}`, fieldPath);
  });
}

/** The container that an ephemeral one is to look into. @throws ContainerFailure when there is none. */
function target({ pod, container, record }: StartOptions): { targetContainerId?: string } {
  const asked = (pod.spec?.ephemeralContainers ?? []).find(({ name }) => name === container.name)?.targetContainerName;
  if (asked === undefined || asked === '') return {};
  const found = record.latest(asked);
  if (found !== undefined) return { targetContainerId: found.id };
  throw new ContainerFailure('CreateContainerConfigError', `unable to find target container ${asked}`);
}

/** One that was made but never started, by an agent that died in between, counts for nothing and holds the name of its successor. */
async function dropUnstarted(context: PodContext, record: PodRecord, name: string): Promise<void> {
  const latest = record.latest(name);
  if (latest?.state !== 'created') return;
  await context.runtime.removeContainer(latest.id);
  record.containers.delete(latest.id);
}

async function create(context: PodContext, options: StartOptions, config: ContainerConfig): Promise<string> {
  try {
    return await context.runtime.createContainer(options.sandboxId, config, options.sandbox);
  } catch (error) {
    throw new ContainerFailure('CreateContainerError', textOf(error), { cause: error });
  }
}

async function start(context: PodContext, { record }: StartOptions, id: string): Promise<void> {
  try {
    await context.runtime.startContainer(id);
  } catch (error) {
    const status = await context.runtime.containerStatus(id).catch(() => undefined);
    if (status !== undefined) record.containers.set(id, status);
    throw new ContainerFailure('RunContainerError', textOf(error), { cause: error });
  }
  const made = record.containers.get(id);
  // Not asked of the runtime: that costs 25 ms, and an end that comes meanwhile is told by onChange. It may have been told already.
  if (made?.state === 'created')
    record.containers.set(id, { ...made, state: 'running', startedAt: context.clock.now() });
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function fresh(
  id: string,
  sandboxId: string,
  config: ContainerConfig,
  seen: Pick<RuntimeContainerStatus, 'logPath' | 'image' | 'imageRef' | 'createdAt'>,
): RuntimeContainerStatus {
  const { name, attempt, labels, annotations } = config;
  const never = { startedAt: 0, finishedAt: 0, exitCode: 0, reason: '', message: '', pid: 0 };
  return { id, sandboxId, name, attempt, labels, annotations, state: 'created', ...never, ...seen };
}

async function makeTerminationFile(context: PodContext, pod: Pod, name: string, attempt: number): Promise<string> {
  const path = terminationFile(context.volumes.podDirectory(pod.metadata.uid ?? ''), name, attempt);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '');
  // For whatever user the container runs as; the umask must not count.
  await chmod(path, 0o666);
  return path;
}
