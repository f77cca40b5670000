import type { Pod } from '#api/kinds/core/pod.ts';
import type { EventFrame } from '#api/wire/frames.ts';

/** Sends one event up. */
export type SendEvent = (event: EventFrame) => void;

/** What is told about a pod or one of its containers, as kubelet tells it. */
export class PodEvents {
  readonly #send: SendEvent;

  constructor(send: SendEvent) {
    this.#send = send;
  }

  /** Something ordinary happened. */
  normal(pod: Pod, reason: string, message: string, fieldPath?: string): void {
    this.#tell(pod, 'Normal', reason, message, fieldPath);
  }

  /** Something went wrong. */
  warning(pod: Pod, reason: string, message: string, fieldPath?: string): void {
    this.#tell(pod, 'Warning', reason, message, fieldPath);
  }

  #tell(
    pod: Pod,
    eventType: 'Normal' | 'Warning',
    reason: string,
    message: string,
    fieldPath: string | undefined,
  ): void {
    const { name = '', namespace = '', uid = '' } = pod.metadata;
    this.#send({
      type: 'event',
      regarding: {
        kind: 'Pod',
        namespace,
        name,
        uid,
        apiVersion: 'v1',
        ...(fieldPath === undefined ? {} : { fieldPath }),
      },
      eventType,
      reason,
      message,
      component: 'kubelet',
    });
  }
}
