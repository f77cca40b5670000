import {
  type Check,
  type CheckedPod,
  type Violation,
  containers,
  containersOf,
  namesOf,
  plural,
  quoted,
  setters,
  sortedSet,
} from './check.ts';

const DEFAULT_CAPABILITIES = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

const APPARMOR_ANNOTATION = 'container.apparmor.security.beta.kubernetes.io/';
const SECCOMP_POD_ANNOTATION = 'seccomp.security.alpha.kubernetes.io/pod';
const SECCOMP_CONTAINER_ANNOTATION = 'container.seccomp.security.alpha.kubernetes.io/';

/** Profiles of AppArmor and seccomp that confine. */
export const isConfined = (type: string): boolean => type === 'RuntimeDefault' || type === 'Localhost';

function appArmorProfile(pod: CheckedPod): Violation | undefined {
  const isBad = (type: string | undefined): boolean => type !== undefined && !isConfined(type);
  const own = pod.spec.securityContext?.appArmorProfile?.type;
  const names = namesOf(pod, (one) => isBad(one.securityContext?.appArmorProfile?.type));
  const types = containersOf(pod).map((one) => one.securityContext?.appArmorProfile?.type);
  const values = sortedSet([own, ...types].filter((type) => type !== undefined && isBad(type)).map(String));
  const annotations = Object.entries(pod.metadata.annotations ?? {})
    .filter(([key, value]) => key.startsWith(APPARMOR_ANNOTATION) && !isAllowedAppArmor(value))
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .sort();
  const who = [setters(isBad(own), names), annotations.length > 0 ? plural(annotations.length, 'annotation') : '']
    .filter((one) => one !== '')
    .join(' and ');
  if (who === '') return undefined;
  const all = [...values, ...annotations];
  return {
    reason: plural(all.length, 'forbidden AppArmor profile'),
    detail: `${who} must not set AppArmor profile type to ${quoted(all)}`,
  };
}

const isAllowedAppArmor = (profile: string): boolean =>
  profile === '' || profile === 'runtime/default' || profile.startsWith('localhost/');

function capabilities(pod: CheckedPod): Violation | undefined {
  const added = (one: ReturnType<typeof containersOf>[number]): string[] =>
    (one.securityContext?.capabilities?.add ?? []).filter((name) => !DEFAULT_CAPABILITIES.has(name));
  const names = namesOf(pod, (one) => added(one).length > 0);
  if (names.length === 0) return undefined;
  const what = quoted(sortedSet(containersOf(pod).flatMap(added)));
  return {
    reason: 'non-default capabilities',
    detail: `${containers(names)} must not include ${what} in securityContext.capabilities.add`,
  };
}

function hostNamespaces({ spec }: CheckedPod): Violation | undefined {
  const shared = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((name) => spec[name] === true);
  if (shared.length === 0) return undefined;
  return { reason: 'host namespaces', detail: shared.map((name) => `${name}=true`).join(', ') };
}

