import { type FieldError, forbidden, invalid, requiredValue } from '#api/meta/field-error.ts';
import type { Container } from '#api/podspec/container.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import type { PodSpec, Toleration } from '#api/podspec/pod-spec.ts';

const MAX_INT32 = 2_147_483_647;
const CHANGEABLE =
  'pod updates may not change fields other than `spec.containers[*].image`, `spec.initContainers[*].image`, `spec.activeDeadlineSeconds`, `spec.tolerations` (only additions to existing tolerations) or `spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

/**
 * The faults of a change of a pod's spec: of a running pod only images, the deadline (sooner), tolerations (more of them) and a
 * negative grace may change; of a pod behind scheduling gates its gates (fewer), too (core validation: ValidatePodUpdate).
 */
export function validatePodSpecUpdate(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['containers', 'initContainers'] as const) {
    const [now, then] = [spec[field] ?? [], old[field] ?? []];
    if (now.length !== then.length)
      return [...errors, forbidden(`spec.${field}`, 'pod updates may not add or remove containers')];
    for (const [index, { image = '' }] of now.entries()) {
      const here = `spec.${field}[${index}].image`;
      if (image.trim() === '') errors.push(requiredValue(here));
      else if (image.trim() !== image)
        errors.push(invalid(here, image, 'must not have leading or trailing whitespace'));
    }
  }
  const deadline = validateDeadline(spec.activeDeadlineSeconds, old.activeDeadlineSeconds);
  if (deadline.length > 0) return [...errors, ...deadline];
  errors.push(...validateAddedTolerations(spec.tolerations ?? [], old.tolerations ?? []));
  errors.push(...validateRemovedGates(spec, old));
  if (!deepEqual(comparable(spec), comparable(withGrace(old, spec))))
    errors.push(forbidden('spec', `${CHANGEABLE}\n${changedFields(spec, old)}`));
  return errors;
}

function validateDeadline(now: number | undefined, then: number | undefined): FieldError[] {
  const path = 'spec.activeDeadlineSeconds';
  if (now === undefined)
    return then === undefined ? [] : [invalid(path, undefined, 'must not update from a positive integer to nil value')];
  if (now < 0 || now > MAX_INT32) return [invalid(path, now, `must be between 0 and ${MAX_INT32}, inclusive`)];
  return then !== undefined && then < now ? [invalid(path, now, 'must be less than or equal to previous value')] : [];
}

function validateAddedTolerations(now: readonly Toleration[], then: readonly Toleration[]): FieldError[] {
  const plain = ({ tolerationSeconds: _seconds, ...rest }: Toleration): unknown => rest;
  return then.every((one) => now.some((other) => deepEqual(plain(one), plain(other))))
    ? []
    : [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')];
}

function validateRemovedGates(spec: PodSpec, old: PodSpec): FieldError[] {
  const then = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  const added = (spec.schedulingGates ?? []).filter(({ name }) => !then.has(name));
  return added.length > 0
    ? [forbidden('spec.schedulingGates', 'only deletion is allowed, but found new scheduling gates')]
    : [];
}

/** The spec without what may change. */
function comparable(spec: PodSpec): unknown {
  const { activeDeadlineSeconds: _d, tolerations: _t, schedulingGates: _g, ...rest } = spec;
  const imageless = (list: readonly Container[] | undefined): unknown =>
    list?.map(({ image: _image, ...other }) => other);
  return { ...rest, containers: imageless(spec.containers), initContainers: imageless(spec.initContainers) };
}

const withGrace = (old: PodSpec, spec: PodSpec): PodSpec =>
  (old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1
    ? { ...old, terminationGracePeriodSeconds: 1 }
    : old;

function changedFields(spec: PodSpec, old: PodSpec): string {
  const [now, then] = [comparable(spec), comparable(old)] as [Record<string, unknown>, Record<string, unknown>];
  const fields = [...new Set([...Object.keys(now), ...Object.keys(then)])].filter(
    (field) => !deepEqual(now[field], then[field]),
  );
  return `changed: ${fields.map((field) => `spec.${field}`).join(', ')}`;
}
