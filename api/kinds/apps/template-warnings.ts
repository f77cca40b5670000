import type { KubeObject } from '#api/kind.ts';
import type { PodTemplateSpec } from '#api/podspec/pod-spec.ts';
import { podSpecWarnings } from '#api/podspec/pod-warnings.ts';

/** What will hardly be meant of the pods that something makes, told when its spec is new or has changed: by then its generation is another. */
export const templateWarnings = (
  object: KubeObject,
  old: KubeObject | undefined,
  template: PodTemplateSpec | undefined,
  path = 'spec.template',
): string[] =>
  old !== undefined && old.metadata.generation === object.metadata.generation
    ? []
    : podSpecWarnings(template?.spec, template?.metadata, path);
