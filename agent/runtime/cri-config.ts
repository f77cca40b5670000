import type { ContainerConfig, SandboxConfig, SecurityOptions } from './runtime.ts';

/** CRI's PodSandboxConfig in the JSON form that crictl reads (field names of the proto, enums as numbers). */
export function criSandbox(config: SandboxConfig, cgroupParent: string): Record<string, unknown> {
  const { metadata, dns } = config;
  return {
    metadata: { ...metadata },
    hostname: config.hostNetwork ? '' : config.hostname,
    log_directory: config.logDirectory,
    ...(dns === undefined
      ? {}
      : { dns_config: { servers: dns.servers, searches: dns.searches, options: dns.options } }),
    port_mappings: config.portMappings.map((port) => ({
      protocol: { TCP: 0, UDP: 1, SCTP: 2 }[port.protocol],
      container_port: port.containerPort,
      host_port: port.hostPort,
      host_ip: port.hostIP ?? '',
    })),
    labels: config.labels,
    annotations: config.annotations,
    linux: {
      cgroup_parent: cgroupParent,
      sysctls: config.sysctls,
      security_context: {
        namespace_options: namespaces(config),
        ...user(config.security),
        readonly_rootfs: config.security.readOnlyRootFilesystem,
        supplemental_groups: config.security.supplementalGroups,
        privileged: config.security.privileged,
        seccomp: seccomp(config.security),
      },
    },
  };
}

/** CRI's ContainerConfig in the same form. */
export function criContainer(config: ContainerConfig, sandbox: SandboxConfig): Record<string, unknown> {
  const { security, resources } = config;
  return {
    metadata: { name: config.name, attempt: config.attempt },
    image: { image: config.image },
    command: config.command,
    args: config.args,
    working_dir: config.workingDir,
    envs: config.env.map(({ name, value }) => ({ key: name, value })),
    mounts: config.mounts.map((mount) => ({
      container_path: mount.containerPath,
      host_path: mount.hostPath,
      readonly: mount.readOnly,
      propagation: { PRIVATE: 0, HOST_TO_CONTAINER: 1, BIDIRECTIONAL: 2 }[mount.propagation],
    })),
    labels: config.labels,
    annotations: config.annotations,
    log_path: config.logPath,
    stdin: config.stdin,
    stdin_once: config.stdinOnce,
    tty: config.tty,
    linux: {
      resources: {
        cpu_period: resources.cpuPeriod,
        cpu_quota: resources.cpuQuota,
        cpu_shares: resources.cpuShares,
        memory_limit_in_bytes: resources.memoryLimitBytes,
        oom_score_adj: resources.oomScoreAdj,
      },
      security_context: {
        capabilities: {
          add_capabilities: security.addCapabilities,
          drop_capabilities: security.dropCapabilities,
        },
        privileged: security.privileged,
        namespace_options: containerNamespaces(config, sandbox),
        ...user(security),
        ...(security.runAsUsername === undefined ? {} : { run_as_username: security.runAsUsername }),
        readonly_rootfs: security.readOnlyRootFilesystem,
        supplemental_groups: security.supplementalGroups,
        no_new_privs: security.noNewPrivileges,
        masked_paths: security.privileged ? [] : MASKED_PATHS,
        readonly_paths: security.privileged ? [] : READONLY_PATHS,
        seccomp: seccomp(security),
      },
    },
  };
}

/** What a container must not see of the host (kubelet: the Default procMount). */
const MASKED_PATHS = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];
const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** CRI's NamespaceMode: POD 0, CONTAINER 1, NODE 2, TARGET 3. */
function namespaces(sandbox: SandboxConfig): { network: number; pid: number; ipc: number } {
  const pid = sandbox.hostPID ? 2 : sandbox.shareProcessNamespace ? 0 : 1;
  return { network: sandbox.hostNetwork ? 2 : 0, pid, ipc: sandbox.hostIPC ? 2 : 0 };
}

/** A target counts only where processes are not shared by all anyway (kubelet: generateLinuxContainerConfig). */
function containerNamespaces(config: ContainerConfig, sandbox: SandboxConfig): Record<string, unknown> {
  const own = namespaces(sandbox);
  const { targetContainerId } = config;
  return targetContainerId === undefined || own.pid !== 1 ? own : { ...own, pid: 3, target_id: targetContainerId };
}

/** A group without a user is refused by containerd, so it is given with root, which is what it means. */
function user(security: SecurityOptions): Record<string, unknown> {
  const { runAsUser, runAsGroup } = security;
  if (runAsGroup !== undefined && runAsUser === undefined && security.runAsUsername === undefined)
    return { run_as_user: { value: 0 }, run_as_group: { value: runAsGroup } };
  return {
    ...(runAsUser === undefined ? {} : { run_as_user: { value: runAsUser } }),
    ...(runAsGroup === undefined ? {} : { run_as_group: { value: runAsGroup } }),
  };
}

const seccomp = (security: SecurityOptions): Record<string, number> => ({
  profile_type: security.seccomp === 'RuntimeDefault' && !security.privileged ? 0 : 1,
});
