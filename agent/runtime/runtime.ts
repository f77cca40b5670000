/**
 * What a node asks of its container runtime, in CRI's own words (k8s.io/cri-api). Two implementations: crictl.ts (containerd through
 * `crictl`) and fake.ts (in memory, for tests and load); runtime.suite.ts holds both to the same behaviour.
 * Every method rejects with RuntimeFailure. Every call has a deadline inside the implementation.
 */
export interface ContainerRuntime {
  version(): Promise<RuntimeVersion>;
  /** Is the network of pods ready (CNI), and the runtime itself. */
  status(): Promise<{ readonly runtimeReady: boolean; readonly networkReady: boolean; readonly message: string }>;

  /** The image that a reference names, or undefined when it is not on this node. */
  imageStatus(image: string): Promise<RuntimeImage | undefined>;
  listImages(): Promise<RuntimeImage[]>;
  /** Pulls and returns the image id. */
  pullImage(image: string, auth?: ImageAuth): Promise<string>;
  removeImage(image: string): Promise<void>;
  /** Loads an OCI or docker-save archive; returns the references it held. */
  importImage(archivePath: string): Promise<string[]>;

  /** Creates and starts a pod's sandbox; returns its id. */
  runSandbox(config: SandboxConfig): Promise<string>;
  stopSandbox(id: string): Promise<void>;
  removeSandbox(id: string): Promise<void>;
  listSandboxes(): Promise<RuntimeSandbox[]>;
  /** The addresses of a running sandbox, IPv4 first; empty for host network. */
  sandboxIPs(id: string): Promise<string[]>;

  /** Creates a container in a sandbox; returns its id. */
  createContainer(sandboxId: string, config: ContainerConfig, sandbox: SandboxConfig): Promise<string>;
  startContainer(id: string): Promise<void>;
  /** Sends the stop signal, and KILL after `graceSeconds`. */
  stopContainer(id: string, graceSeconds: number): Promise<void>;
  removeContainer(id: string): Promise<void>;
  listContainers(): Promise<RuntimeContainer[]>;
  containerStatus(id: string): Promise<RuntimeContainerStatus>;
  /** What every running container has used. */
  containerStats(): Promise<RuntimeContainerStats[]>;
  /** What a running container prints goes from now on to a new file at its log's path; the one there was must have been renamed. */
  reopenLog(id: string): Promise<void>;
  /** Runs a command to its end. Output is cut at 16 KiB. */
  execSync(
    id: string,
    command: readonly string[],
    timeoutMs: number,
  ): Promise<{ readonly exitCode: number; readonly output: string }>;
  /** Runs a command with streams. */
  exec(
    id: string,
    command: readonly string[],
    options: { readonly stdin: boolean; readonly tty: boolean },
  ): Promise<RuntimeProcess>;
  attach(id: string, options: { readonly stdin: boolean; readonly tty: boolean }): Promise<RuntimeProcess>;

  /** Calls `listener` when a container or sandbox may have changed; where the runtime has no events the implementation relists while anything runs. Returns the end of it. */
  onChange(listener: (change: { readonly sandboxId: string; readonly containerId?: string }) => void): () => void;
}

/** A command running in a container, as streams. */
export interface RuntimeProcess {
  readonly stdin: WritableStream<Uint8Array> | undefined;
  readonly stdout: ReadableStream<Uint8Array>;
  /** Empty with a tty. */
  readonly stderr: ReadableStream<Uint8Array>;
  /** Settles with the exit code when the command ends. */
  readonly exitCode: Promise<number>;
  resize(width: number, height: number): void;
  kill(): void;
}

/** Who answers: `{ name: 'containerd', version: '1.6.20' }`. */
export interface RuntimeVersion {
  readonly name: string;
  readonly version: string;
}

/** An image on this node. */
export interface RuntimeImage {
  readonly id: string;
  readonly tags: readonly string[];
  readonly digests: readonly string[];
  readonly sizeBytes: number;
  /** The user the image asks for: a number, a name, or neither. */
  readonly uid?: number;
  readonly username?: string;
}

/** Credentials for one registry. */
export interface ImageAuth {
  readonly username: string;
  readonly password: string;
  readonly serverAddress?: string;
}

