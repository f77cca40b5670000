/** Why a container cannot be made, as its waiting state says it. */
export type WaitingReason =
  | 'CreateContainerConfigError'
  | 'CreateContainerError'
  | 'RunContainerError'
  | 'ErrImagePull'
  | 'ImagePullBackOff'
  | 'ErrImageNeverPull'
  | 'ImageInspectError'
  | 'InvalidImageName'
  | 'CrashLoopBackOff'
  | 'PostStartHookError';

/** What more a ContainerFailure may say. */
export interface ContainerFailureOptions extends ErrorOptions {
  /** The text of the `Error: …` event when it is not the message, e.g. `ErrImagePull`. */
  readonly event?: string;
  /** A ConfigMap or Secret is not here: it may still be on its way. */
  readonly missing?: boolean;
}

/** A container cannot be made or started; `reason` and `message` become its waiting state. */
export class ContainerFailure extends Error {
  readonly reason: WaitingReason;
  /** What the event says after `Error: `. */
  readonly event: string;
  readonly missing: boolean;

  constructor(reason: WaitingReason, message: string, options: ContainerFailureOptions = {}) {
    super(message, options);
    this.name = 'ContainerFailure';
    this.reason = reason;
    this.event = options.event ?? message;
    this.missing = options.missing ?? false;
  }
}
