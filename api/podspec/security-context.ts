import { type Static, boolean, field, int64, list, object, pointer, required, string } from '#api/schema/builders.ts';

/** `core.v1.AppArmorProfile`. */
export const AppArmorProfile = object('core.v1.AppArmorProfile', {
  localhostProfile: field(2, pointer(string())),
  type: required(1, string()),
});
/** The JSON form of `core.v1.AppArmorProfile`. */
export type AppArmorProfile = Static<typeof AppArmorProfile>;

/** `core.v1.Capabilities`. */
export const Capabilities = object('core.v1.Capabilities', {
  add: field(1, list(string())),
  drop: field(2, list(string())),
});
/** The JSON form of `core.v1.Capabilities`. */
export type Capabilities = Static<typeof Capabilities>;

/** `core.v1.SELinuxOptions`. */
export const SELinuxOptions = object('core.v1.SELinuxOptions', {
  user: field(1, string()),
  role: field(2, string()),
  type: field(3, string()),
  level: field(4, string()),
});
/** The JSON form of `core.v1.SELinuxOptions`. */
export type SELinuxOptions = Static<typeof SELinuxOptions>;

/** `core.v1.SeccompProfile`. */
export const SeccompProfile = object('core.v1.SeccompProfile', {
  type: required(1, string()),
  localhostProfile: field(2, pointer(string())),
});
/** The JSON form of `core.v1.SeccompProfile`. */
export type SeccompProfile = Static<typeof SeccompProfile>;

/** `core.v1.WindowsSecurityContextOptions`. */
export const WindowsSecurityContextOptions = object('core.v1.WindowsSecurityContextOptions', {
  gmsaCredentialSpecName: field(1, pointer(string())),
  gmsaCredentialSpec: field(2, pointer(string())),
  runAsUserName: field(3, pointer(string())),
  hostProcess: field(4, pointer(boolean())),
});
/** The JSON form of `core.v1.WindowsSecurityContextOptions`. */
export type WindowsSecurityContextOptions = Static<typeof WindowsSecurityContextOptions>;

/** `core.v1.SecurityContext`. */
export const SecurityContext = object('core.v1.SecurityContext', {
  capabilities: field(1, Capabilities),
  privileged: field(2, pointer(boolean())),
  seLinuxOptions: field(3, SELinuxOptions),
  runAsUser: field(4, pointer(int64())),
  runAsNonRoot: field(5, pointer(boolean())),
  readOnlyRootFilesystem: field(6, pointer(boolean())),
  allowPrivilegeEscalation: field(7, pointer(boolean())),
  runAsGroup: field(8, pointer(int64())),
  procMount: field(9, pointer(string())),
  windowsOptions: field(10, WindowsSecurityContextOptions),
  seccompProfile: field(11, SeccompProfile),
  appArmorProfile: field(12, AppArmorProfile),
});
/** The JSON form of `core.v1.SecurityContext`. */
export type SecurityContext = Static<typeof SecurityContext>;

/** `core.v1.Sysctl`. */
export const Sysctl = object('core.v1.Sysctl', {
  name: required(1, string()),
  value: required(2, string()),
});
/** The JSON form of `core.v1.Sysctl`. */
export type Sysctl = Static<typeof Sysctl>;

/** `core.v1.PodSecurityContext`. */
export const PodSecurityContext = object('core.v1.PodSecurityContext', {
  seLinuxOptions: field(1, SELinuxOptions),
  runAsUser: field(2, pointer(int64())),
  runAsNonRoot: field(3, pointer(boolean())),
  supplementalGroups: field(4, list(int64())),
  fsGroup: field(5, pointer(int64())),
  runAsGroup: field(6, pointer(int64())),
  sysctls: field(7, list(Sysctl)),
  windowsOptions: field(8, WindowsSecurityContextOptions),
  fsGroupChangePolicy: field(9, pointer(string())),
  seccompProfile: field(10, SeccompProfile),
  appArmorProfile: field(11, AppArmorProfile),
  seLinuxChangePolicy: field(13, pointer(string())),
  supplementalGroupsPolicy: field(12, pointer(string())),
});
/** The JSON form of `core.v1.PodSecurityContext`. */
export type PodSecurityContext = Static<typeof PodSecurityContext>;
