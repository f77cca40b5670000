import { deepEqual } from '#api/meta/deep-equal.ts';
import { type FieldError, duplicate, eachInvalid, forbidden, notFound, requiredValue } from '#api/meta/field-error.ts';
import { dns1123Label } from '#api/meta/names.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';

const NOT_ALLOWED = ['ports', 'lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const;

/** The faults of the containers that /ephemeralcontainers added to a pod. */
export function validateEphemeralContainers(spec: PodSpec, path: string): FieldError[] {
  const others = [...(spec.containers ?? []), ...(spec.initContainers ?? [])].map(({ name }) => name);
  const names = new Set(others);
  return (spec.ephemeralContainers ?? []).flatMap((container, index) => {
    const here = `${path}.ephemeralContainers[${index}]`;
    const { name, image, targetContainerName } = container;
    const errors: FieldError[] = name
      ? eachInvalid(`${here}.name`, name, dns1123Label(name))
      : [requiredValue(`${here}.name`)];
    if (!image) errors.push(requiredValue(`${here}.image`));
    if (name && names.has(name)) errors.push(duplicate(`${here}.name`, name));
    names.add(name);
    if (targetContainerName && !others.includes(targetContainerName))
      errors.push(notFound(`${here}.targetContainerName`, targetContainerName));
    for (const field of NOT_ALLOWED)
      if (container[field] !== undefined)
        errors.push(forbidden(`${here}.${field}`, 'cannot be set for an Ephemeral Container'));
    if (container.resources !== undefined && Object.keys(container.resources).length > 0)
      errors.push(forbidden(`${here}.resources`, 'cannot be set for an Ephemeral Container'));
    return errors;
  });
}

/** Ephemeral containers are only ever added: those that are there stay, and stay as they are. */
export function validateEphemeralUpdate(spec: PodSpec | undefined, old: PodSpec | undefined): FieldError[] {
  const now = new Map((spec?.ephemeralContainers ?? []).map((container) => [container.name, container]));
  return (old?.ephemeralContainers ?? []).flatMap((container) => {
    const kept = now.get(container.name);
    if (kept !== undefined && deepEqual(kept, container)) return [];
    const what = kept === undefined ? 'removed' : 'changed';
    return [
      forbidden(
        'spec.ephemeralContainers',
        `existing ephemeral containers ${JSON.stringify(container.name)} may not be ${what}\n`,
      ),
    ];
  });
}
