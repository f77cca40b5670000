import type { ContainerState, ContainerStateTerminated, ContainerStatus } from '#api/kinds/core/pod-status.ts';
import { formatTime } from '#api/meta/time.ts';
import type { Container } from '#api/podspec/container.ts';
import type { RuntimeContainerStatus } from '../../runtime/runtime.ts';
import { ANNOTATIONS } from '../containers/container-config.ts';

/** Why a container does not run, as the worker knows it. */
export interface WaitingState {
  readonly reason: string;
  readonly message?: string;
}

/** What the status of one container is made from. */
export interface ContainerFacts {
  readonly container: Pick<Container, 'name' | 'image'>;
  /** Newest first. */
  readonly history: readonly RuntimeContainerStatus[];
  /** Termination messages by container id. */
  readonly messages: ReadonlyMap<string, string>;
  /** What stands in the way of its next start; counts only while it does not run. */
  readonly waiting: WaitingState | undefined;
  /** What is said when it has never run and nothing stands in the way. */
  readonly initial: WaitingState;
  /** A container that has ended is to be started again. */
  readonly willRestart: boolean;
  readonly ready: boolean;
  /** Undefined for an init container: it has no `started`. */
  readonly started: boolean | undefined;
}

/** The status of a container as kubelet reports it. */
export function containerStatus(facts: ContainerFacts): ContainerStatus {
  const [latest, previous] = facts.history;
  const { container, started } = facts;
  const base = {
    name: container.name,
    ready: facts.ready,
    restartCount: latest?.attempt ?? 0,
    image: container.image ?? '',
    imageID: '',
    ...(started === undefined ? {} : { started }),
  };
  if (latest === undefined) return { ...base, state: { waiting: facts.waiting ?? facts.initial }, lastState: {} };
  const known = { ...base, image: imageName(container, latest), imageID: latest.imageRef, containerID: idOf(latest) };
  if (latest.state === 'running') {
    const state = { running: { startedAt: formatTime(new Date(latest.startedAt)) } };
    return { ...known, state, lastState: lastState(previous, facts) };
  }
  if (latest.state === 'created')
    return { ...known, state: { waiting: facts.waiting ?? facts.initial }, lastState: lastState(previous, facts) };
  const ended = terminated(latest, facts);
  if (facts.willRestart && facts.waiting !== undefined)
    return { ...known, state: { waiting: facts.waiting }, lastState: { terminated: ended } };
  return { ...known, state: { terminated: ended }, lastState: lastState(previous, facts) };
}

const idOf = (container: RuntimeContainerStatus): string => `containerd://${container.id}`;

const lastState = (previous: RuntimeContainerStatus | undefined, facts: ContainerFacts): ContainerState =>
  previous?.state === 'exited' ? { terminated: terminated(previous, facts) } : {};

function terminated(container: RuntimeContainerStatus, facts: ContainerFacts): ContainerStateTerminated {
  const message = facts.messages.get(container.id) ?? container.message;
  return {
    exitCode: container.exitCode,
    reason: container.reason === '' ? (container.exitCode === 0 ? 'Completed' : 'Error') : container.reason,
    ...(message === '' ? {} : { message }),
    startedAt: formatTime(new Date(container.startedAt)),
    finishedAt: formatTime(new Date(container.finishedAt)),
    containerID: idOf(container),
  };
}

/** The pod's own name of the image rather than the first of its tags: two tags of one image are one image to the runtime. */
function imageName(container: Pick<Container, 'image'>, latest: RuntimeContainerStatus): string {
  const asked = latest.annotations[ANNOTATIONS.image] ?? container.image ?? '';
  if (asked === '') return latest.image;
  const domain = asked.split('/')[0] ?? '';
  return /[.:]|^localhost$/.test(asked.includes('/') ? domain : '') ? asked : latest.image;
}