function hostPathVolumes({ spec }: CheckedPod): Violation | undefined {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  if (names.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural(names.length, 'volume')} ${quoted(names)}` };
}

function hostPorts(pod: CheckedPod): Violation | undefined {
  const used = (one: ReturnType<typeof containersOf>[number]): string[] =>
    (one.ports ?? []).map(({ hostPort = 0 }) => hostPort).flatMap((port) => (port === 0 ? [] : [`${port}`]));
  const names = namesOf(pod, (one) => used(one).length > 0);
  if (names.length === 0) return undefined;
  const ports = sortedSet(containersOf(pod).flatMap(used));
  const verb = plural(names.length, 'uses', 'use');
  return {
    reason: 'hostPort',
    detail: `${containers(names)} ${verb} ${plural(ports.length, 'hostPort')} ${ports.join(', ')}`,
  };
}

function privileged(pod: CheckedPod): Violation | undefined {
  const names = namesOf(pod, (one) => one.securityContext?.privileged === true);
  if (names.length === 0) return undefined;
  return { reason: 'privileged', detail: `${containers(names)} must not set securityContext.privileged=true` };
}

function procMount(pod: CheckedPod): Violation | undefined {
  const names = namesOf(pod, (one) => (one.securityContext?.procMount ?? 'Default') !== 'Default');
  if (names.length === 0) return undefined;
  const types = containersOf(pod).map((one) => one.securityContext?.procMount ?? 'Default');
  const what = quoted(sortedSet(types.filter((type) => type !== 'Default')));
  return { reason: 'procMount', detail: `${containers(names)} must not set securityContext.procMount to ${what}` };
}

const SELINUX_TYPES = ['', 'container_t', 'container_init_t', 'container_kvm_t'];

const seLinuxOptions =
  (types: readonly string[]) =>
  (pod: CheckedPod): Violation | undefined => {
    const all = [pod.spec.securityContext, ...containersOf(pod).map((one) => one.securityContext)].map(
      (one) => one?.seLinuxOptions ?? {},
    );
    const isBad = ({ type = '', user = '', role = '' }: (typeof all)[number]): boolean =>
      !types.includes(type) || user !== '' || role !== '';
    const who = setters(
      isBad(pod.spec.securityContext?.seLinuxOptions ?? {}),
      namesOf(pod, (one) => isBad(one.securityContext?.seLinuxOptions ?? {})),
    );
    if (who === '') return undefined;
    const bad = sortedSet(all.map(({ type = '' }) => type).filter((type) => !types.includes(type)));
    const what = [
      ...(bad.length > 0 ? [`${plural(bad.length, 'type')} ${quoted(bad)}`] : []),
      ...(all.some(({ user = '' }) => user !== '') ? ['user may not be set'] : []),
      ...(all.some(({ role = '' }) => role !== '') ? ['role may not be set'] : []),
    ];
    return {
      reason: 'seLinuxOptions',
      detail: `${who} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`,
    };
  };

/** Before 1.19 seccomp was asked for by annotations. */
function seccompAnnotations(pod: CheckedPod): Violation | undefined {
  const keys = [SECCOMP_POD_ANNOTATION, ...containersOf(pod).map(({ name }) => SECCOMP_CONTAINER_ANNOTATION + name)];
  const bad = keys.flatMap((key) => {
    const value = pod.metadata.annotations?.[key];
    const isBad =
      value !== undefined &&
      value !== 'runtime/default' &&
      value !== 'docker/default' &&
      !value.startsWith('localhost/');
    return isBad ? [`${key}=${JSON.stringify(value)}`] : [];
  });
  if (bad.length === 0) return undefined;
  const list = sortedSet(bad);
  return { reason: 'seccompProfile', detail: `forbidden ${plural(list.length, 'annotation')} ${list.join(', ')}` };
}

/** Nobody may set a profile that does not confine. */
export function seccompProfile(pod: CheckedPod): Violation | undefined {
  const isBad = (type: string | undefined): boolean => type !== undefined && !isConfined(type);
  const own = pod.spec.securityContext?.seccompProfile?.type;
  const types = containersOf(pod).map((one) => one.securityContext?.seccompProfile?.type);
  const who = setters(
    isBad(own),
    namesOf(pod, (one) => isBad(one.securityContext?.seccompProfile?.type)),
  );
  if (who === '') return undefined;
  const values = sortedSet([own, ...types].filter((type) => type !== undefined && isBad(type)).map(String));
  return {
    reason: 'seccompProfile',
    detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(values)}`,
  };
}

const SYSCTLS_1_0 = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_unprivileged_port_start',
];
const SYSCTLS_1_27 = [...SYSCTLS_1_0, 'net.ipv4.ip_local_reserved_ports'];
const SYSCTLS_1_29 = [
  ...SYSCTLS_1_27,
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
];
const SYSCTLS_1_32 = [...SYSCTLS_1_29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];

const sysctls =
  (allowed: readonly string[]) =>
  ({ spec }: CheckedPod): Violation | undefined => {
    const names = (spec.securityContext?.sysctls ?? []).map(({ name }) => name).filter((one) => !allowed.includes(one));
    return names.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: names.join(', ') };
  };

function windowsHostProcess(pod: CheckedPod): Violation | undefined {
  const who = setters(
    pod.spec.securityContext?.windowsOptions?.hostProcess === true,
    namesOf(pod, (one) => one.securityContext?.windowsOptions?.hostProcess === true),
  );
  if (who === '') return undefined;
  return { reason: 'hostProcess', detail: `${who} must not set securityContext.windowsOptions.hostProcess=true` };
}

/** What every pod must keep to that is not privileged, in upstream's order. */
export const BASELINE: readonly Check[] = [
  { id: 'appArmorProfile', level: 'baseline', versions: [[0, appArmorProfile]] },
  { id: 'capabilities_baseline', level: 'baseline', versions: [[0, capabilities]] },
  { id: 'hostNamespaces', level: 'baseline', versions: [[0, hostNamespaces]] },
  { id: 'hostPathVolumes', level: 'baseline', versions: [[0, hostPathVolumes]] },
  { id: 'hostPorts', level: 'baseline', versions: [[0, hostPorts]] },
  { id: 'privileged', level: 'baseline', versions: [[0, privileged]] },
  { id: 'procMount', level: 'baseline', versions: [[0, procMount]] },
  {
    id: 'seLinuxOptions',
    level: 'baseline',
    versions: [
      [0, seLinuxOptions(SELINUX_TYPES)],
      [31, seLinuxOptions([...SELINUX_TYPES, 'container_engine_t'])],
    ],
  },
  {
    id: 'seccompProfile_baseline',
    level: 'baseline',
    versions: [
      [0, seccompAnnotations],
      [19, seccompProfile],
    ],
  },
  {
    id: 'sysctls',
    level: 'baseline',
    versions: [
      [0, sysctls(SYSCTLS_1_0)],
      [27, sysctls(SYSCTLS_1_27)],
      [29, sysctls(SYSCTLS_1_29)],
      [32, sysctls(SYSCTLS_1_32)],
    ],
  },
  { id: 'windowsHostProcess', level: 'baseline', versions: [[0, windowsHostProcess]] },
];
