import {
  type FieldError,
  eachInvalid,
  forbidden,
  invalid,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { isIP } from '#api/meta/ip.ts';
import { dns1123Label, dns1123Subdomain } from '#api/meta/names.ts';
import { validateAnnotations, validateLabels } from '#api/meta/object-meta-validation.ts';
import type { PodSpec, PodTemplateSpec } from '#api/podspec/pod-spec.ts';
import { validateAffinity } from '#api/podspec/validate-affinity.ts';
import { validateContainers, validateInitContainers } from '#api/podspec/validate-container.ts';
import { validateDnsConfig, validateDnsPolicy } from '#api/podspec/validate-dns.ts';
import { validateResourceQuantity } from '#api/podspec/validate-resources.ts';
import { validateGates, validateTolerations, validateTopologySpread } from '#api/podspec/validate-scheduling.ts';
import { validatePodSecurityContext } from '#api/podspec/validate-security-context.ts';
import { validateVolumes } from '#api/podspec/validate-volume.ts';

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'];
const MAX_INT32 = 2_147_483_647;

/** The faults of a pod spec at `path`, in a pod (`isPod`) or in a template; in upstream's order. */
export function validatePodSpec(spec: PodSpec, path: string, isPod: boolean): FieldError[] {
  const { errors, byName } = validateVolumes(spec.volumes, `${path}.volumes`);
  errors.push(...validateContainers(spec, byName, path));
  errors.push(...validateInitContainers(spec, byName, path));
  errors.push(...validateRestartPolicy(spec.restartPolicy ?? '', `${path}.restartPolicy`));
  errors.push(...validateDnsPolicy(spec, path));
  errors.push(...validateLabels(spec.nodeSelector, `${path}.nodeSelector`));
  errors.push(...validateHostPorts(spec, path, isPod));
  errors.push(...validatePodSecurityContext(spec.securityContext, spec, `${path}.securityContext`));
  errors.push(...validateAffinity(spec.affinity, `${path}.affinity`));
  errors.push(...validateDnsConfig(spec, path));
  errors.push(...validateGates(spec, path));
  errors.push(...validateTopologySpread(spec.topologySpreadConstraints, `${path}.topologySpreadConstraints`));
  errors.push(...validateNames(spec, path));
  errors.push(...validateTolerations(spec.tolerations, `${path}.tolerations`));
  errors.push(...validateHostAliases(spec, `${path}.hostAliases`));
  if (spec.preemptionPolicy !== undefined && !['PreemptLowerPriority', 'Never'].includes(spec.preemptionPolicy))
    errors.push(notSupported(`${path}.preemptionPolicy`, spec.preemptionPolicy, ['PreemptLowerPriority', 'Never']));
  for (const [name, value] of Object.entries(spec.overhead ?? {}))
    errors.push(...validateResourceQuantity(name, value, `${path}.overhead.limits[${name}]`));
  errors.push(...validateOs(spec, path));
  return errors;
}

const validateRestartPolicy = (policy: string, path: string): FieldError[] =>
  policy === ''
    ? [requiredValue(path)]
    : RESTART_POLICIES.includes(policy)
      ? []
      : [notSupported(path, policy, RESTART_POLICIES)];

/** On the host's network a container's port is the host's; a template may leave it open, its pods get it. */
function validateHostPorts(spec: PodSpec, path: string, isPod: boolean): FieldError[] {
  if (spec.hostNetwork !== true) return [];
  return (spec.containers ?? []).flatMap(({ ports = [] }, container) =>
    ports.flatMap(({ hostPort = 0, containerPort }, index) =>
      (isPod || hostPort !== 0) && hostPort !== containerPort
        ? [
            invalid(
              `${path}.containers[${container}].ports[${index}].hostPort`,
              hostPort,
              'must match `containerPort` when `hostNetwork` is true',
            ),
          ]
        : [],
    ),
  );
}

function validateNames(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const check = (field: keyof PodSpec, value: string | undefined, shape: (name: string) => string[]): void => {
    if (value) errors.push(...eachInvalid(`${path}.${field}`, value, shape(value)));
  };
  check('serviceAccountName', spec.serviceAccountName, dns1123Subdomain);
  check('nodeName', spec.nodeName, dns1123Subdomain);
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > MAX_INT32))
    errors.push(invalid(`${path}.activeDeadlineSeconds`, deadline, `must be between 1 and ${MAX_INT32}, inclusive`));
  check('hostname', spec.hostname, dns1123Label);
  check('subdomain', spec.subdomain, dns1123Label);
  check('priorityClassName', spec.priorityClassName, dns1123Subdomain);
  check('runtimeClassName', spec.runtimeClassName, dns1123Subdomain);
  return errors;
}

const validateHostAliases = ({ hostAliases = [] }: PodSpec, path: string): FieldError[] =>
  hostAliases.flatMap(({ ip, hostnames = [] }) => [
    ...(isIP(ip ?? '') ? [] : [invalid(`${path}.ip`, ip ?? '', 'must be valid IP address')]),
    ...hostnames.flatMap((name) => eachInvalid(`${path}.hostnames`, name, dns1123Subdomain(name))),
  ]);

function validateOs({ os }: PodSpec, path: string): FieldError[] {
  if (os === undefined) return [];
  if (!os.name) return [requiredValue(`${path}.os.name`, 'cannot be empty')];
  return ['linux', 'windows'].includes(os.name) ? [] : [notSupported(`${path}.os`, os.name, ['linux', 'windows'])];
}

/** The faults of a template at `path`. */
export function validatePodTemplate(template: PodTemplateSpec, path: string): FieldError[] {
  const errors = [
    ...validateLabels(template.metadata?.labels, `${path}.labels`),
    ...validateAnnotations(template.metadata?.annotations, `${path}.annotations`),
    ...validatePodSpec(template.spec ?? { containers: [] }, `${path}.spec`, false),
  ];
  if ((template.spec?.ephemeralContainers ?? []).length > 0)
    errors.push(forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template'));
  return errors;
}
