import { createHash } from 'node:crypto';
import { existsSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupSystem } from './cgroup.ts';

/** The image that holds a pod's namespaces. The agent makes it itself, so that no registry is needed. */
export const PAUSE_IMAGE = 'localhost/skep-pause:1';

/** Where the agent's own containerd keeps things. */
export interface ContainerdPaths {
  /** Images, snapshots and metadata: survives a reboot. */
  readonly root: string;
  readonly config: string;
  readonly log: string;
  /** Below /run: memory, short (a socket's path may have 107 bytes), gone after a reboot as running containers are. */
  readonly runDirectory: string;
  readonly state: string;
  readonly socket: string;
  readonly pidFile: string;
  /** A directory per running task; see ExitWatch. */
  readonly taskDirectory: string;
}

/** The paths that belong to one agent's data directory, so that several agents on a machine never meet. */
export function containerdPaths(dataDirectory: string): ContainerdPaths {
  const root = join(dataDirectory, 'containerd');
  const mark = createHash('sha256').update(dataDirectory).digest('hex').slice(0, 12);
  const runDirectory = `/run/skep/${mark}`;
  const state = join(runDirectory, 'state');
  return {
    root,
    config: join(root, 'config.toml'),
    log: join(root, 'containerd.log'),
    runDirectory,
    state,
    socket: join(runDirectory, 'containerd.sock'),
    pidFile: join(runDirectory, 'containerd.pid'),
    taskDirectory: join(state, 'io.containerd.runtime.v2.task', 'k8s.io'),
  };
}

/** What varies in the configuration. */
export interface ContainerdConfigOptions {
  readonly paths: ContainerdPaths;
  /** As `[major, minor]`. */
  readonly version: readonly [number, number];
  readonly cniConfigDirectory: string;
  /** In order of preference; containerd before 2.1 takes only one. */
  readonly cniPluginDirectories: readonly string[];
  readonly cgroupDriver: CgroupSystem['driver'];
  readonly snapshotter: 'overlayfs' | 'native';
  /** A directory of `<registry>/hosts.toml`, containerd's own form for mirrors and credentials. */
  readonly registryDirectory: string;
}

/** Parts of containerd that a node of ours never uses; some would leave directories behind or complain at every start. */
const DISABLED_PLUGINS = [
  'io.containerd.internal.v1.opt',
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.internal.v1.tracing',
];

/** containerd's config.toml: version 2 for 1.x, version 3 for 2.x (which moved CRI's keys to plugins of their own). */
export function containerdConfig(options: ContainerdConfigOptions): string {
  const { paths, version } = options;
  const head = [
    `version = ${version[0] >= 2 ? 3 : 2}`,
    `root = ${quote(join(paths.root, 'root'))}`,
    `state = ${quote(paths.state)}`,
    `disabled_plugins = [${DISABLED_PLUGINS.map(quote).join(', ')}]`,
    'required_plugins = ["io.containerd.grpc.v1.cri"]',
    '[debug]',
    '  level = "warn"',
    '[grpc]',
    `  address = ${quote(paths.socket)}`,
  ];
  return `${[...head, ...(version[0] >= 2 ? criVersion3(options) : criVersion2(options))].join('\n')}\n`;
}

function criVersion2(options: ContainerdConfigOptions): string[] {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  return [
    `[${cri}]`,
    `  sandbox_image = ${quote(PAUSE_IMAGE)}`,
    // runc may not lower oom_score_adj without CAP_SYS_RESOURCE, and then no container starts.
    '  restrict_oom_score_adj = true',
    '  enable_unprivileged_ports = true',
    '  enable_unprivileged_icmp = true',
    `[${cri}.containerd]`,
    `  snapshotter = ${quote(options.snapshotter)}`,
    '  default_runtime_name = "runc"',
    ...runc(`${cri}.containerd`, options),
    `[${cri}.cni]`,
    `  bin_dir = ${quote(onePluginDirectory(options.cniPluginDirectories))}`,
    `  conf_dir = ${quote(options.cniConfigDirectory)}`,
    `[${cri}.registry]`,
    `  config_path = ${quote(options.registryDirectory)}`,
  ];
}

function criVersion3(options: ContainerdConfigOptions): string[] {
  const images = 'plugins."io.containerd.cri.v1.images"';
  const runtime = 'plugins."io.containerd.cri.v1.runtime"';
  const manyDirectories = options.version[0] > 2 || options.version[1] >= 1;
  return [
    `[${images}]`,
    `  snapshotter = ${quote(options.snapshotter)}`,
    `[${images}.pinned_images]`,
    `  sandbox = ${quote(PAUSE_IMAGE)}`,
    `[${images}.registry]`,
    `  config_path = ${quote(options.registryDirectory)}`,
    `[${runtime}]`,
    '  restrict_oom_score_adj = true',
    '  enable_unprivileged_ports = true',
    '  enable_unprivileged_icmp = true',
    `[${runtime}.containerd]`,
    '  default_runtime_name = "runc"',
    ...runc(`${runtime}.containerd`, options),
    `[${runtime}.cni]`,
    manyDirectories
      ? `  bin_dirs = [${options.cniPluginDirectories.map(quote).join(', ')}]`
      : `  bin_dir = ${quote(onePluginDirectory(options.cniPluginDirectories))}`,
    `  conf_dir = ${quote(options.cniConfigDirectory)}`,
  ];
}

const runc = (parent: string, options: ContainerdConfigOptions): string[] => [
  `[${parent}.runtimes.runc]`,
  '  runtime_type = "io.containerd.runc.v2"',
  `[${parent}.runtimes.runc.options]`,
  `  SystemdCgroup = ${options.cgroupDriver === 'systemd'}`,
];

const onePluginDirectory = (directories: readonly string[]): string =>
  directories.find((directory) => existsSync(join(directory, 'bridge'))) ?? directories[0] ?? '/opt/cni/bin';

/** A TOML basic string: JSON's escapes are TOML's. */
const quote = (text: string): string => JSON.stringify(text);

/** `containerd --version` as `[1, 6]`. Throws when there is no version in it. */
export function parseContainerdVersion(output: string): readonly [number, number] {
  const found = /\bv?(\d+)\.(\d+)\.\d+/.exec(output);
  if (found === null) throw new Error(`Cannot read the version of containerd: got ${JSON.stringify(output.trim())}`);
  return [Number(found[1]), Number(found[2])];
}

const OVERLAYFS_MAGIC = 0x794c7630;

/** overlayfs cannot lie on overlayfs (a data directory inside a container): then layers are copied. */
export const snapshotterFor = (directory: string): 'overlayfs' | 'native' =>
  statfsSync(directory).type === OVERLAYFS_MAGIC ? 'native' : 'overlayfs';
