import type { Pod } from '#api/kinds/core/pod.ts';
import type { Container } from '#api/podspec/container.ts';
import type { LifecycleHandler } from '#api/podspec/lifecycle.ts';
import type { RuntimeContainerStatus } from '../../runtime/runtime.ts';
import { probeAddress, runHandler } from '../probes/handler.ts';
import type { PodContext } from '../pod-context.ts';
import { fieldPathOf } from '../pod-context.ts';
import { podTitle } from '../pod-paths.ts';
import type { PodRecord } from '../pod-record.ts';

/** kubelet: minimumGracePeriodInSeconds, what is left to a container after a long preStop hook. */
const LEAST_GRACE_SECONDS = 2;
/** A postStart hook has no deadline upstream; this one only bounds a hang of the runtime. */
const HOOK_DEADLINE_MS = 3_600_000;

/** How a container is stopped. */
export interface KillOptions {
  readonly pod: Pod;
  readonly record: PodRecord;
  readonly container: RuntimeContainerStatus;
  /** The text of the Killing event. */
  readonly message: string;
  readonly graceSeconds: number;
}

/** Tells Killing, runs the preStop hook, sends the stop signal and at the end of the grace period KILL. The record then has the end. */
export async function killContainer(context: PodContext, options: KillOptions): Promise<void> {
  const { pod, record, container, graceSeconds } = options;
  const { runtime, events, clock } = context;
  events.normal(pod, 'Killing', options.message, fieldPathOf(pod, container.name));
  const begin = clock.now();
  const preStop = specOf(pod, container.name)?.lifecycle?.preStop;
  let left = graceSeconds;
  if (preStop !== undefined && graceSeconds > 0) {
    await runHook(context, { ...options, hook: preStop, reason: 'FailedPreStopHook', deadlineMs: graceSeconds * 1000 });
    left = Math.max(LEAST_GRACE_SECONDS, graceSeconds - (clock.now() - begin) / 1000);
  }
  await runtime.stopContainer(container.id, left);
  await see(context, record, container.id);
}

/** Runs the postStart hook of a container that has just been started; false when it failed. */
export async function runPostStart(
  context: PodContext,
  pod: Pod,
  record: PodRecord,
  container: Container,
): Promise<boolean> {
  const hook = container.lifecycle?.postStart;
  const running = record.latest(container.name);
  if (hook === undefined || running?.state !== 'running') return true;
  return await runHook(context, {
    pod,
    record,
    container: running,
    hook,
    reason: 'FailedPostStartHook',
    deadlineMs: HOOK_DEADLINE_MS,
  });
}

interface HookOptions extends Pick<KillOptions, 'pod' | 'record' | 'container'> {
  readonly hook: LifecycleHandler;
  readonly reason: 'FailedPostStartHook' | 'FailedPreStopHook';
  readonly deadlineMs: number;
}

async function runHook(context: PodContext, options: HookOptions): Promise<boolean> {
  const { pod, record, container, hook } = options;
  const spec = specOf(pod, container.name) ?? { name: container.name };
  const podIP = probeAddress(pod, record.ips, context.hostIPs());
  const { runtime, clock } = context;
  const target = { runtime, clock, container: spec, containerId: container.id, podIP };
  let failure: string | undefined;
  try {
    const { healthy, output } = await runHandler(hook, target, options.deadlineMs);
    if (!healthy) failure = output;
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
  }
  if (failure === undefined) return true;
  const what =
    hook.exec === undefined ? 'HTTP lifecycle hook' : `Exec lifecycle hook ([${(hook.exec.command ?? []).join(' ')}])`;
  const text = `${what} for Container "${container.name}" in Pod "${podTitle(pod)}" failed - error: ${failure}`;
  context.events.warning(pod, options.reason, text, fieldPathOf(pod, container.name));
  return false;
}

/** Asks the runtime how a container is now; one that is gone leaves the record. */
export async function see(context: PodContext, record: PodRecord, id: string): Promise<void> {
  try {
    record.containers.set(id, await context.runtime.containerStatus(id));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'NotFound') record.containers.delete(id);
    else throw error;
  }
}

/** A container's spec by its name. */
export const specOf = (pod: Pod, name: string): Container | undefined => {
  const { initContainers = [], containers = [], ephemeralContainers = [] } = pod.spec ?? {};
  return [...initContainers, ...containers, ...ephemeralContainers].find((container) => container.name === name);
};
