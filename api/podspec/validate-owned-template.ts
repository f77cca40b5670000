import { type FieldError, forbidden, invalid, notSupported } from '#api/meta/field-error.ts';
import { type Requirement, matchesLabels } from '#api/meta/selectors.ts';
import type { PodTemplateSpec } from '#api/podspec/pod-spec.ts';
import { validatePodTemplate } from '#api/podspec/validate-pod-spec.ts';

/**
 * The faults of the template of something that keeps a number of pods running: its pods must be its own and restart always.
 * `selector` undefined matches nothing. `owner` is the Kind that a message names (Deployments say ReplicaSet, as upstream does).
 */
export function validateOwnedTemplate(
  template: PodTemplateSpec,
  selector: readonly Requirement[] | undefined,
  owner: 'ReplicaSet' | 'ReplicationController',
  path: string,
): FieldError[] {
  const labels = template.metadata?.labels;
  const errors: FieldError[] = [];
  if (selector === undefined || (selector.length > 0 && !matchesLabels(selector, labels)))
    errors.push(invalid(`${path}.metadata.labels`, labels ?? {}, '`selector` does not match template `labels`'));
  errors.push(...validatePodTemplate(template, path));
  const policy = template.spec?.restartPolicy ?? 'Always';
  if (policy !== 'Always') errors.push(notSupported(`${path}.spec.restartPolicy`, policy, ['Always']));
  if (template.spec?.activeDeadlineSeconds !== undefined)
    errors.push(forbidden(`${path}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${owner} is not Supported`));
  return errors;
}
