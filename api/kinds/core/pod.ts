import { type Static, described, field, object, required, string, value } from '#api/schema/builders.ts';
import { PodStatus } from '#api/kinds/core/pod-status.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { PodSpec } from '#api/podspec/pod-spec.ts';
import { podColumns } from '#api/kinds/core/pod-columns.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { applyPodDefaults, syncServiceAccount } from '#api/podspec/defaults.ts';
import { podSpecWarnings } from '#api/podspec/pod-warnings.ts';
import { qosClass } from '#api/podspec/qos.ts';
import { validateEphemeralUpdate } from '#api/podspec/validate-ephemeral.ts';
import { validatePod, validatePodStatusUpdate, validatePodUpdate } from '#api/kinds/core/pod-validation.ts';

/** `core.v1.Pod`. */
export const Pod = object(
  'core.v1.Pod',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('What should run.', value(PodSpec))),
    status: field(3, described('What was last seen of it. Written by the node; read-only.', value(PodStatus))),
  },
  { description: 'Containers that run together on one node, share its network and volumes, and live and die as one.' },
);
/** The JSON form of `core.v1.Pod`. */
export type Pod = Static<typeof Pod>;

/** Features that no node of ours has are dropped from a new pod, as upstream drops those whose gate is off. */
function dropUnsupported(spec: PodSpec): void {
  delete spec.hostUsers;
  for (const { securityContext } of [...(spec.initContainers ?? []), ...(spec.containers ?? [])])
    if (securityContext?.procMount !== undefined) securityContext.procMount = 'Default';
}

/** Pods. */
export const podKind = defineKind<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  schema: Pod,
  shortNames: ['po'],
  categories: ['all'],
  hasStatus: true,
  fieldLabels: {
    'spec.nodeName': (pod) => pod.spec?.nodeName ?? '',
    'spec.restartPolicy': (pod) => pod.spec?.restartPolicy ?? '',
    'spec.schedulerName': (pod) => pod.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (pod) => pod.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (pod) => String(pod.spec?.hostNetwork ?? false),
    'status.phase': (pod) => pod.status?.phase ?? '',
    'status.podIP': (pod) => pod.status?.podIP ?? '',
    'status.nominatedNodeName': (pod) => pod.status?.nominatedNodeName ?? '',
  },
  columns: podColumns,
  applyDefaults(pod) {
    if (pod.spec !== undefined) applyPodDefaults(pod.spec);
  },
  prepareForCreate(pod) {
    if (pod.spec !== undefined) {
      syncServiceAccount(pod.spec);
      dropUnsupported(pod.spec);
    }
    pod.status = { phase: 'Pending', qosClass: qosClass(pod.spec) };
  },
  prepareForUpdate(pod, old) {
    carryOver(pod, old, 'status');
  },
  prepareForStatusUpdate(pod, old) {
    carryOver(pod, old, 'spec');
    const { ownerReferences } = old.metadata;
    if (ownerReferences === undefined) delete pod.metadata.ownerReferences;
    else pod.metadata.ownerReferences = ownerReferences;
  },
  gracefulDeletionSeconds(pod, requested) {
    const running = pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed';
    if (!running || !pod.spec?.nodeName) return 0;
    const seconds = requested ?? pod.spec.terminationGracePeriodSeconds ?? 30;
    return seconds < 0 ? 1 : seconds;
  },
  updateRulesOnly: true,
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  validateStatusUpdate: validatePodStatusUpdate,
  validateSubresourceUpdate: (subresource, pod, old) =>
    subresource === 'ephemeralcontainers' ? validateEphemeralUpdate(pod.spec, old.spec) : [],
  warnings: ({ metadata, spec }) => podSpecWarnings(spec, metadata),
});
