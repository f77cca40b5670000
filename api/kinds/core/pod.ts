import { type Static, field, object, required, string, value } from '#api/schema/builders.ts';
import { PodStatus } from '#api/kinds/core/pod-status.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { PodSpec } from '#api/podspec/pod-spec.ts';
import { podColumns } from '#api/kinds/core/pod-columns.ts';

/** `core.v1.Pod`. */
export const Pod = object('core.v1.Pod', {
  kind: required(0, string()),
  apiVersion: required(0, string()),
  metadata: required(1, ObjectMeta),
  spec: field(2, value(PodSpec)),
  status: field(3, value(PodStatus)),
});
/** The JSON form of `core.v1.Pod`. */
export type Pod = Static<typeof Pod>;

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
});
