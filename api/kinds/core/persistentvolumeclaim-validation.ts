import type { PersistentVolumeClaim } from '#api/kinds/core/persistentvolumeclaim.ts';
import { CLASS_ANNOTATION } from '#api/kinds/core/volume-columns.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import {
  type FieldError,
  eachInvalid,
  forbidden,
  invalid,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { qualifiedName } from '#api/meta/names.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { compareQuantity } from '#api/meta/quantity.ts';
import type { PersistentVolumeClaimSpec } from '#api/podspec/volume.ts';

const ONLY_BOUND =
  'spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims';

const storageOf = ({ spec }: PersistentVolumeClaim): string => spec?.resources?.requests?.['storage'] ?? '0';
const annotatedClass = ({ metadata }: PersistentVolumeClaim): string | undefined =>
  metadata.annotations?.[CLASS_ANNOTATION];

/** Has the claim got the class that it had by annotation, or that it had none of. */
function mayTakeClass(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): boolean {
  const annotated = annotatedClass(old);
  const name = claim.spec?.storageClassName;
  return (
    name !== undefined && old.spec?.storageClassName === undefined && (annotated === undefined || name === annotated)
  );
}

/** The spec as it may be compared with the old one: with the old value of what may change. */
function comparable(claim: PersistentVolumeClaim, old: PersistentVolumeClaim): PersistentVolumeClaimSpec {
  const spec = { ...claim.spec };
  const before = old.spec ?? {};
  const take = <K extends keyof PersistentVolumeClaimSpec>(field: K): void => {
    const value = before[field];
    if (value === undefined) delete spec[field];
    else spec[field] = value;
  };
  if (!before.volumeName) take('volumeName');
  if (mayTakeClass(claim, old)) take('storageClassName');
  if (claim.status?.phase !== 'Bound') return spec;
  const { requests } = spec.resources ?? {};
  if (requests !== undefined)
    spec.resources = { ...spec.resources, requests: { ...requests, storage: storageOf(old) } };
  if (spec.volumeAttributesClassName !== undefined) take('volumeAttributesClassName');
  return spec;
}

/** The faults of a change: a claim stays what it is, but a bound one may grow (core validation: ValidatePersistentVolumeClaimUpdate). */
export function validatePersistentVolumeClaimUpdate(
  claim: PersistentVolumeClaim,
  old: PersistentVolumeClaim,
): FieldError[] {
  const errors: FieldError[] = [];
  const { spec = {} } = claim;
  const { spec: before = {} } = old;
  const moved = annotatedClass(old) !== undefined && annotatedClass(claim) === undefined && mayTakeClass(claim, old);
  if (!moved && annotatedClass(claim) !== annotatedClass(old))
    errors.push(invalid(`metadata.annotations[${CLASS_ANNOTATION}]`, annotatedClass(claim) ?? '', IMMUTABLE));
  const now = comparable(claim, old);
  const changed = [...new Set([...Object.keys(now), ...Object.keys(before)])].filter(
    (field) =>
      !deepEqual(now[field as keyof PersistentVolumeClaimSpec], before[field as keyof PersistentVolumeClaimSpec]),
  );
  if (changed.length > 0)
    errors.push(forbidden('spec', `${ONLY_BOUND}\nchanged: ${changed.map((one) => `spec.${one}`).join(', ')}`));
  if (
    compareQuantity(storageOf(claim), storageOf(old)) < 0 &&
    compareQuantity(storageOf(claim), old.status?.capacity?.['storage'] ?? '0') <= 0
  )
    errors.push(forbidden('spec.resources.requests.storage', 'field can not be less than status.capacity'));
  if (spec.volumeMode !== before.volumeMode) errors.push(invalid('volumeMode', spec.volumeMode, IMMUTABLE));
  return [...errors, ...validateAttributesClass(spec, before)];
}

function validateAttributesClass(
  { volumeAttributesClassName: now }: PersistentVolumeClaimSpec,
  { volumeAttributesClassName: then }: PersistentVolumeClaimSpec,
): FieldError[] {
  const path = 'spec.volumeAttributesClassName';
  if (then === undefined || now === then) return [];
  if (now === undefined) return [forbidden(path, 'update from non-nil value to nil is forbidden')];
  return now === '' ? [forbidden(path, 'update from non-nil value to an empty string is forbidden')] : [];
}

const RESIZE_STATES = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].toSorted();

function validateResourceKey(name: string, path: string): FieldError[] {
  const wrong = eachInvalid(path, name, qualifiedName(name));
  const native = !name.includes('/') || name.includes('kubernetes.io/');
  return wrong.length === 0 && native && name !== 'storage' ? [notSupported(path, name, ['storage'])] : wrong;
}

const validateAmount = (amount: string, path: string): FieldError[] =>
  compareQuantity(amount, '0') < 0 ? [invalid(path, amount, 'must be a valid resource quantity')] : [];

/** The faults of what is said of a claim's volume. */
export function validatePersistentVolumeClaimStatus({ spec, status = {} }: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = spec?.accessModes?.length ? [] : [requiredValue('Spec.accessModes')];
  for (const [name, amount] of Object.entries(status.capacity ?? {}))
    errors.push(...validateAmount(amount, `status.capacity[${name}]`));
  for (const [name, state] of Object.entries(status.allocatedResourceStatuses ?? {})) {
    const path = 'status.allocatedResourceStatus';
    errors.push(...validateResourceKey(name, path));
    if (!RESIZE_STATES.includes(state)) errors.push(notSupported(path, name, RESIZE_STATES));
  }
  for (const [name, amount] of Object.entries(status.allocatedResources ?? {})) {
    const wrong = validateResourceKey(name, 'status.allocatedResources');
    errors.push(...(wrong.length > 0 ? wrong : validateAmount(amount, `status.allocatedResources[${name}]`)));
  }
  return errors;
}
