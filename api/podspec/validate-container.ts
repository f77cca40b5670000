import {
  type FieldError,
  duplicate,
  eachInvalid,
  forbidden,
  invalid,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { dns1123Label } from '#api/meta/names.ts';
import type { Container } from '#api/podspec/container.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';
import { validateEnv, validateEnvFrom } from '#api/podspec/validate-env.ts';
import { validateDevices, validateMounts } from '#api/podspec/validate-mount.ts';
import { validateHostPortConflicts, validatePorts } from '#api/podspec/validate-port.ts';
import { validateLifecycle, validateProbe } from '#api/podspec/validate-probe.ts';
import { validateResources } from '#api/podspec/validate-resources.ts';
import { validateSecurityContext } from '#api/podspec/validate-security-context.ts';
import type { Volume } from '#api/podspec/volume.ts';

type Volumes = ReadonlyMap<string, Volume>;

/** When the kubelet may pull an image. */
export const PULL_POLICIES: readonly string[] = ['Always', 'IfNotPresent', 'Never'];
const MESSAGE_POLICIES = ['File', 'FallbackToLogsOnError'];

/** The faults that any container can have. */
function validateCommon(container: Container, volumes: Volumes, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const { name, image, terminationMessagePolicy = '', imagePullPolicy = '' } = container;
  if (!name) errors.push(requiredValue(`${path}.name`));
  else errors.push(...eachInvalid(`${path}.name`, name, dns1123Label(name)));
  if (!image) errors.push(requiredValue(`${path}.image`));
  errors.push(...oneOf(terminationMessagePolicy, MESSAGE_POLICIES, `${path}.terminationMessagePolicy`));
  errors.push(...validatePorts(container.ports, `${path}.ports`));
  errors.push(...validateEnv(container.env, `${path}.env`));
  errors.push(...validateEnvFrom(container.envFrom, `${path}.envFrom`));
  errors.push(...validateMounts(container, volumes, path));
  errors.push(...validateDevices(container, volumes, path));
  errors.push(...oneOf(imagePullPolicy, PULL_POLICIES, `${path}.imagePullPolicy`));
  errors.push(...validateResources(container.resources, `${path}.resources`));
  errors.push(...validateSecurityContext(container.securityContext, `${path}.securityContext`));
  return errors;
}

const oneOf = (value: string, values: readonly string[], path: string): FieldError[] =>
  value === '' ? [requiredValue(path)] : values.includes(value) ? [] : [notSupported(path, value, values)];

const validateLongRunning = (container: Container, path: string): FieldError[] => [
  ...validateLifecycle(container.lifecycle, `${path}.lifecycle`),
  ...validateProbe(container.livenessProbe, 'livenessProbe', `${path}.livenessProbe`),
  ...validateProbe(container.readinessProbe, 'readinessProbe', `${path}.readinessProbe`),
  ...validateProbe(container.startupProbe, 'startupProbe', `${path}.startupProbe`),
];

/** The faults of the containers of a pod spec; names are unique over init containers and containers. */
export function validateContainers(spec: PodSpec, volumes: Volumes, path: string): FieldError[] {
  const containers = spec.containers ?? [];
  if (containers.length === 0) return [requiredValue(`${path}.containers`)];
  const names = new Set<string>();
  const errors = containers.flatMap((container, index) => {
    const here = `${path}.containers[${index}]`;
    const own = validateCommon(container, volumes, here);
    if (names.has(container.name)) own.push(duplicate(`${here}.name`, container.name));
    names.add(container.name);
    own.push(...validateLongRunning(container, here));
    if (container.restartPolicy !== undefined)
      own.push(forbidden(`${here}.restartPolicy`, 'may not be set for non-init containers'));
    return own;
  });
  return [...errors, ...validateHostPortConflicts(containers, `${path}.containers`)];
}

/** The faults of init containers; those that restart always are sidecars and may have what containers have. */
export function validateInitContainers(spec: PodSpec, volumes: Volumes, path: string): FieldError[] {
  const names = new Set((spec.containers ?? []).map(({ name }) => name));
  return (spec.initContainers ?? []).flatMap((container, index) => {
    const here = `${path}.initContainers[${index}]`;
    const { restartPolicy } = container;
    const errors = validateCommon(container, volumes, here);
    if (restartPolicy !== undefined && restartPolicy !== 'Always')
      errors.push(notSupported(`${here}.restartPolicy`, restartPolicy, ['Always']));
    if (names.has(container.name)) errors.push(duplicate(`${here}.name`, container.name));
    else if (container.name) names.add(container.name);
    errors.push(...validateHostPortConflicts([container], `${path}.initContainers`));
    if (restartPolicy === 'Always') return [...errors, ...validateLongRunning(container, here)];
    for (const field of ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
      if (container[field] !== undefined)
        errors.push(forbidden(`${here}.${field}`, 'may not be set for init containers without restartPolicy=Always'));
    return errors;
  });
}

/** What only pods are held to, not templates, because older templates did not comply: an image's name has no blanks around it. */
export const validateImageNames = (
  containers: readonly Pick<Container, 'image'>[] | undefined,
  path: string,
): FieldError[] =>
  (containers ?? []).flatMap(({ image = '' }, index) =>
    image !== '' && image.trim() !== image
      ? [invalid(`${path}[${index}].image`, image, 'must not have leading or trailing whitespace')]
      : [],
  );
