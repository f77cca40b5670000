import type { Pod } from '#api/kinds/core/pod.ts';
import type { PodContext } from '../pod-context.ts';
import type { PodRecord } from '../pod-record.ts';
import type { PodProbes } from '../probes/pod-probes.ts';

/** The pod is no longer wanted: what was waited for does not matter any more. */
export class NoLongerWanted extends Error {}

/** What the parts of one pod's worker share. The worker alone replaces `pod`. */
export interface PodState {
  readonly context: PodContext;
  /** The pod as last desired. */
  pod: Pod;
  /** What runs of it. */
  readonly record: PodRecord;
  readonly probes: PodProbes;
  /** Termination messages by container id. */
  readonly messages: Map<string, string>;
  /** Aborted with NoLongerWanted when the pod is to end, and when the agent stops. */
  readonly unwanted: AbortSignal;
}

/** Waits for `work`, or rejects with the signal's reason when that comes first; `work` then goes on unheeded. */
export async function unless<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const give = (): void => reject(signal.reason);
  signal.addEventListener('abort', give, { once: true });
  if (signal.aborted) give();
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', give);
  }
}