/** Which pod a sandbox is for. */
export interface SandboxMetadata {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly attempt: number;
}

/** A sandbox to be made: CRI PodSandboxConfig with the parts that Skep uses. */
export interface SandboxConfig {
  readonly metadata: SandboxMetadata;
  readonly hostname: string;
  readonly logDirectory: string;
  readonly dns?: {
    readonly servers: readonly string[];
    readonly searches: readonly string[];
    readonly options: readonly string[];
  };
  readonly portMappings: readonly {
    readonly protocol: 'TCP' | 'UDP' | 'SCTP';
    readonly containerPort: number;
    readonly hostPort: number;
    readonly hostIP?: string;
  }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly cgroupParent: string;
  readonly hostNetwork: boolean;
  readonly hostPID: boolean;
  readonly hostIPC: boolean;
  readonly shareProcessNamespace: boolean;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly security: SecurityOptions;
}

/** A container to be made: CRI ContainerConfig with the parts that Skep uses. */
export interface ContainerConfig {
  readonly name: string;
  readonly attempt: number;
  /** Image id or reference that is on this node. */
  readonly image: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly workingDir: string;
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly mounts: readonly RuntimeMount[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Relative to the sandbox's logDirectory. */
  readonly logPath: string;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  readonly tty: boolean;
  readonly resources: RuntimeResources;
  readonly security: SecurityOptions;
  /** Id of a running container of the same sandbox whose processes this one sees and lives among. Absent: as the sandbox says. */
  readonly targetContainerId?: string;
}

/** A bind mount. */
export interface RuntimeMount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly readOnly: boolean;
  readonly propagation: 'PRIVATE' | 'HOST_TO_CONTAINER' | 'BIDIRECTIONAL';
}

/** cgroup limits. `cpuShares` relative weight, `cpuQuota`/`cpuPeriod` microseconds, `memoryLimitBytes` 0 = none. */
export interface RuntimeResources {
  readonly cpuShares: number;
  readonly cpuQuota: number;
  readonly cpuPeriod: number;
  readonly memoryLimitBytes: number;
  readonly oomScoreAdj: number;
}

/** The security context of a sandbox or a container, merged. */
export interface SecurityOptions {
  readonly privileged: boolean;
  readonly runAsUser?: number;
  readonly runAsGroup?: number;
  readonly runAsUsername?: string;
  readonly supplementalGroups: readonly number[];
  readonly readOnlyRootFilesystem: boolean;
  readonly noNewPrivileges: boolean;
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly seccomp: 'RuntimeDefault' | 'Unconfined';
}

/** A sandbox as listed. `createdAt` in milliseconds since the epoch. */
export interface RuntimeSandbox {
  readonly id: string;
  readonly metadata: SandboxMetadata;
  readonly state: 'ready' | 'notReady';
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The states of a container. */
export type RuntimeContainerState = 'created' | 'running' | 'exited' | 'unknown';

/** A container as listed. */
export interface RuntimeContainer {
  readonly id: string;
  readonly sandboxId: string;
  readonly name: string;
  readonly attempt: number;
  readonly state: RuntimeContainerState;
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A container, whole. Times in milliseconds since the epoch, 0 = not yet. */
export interface RuntimeContainerStatus extends RuntimeContainer {
  readonly image: string;
  readonly imageRef: string;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly reason: string;
  readonly message: string;
  /** Absolute. */
  readonly logPath: string;
  readonly pid: number;
}

/** What a running container has used. */
export interface RuntimeContainerStats {
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of all processors together, since it was started. */
  readonly cpuCoreNanoSeconds: number;
  /** When that was read, nanoseconds since the epoch. */
  readonly timestampNanos: number;
  readonly memoryWorkingSetBytes: number;
}

/** What went wrong below: `verb` is the call, `code` CRI's gRPC code in words (`NotFound`, `Unknown`, `DeadlineExceeded` …), the message containerd's own. */
export class RuntimeFailure extends Error {
  readonly verb: string;
  readonly code: string;

  constructor(verb: string, code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'RuntimeFailure';
    this.verb = verb;
    this.code = code;
  }
}
