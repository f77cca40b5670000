/** A port of a pod's own network, its loopback included, that can be reached at 127.0.0.1 of this host for as long as it is needed. */
export interface PodForward {
  readonly localPort: number;
  /** Why a connection to it ended at once: the runtime's words, when it has said some within a moment. */
  failure(): Promise<string | undefined>;
  close(): void;
}
