import { type FieldError, invalid, notSupported, requiredValue } from '#api/meta/field-error.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';
import type { PodSecurityContext, SeccompProfile, SecurityContext } from '#api/podspec/security-context.ts';
import { validateDescendingPath } from '#api/podspec/validate-path.ts';

const MAX_ID = 2_147_483_647;
const SYSCTL_SEGMENT = '[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?';
const SYSCTL = new RegExp(`^(?:${SYSCTL_SEGMENT}\\.)*${SYSCTL_SEGMENT}$|^(?:${SYSCTL_SEGMENT}[./])*${SYSCTL_SEGMENT}$`);

/** A user or group id. */
const validateId = (id: number | undefined, path: string): FieldError[] =>
  id !== undefined && (id < 0 || id > MAX_ID) ? [invalid(path, id, `must be between 0 and ${MAX_ID}, inclusive`)] : [];

/** The faults of a container's security context. */
export function validateSecurityContext(context: SecurityContext | undefined, path: string): FieldError[] {
  if (context === undefined) return [];
  const errors = [
    ...validateId(context.runAsUser, `${path}.runAsUser`),
    ...validateId(context.runAsGroup, `${path}.runAsGroup`),
    ...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`),
  ];
  if (context.allowPrivilegeEscalation === false) {
    if (context.privileged === true)
      errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'));
    if ((context.capabilities?.add ?? []).includes('CAP_SYS_ADMIN'))
      errors.push(
        invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'),
      );
  }
  return errors;
}

/** The faults of a pod's security context, and of the host's namespaces beside it. */
export function validatePodSecurityContext(
  context: PodSecurityContext | undefined,
  spec: PodSpec,
  path: string,
): FieldError[] {
  if (context === undefined) return [];
  const errors = [
    ...validateId(context.fsGroup, `${path}.fsGroup`),
    ...validateId(context.runAsUser, `${path}.runAsUser`),
    ...validateId(context.runAsGroup, `${path}.runAsGroup`),
    ...(context.supplementalGroups ?? []).flatMap((id, index) =>
      validateId(id, `${path}.supplementalGroups[${index}]`),
    ),
  ];
  if (spec.shareProcessNamespace === true && spec.hostPID === true)
    errors.push(
      invalid(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
    );
  errors.push(...validateSysctls(context, `${path}.sysctls`));
  const policy = context.fsGroupChangePolicy;
  if (policy !== undefined && policy !== 'OnRootMismatch' && policy !== 'Always')
    errors.push(notSupported(`${path}.fsGroupChangePolicy`, policy, ['OnRootMismatch', 'Always']));
  errors.push(...validateSeccomp(context.seccompProfile, `${path}.seccompProfile`));
  return errors;
}

function validateSysctls({ sysctls = [] }: PodSecurityContext, path: string): FieldError[] {
  const names = new Set<string>();
  return sysctls.flatMap(({ name }, index) => {
    const here = `${path}[${index}].name`;
    if (!name) return [requiredValue(here)];
    if (names.has(name))
      return [{ type: 'FieldValueDuplicate', field: here, detail: `Duplicate value: ${JSON.stringify(name)}` }];
    names.add(name);
    return name.length > 253 || !SYSCTL.test(name)
      ? [
          invalid(
            here,
            name,
            `must have at most 253 characters and match regex ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`,
          ),
        ]
      : [];
  });
}

function validateSeccomp(profile: SeccompProfile | undefined, path: string): FieldError[] {
  if (profile === undefined) return [];
  const { type, localhostProfile } = profile;
  const errors: FieldError[] = [];
  if (!type) errors.push(requiredValue(`${path}.type`, 'type is required when seccompProfile is set'));
  else if (!['Localhost', 'RuntimeDefault', 'Unconfined'].includes(type))
    errors.push(notSupported(`${path}.type`, type, ['Localhost', 'RuntimeDefault', 'Unconfined']));
  if (type === 'Localhost') {
    if (localhostProfile === undefined)
      errors.push(requiredValue(`${path}.localhostProfile`, 'must be set when seccomp type is Localhost'));
    else errors.push(...validateDescendingPath(localhostProfile, `${path}.localhostProfile`));
  } else if (localhostProfile !== undefined)
    errors.push(
      invalid(`${path}.localhostProfile`, localhostProfile, 'can only be set when seccomp type is Localhost'),
    );
  return errors;
}
