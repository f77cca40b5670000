import type { KubeObject } from '#api/kind.ts';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import type { ObjectMeta } from '#api/meta/object-meta.ts';
import { StatusError } from '#api/meta/status.ts';
import type { PodTemplateSpec } from '#api/podspec/pod-spec.ts';
import type { Client } from '#server/store/client.ts';
import type { EventRecorder } from './event-recorder.ts';
import { controllerReference } from './owner-references.ts';

/** Where pods are made and unmade for an owner. */
export interface PodControl {
  readonly client: Client;
  readonly events: EventRecorder;
}

/** Makes a pod from `template`, controlled by `owner`, and tells about it. Rejects with the API's refusal. */
export async function createPod(control: PodControl, owner: KubeObject, template: PodTemplateSpec): Promise<Pod> {
  const { labels, annotations, finalizers } = template.metadata ?? {};
  const metadata: ObjectMeta = {
    namespace: owner.metadata.namespace ?? '',
    generateName: generateNameOf(owner),
    ...(labels === undefined ? {} : { labels: { ...labels } }),
    ...(annotations === undefined ? {} : { annotations: { ...annotations } }),
    ...(finalizers === undefined ? {} : { finalizers: [...finalizers] }),
    ownerReferences: [controllerReference(owner)],
  };
  const spec = structuredClone(template.spec ?? { containers: [] });
  try {
    const pod = await control.client.create(podKind, { kind: 'Pod', apiVersion: 'v1', metadata, spec });
    control.events.record(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name ?? ''}`);
    return pod;
  } catch (error) {
    if (!namespaceGoes(error))
      control.events.record(owner, 'Warning', 'FailedCreate', `Error creating: ${messageOf(error)}`);
    throw error;
  }
}

/** Deletes `pod` and tells `owner`'s audience; a pod that is gone already counts as deleted. */
export async function deletePod(control: PodControl, owner: KubeObject, pod: Pod): Promise<void> {
  const { namespace = '', name = '', uid } = pod.metadata;
  try {
    await control.client.delete(podKind, namespace, name, uid === undefined ? {} : { preconditions: { uid } });
    control.events.record(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${name}`);
  } catch (error) {
    control.events.record(owner, 'Warning', 'FailedDelete', `Error deleting: ${messageOf(error)}`);
    throw error;
  }
}

/** Was a create refused because its namespace is being deleted; that is no failure worth telling or retrying. */
export const namespaceGoes = (error: unknown): boolean =>
  error instanceof StatusError &&
  error.reason === 'Forbidden' &&
  ((error.details?.causes ?? []).some((cause) => cause.reason === 'NamespaceTerminating') ||
    error.message.includes('because it is being terminated'));

/** The text of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** `name-`, as long as names made from it can be valid. */
const generateNameOf = (owner: KubeObject): string => {
  const prefix = `${owner.metadata.name ?? ''}-`;
  return prefix.length > 248 ? prefix.slice(0, 248) : prefix;
};
