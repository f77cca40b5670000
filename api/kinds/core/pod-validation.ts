import { type FieldError, eachInvalid, forbidden, invalid } from '#api/meta/field-error.ts';
import { dns1123Subdomain } from '#api/meta/names.ts';
import { validateImageNames } from '#api/podspec/validate-container.ts';
import { validateEphemeralContainers } from '#api/podspec/validate-ephemeral.ts';
import { validatePodSpec } from '#api/podspec/validate-pod-spec.ts';
import { validatePodSpecUpdate } from '#api/podspec/validate-pod-update.ts';
import type { Pod } from './pod.ts';

/** The faults of a pod by itself. Of a new one (it bears no resourceVersion yet) also what only a subresource may add. */
export function validatePod(pod: Pod): FieldError[] {
  const spec = pod.spec ?? { containers: [] };
  const isNew = !pod.metadata.resourceVersion;
  const errors = validatePodSpec(spec, 'spec', true);
  errors.push(...validateTokens(pod));
  errors.push(...validateMirror(pod));
  errors.push(...validateImageNames(spec.containers, 'spec.containers'));
  errors.push(...validateImageNames(spec.initContainers, 'spec.initContainers'));
  if (isNew && (spec.ephemeralContainers ?? []).length > 0)
    errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'));
  else errors.push(...validateEphemeralContainers(spec, 'spec'));
  if (isNew && (spec.schedulingGates ?? []).length > 0 && spec.nodeName)
    errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'));
  return errors;
}

const MIRROR = 'kubernetes.io/config.mirror';

/** A pod that shows one which a node made by itself is on that node from the start. */
function validateMirror({ metadata, spec }: Pod): FieldError[] {
  const mirror = metadata.annotations?.[MIRROR];
  if (mirror === undefined || spec?.nodeName) return [];
  const why = 'must set spec.nodeName if mirror pod annotation is set';
  return [invalid(`metadata.annotations[${MIRROR}]`, mirror, why)];
}

/** A pod without a ServiceAccount has nobody whose token it could get. */
function validateTokens({ spec }: Pod): FieldError[] {
  if (spec?.serviceAccountName) return [];
  return (spec?.volumes ?? []).flatMap(({ projected }, volume) =>
    (projected?.sources ?? []).flatMap(({ serviceAccountToken }, source) =>
      serviceAccountToken === undefined
        ? []
        : [
            forbidden(
              `spec.volumes[${volume}].projected.sources[${source}].serviceAccountToken`,
              'must not be specified when serviceAccountName is not set',
            ),
          ],
    ),
  );
}

/** The faults of a change of a pod. */
export const validatePodUpdate = (pod: Pod, old: Pod): FieldError[] =>
  validatePodSpecUpdate(pod.spec ?? { containers: [] }, old.spec ?? { containers: [] });

/** The faults of a change of a pod's status: the node it was nominated to has a name, and containers that ended stay ended. */
export function validatePodStatusUpdate(pod: Pod, old: Pod): FieldError[] {
  const { nominatedNodeName } = pod.status ?? {};
  const errors = nominatedNodeName
    ? eachInvalid('status.nominatedNodeName', nominatedNodeName, dns1123Subdomain(nominatedNodeName))
    : [];
  if (old.spec?.restartPolicy !== 'Never') return errors;
  const ended = new Set(
    (old.status?.containerStatuses ?? [])
      .filter(({ state }) => state?.terminated !== undefined)
      .map(({ name }) => name),
  );
  for (const [index, { name, state }] of (pod.status?.containerStatuses ?? []).entries())
    if (ended.has(name) && state?.terminated === undefined)
      errors.push(
        forbidden(`status.containerStatuses[${index}].state`, 'may not be transitioned to non-terminated state'),
      );
  return errors;
}
