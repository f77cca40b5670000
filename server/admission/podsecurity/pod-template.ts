import type { KubeObject } from '#api/kind.ts';
import type { ObjectMeta } from '#api/meta/object-meta.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';
import type { CheckedPod } from './check.ts';

interface Template {
  readonly metadata?: ObjectMeta;
  readonly spec?: PodSpec;
}

interface Controller extends KubeObject {
  readonly template?: Template;
  readonly spec?: {
    readonly template?: Template;
    readonly jobTemplate?: { readonly spec?: { readonly template?: Template } };
  };
}

type Place = (object: Controller) => Template | undefined;
const inSpec: Place = ({ spec }) => spec?.template;

/** Where the kinds that make pods keep the template of them. */
const PLACES: Readonly<Record<string, Place>> = {
  replicationcontrollers: inSpec,
  'replicasets.apps': inSpec,
  'deployments.apps': inSpec,
  'statefulsets.apps': inSpec,
  'daemonsets.apps': inSpec,
  'jobs.batch': inSpec,
  'cronjobs.batch': ({ spec }) => spec?.jobTemplate?.spec?.template,
  podtemplates: ({ template }) => template,
};

/** The pods that an object makes; undefined when it makes none. */
export function podTemplateOf(resource: string, object: KubeObject): CheckedPod | undefined {
  const template = PLACES[resource]?.(object as Controller);
  if (template?.spec === undefined) return undefined;
  return { metadata: template.metadata ?? {}, spec: template.spec };
}
