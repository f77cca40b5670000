import type { Kind } from '#api/kind.ts';
import { mutatingAdmissionPolicyKind } from './admissionregistration/mutatingadmissionpolicy.ts';
import { mutatingAdmissionPolicyBindingKind } from './admissionregistration/mutatingadmissionpolicybinding.ts';
import { mutatingWebhookConfigurationKind } from './admissionregistration/mutatingwebhookconfiguration.ts';
import { validatingAdmissionPolicyKind } from './admissionregistration/validatingadmissionpolicy.ts';
import { validatingAdmissionPolicyBindingKind } from './admissionregistration/validatingadmissionpolicybinding.ts';
import { validatingWebhookConfigurationKind } from './admissionregistration/validatingwebhookconfiguration.ts';
import { customResourceDefinitionKind } from './apiextensions/customresourcedefinition.ts';
import { controllerRevisionKind } from './apps/controllerrevision.ts';
import { daemonSetKind } from './apps/daemonset.ts';
import { apiServiceKind } from './apiregistration/apiservice.ts';
import { deploymentKind } from './apps/deployment.ts';
import { replicaSetKind } from './apps/replicaset.ts';
import { statefulSetKind } from './apps/statefulset.ts';
import { selfSubjectReviewKind } from './authentication/selfsubjectreview.ts';
import { tokenRequestKind } from './authentication/tokenrequest.ts';
import { tokenReviewKind } from './authentication/tokenreview.ts';
import { localSubjectAccessReviewKind } from './authorization/localsubjectaccessreview.ts';
import { selfSubjectAccessReviewKind } from './authorization/selfsubjectaccessreview.ts';
import { selfSubjectRulesReviewKind } from './authorization/selfsubjectrulesreview.ts';
import { subjectAccessReviewKind } from './authorization/subjectaccessreview.ts';
import { horizontalPodAutoscalerV1Kind } from './autoscaling/horizontalpodautoscaler-v1.ts';
import { horizontalPodAutoscalerKind } from './autoscaling/horizontalpodautoscaler.ts';
import { scaleKind } from './autoscaling/scale.ts';
import { cronJobKind } from './batch/cronjob.ts';
import { jobKind } from './batch/job.ts';
import { certificateSigningRequestKind } from './certificates/certificatesigningrequest.ts';
import { leaseKind } from './coordination/lease.ts';
import { bindingKind } from './core/binding.ts';
import { configMapKind } from './core/configmap.ts';
import { endpointsKind } from './core/endpoints.ts';
import { eventKind } from './core/event.ts';
import { namespaceKind } from './core/namespace.ts';
import { nodeKind } from './core/node.ts';
import { podKind } from './core/pod.ts';
import { replicationControllerKind } from './core/replicationcontroller.ts';
import { secretKind } from './core/secret.ts';
import { serviceKind } from './core/service.ts';
import { serviceAccountKind } from './core/serviceaccount.ts';
import { endpointSliceKind } from './discovery/endpointslice.ts';
import { flowSchemaKind } from './flowcontrol/flowschema.ts';
import { priorityLevelConfigurationKind } from './flowcontrol/prioritylevelconfiguration.ts';
import { ingressKind } from './networking/ingress.ts';
import { ingressClassKind } from './networking/ingressclass.ts';
import { ipAddressKind } from './networking/ipaddress.ts';
import { networkPolicyKind } from './networking/networkpolicy.ts';
import { serviceCIDRKind } from './networking/servicecidr.ts';
import { nodeMetricsKind } from './metrics/nodemetrics.ts';
import { podMetricsKind } from './metrics/podmetrics.ts';
import { newEventKind } from './events/event.ts';
import { evictionKind } from './policy/eviction.ts';
import { podDisruptionBudgetKind } from './policy/poddisruptionbudget.ts';
import { clusterRoleKind } from './rbac/clusterrole.ts';
import { clusterRoleBindingKind } from './rbac/clusterrolebinding.ts';
import { roleKind } from './rbac/role.ts';
import { roleBindingKind } from './rbac/rolebinding.ts';
import { limitRangeKind } from './core/limitrange.ts';
import { persistentVolumeKind } from './core/persistentvolume.ts';
import { persistentVolumeClaimKind } from './core/persistentvolumeclaim.ts';
import { podTemplateKind } from './core/podtemplate.ts';
import { resourceQuotaKind } from './core/resourcequota.ts';
import { runtimeClassKind } from './node/runtimeclass.ts';
import { priorityClassKind } from './scheduling/priorityclass.ts';
import { csiDriverKind } from './storage/csidriver.ts';
import { csiNodeKind } from './storage/csinode.ts';
import { csiStorageCapacityKind } from './storage/csistoragecapacity.ts';
import { storageClassKind } from './storage/storageclass.ts';
import { volumeAttachmentKind } from './storage/volumeattachment.ts';
import { volumeAttributesClassKind } from './storage/volumeattributesclass.ts';

/** Every kind that is stored and served without being asked for; the one list of them. */
export const BUILT_IN_KINDS: readonly Kind[] = [
  namespaceKind,
  nodeKind,
  podKind,
  configMapKind,
  secretKind,
  serviceAccountKind,
  serviceKind,
  endpointsKind,
  eventKind,
  replicationControllerKind,
  replicaSetKind,
  deploymentKind,
  statefulSetKind,
  daemonSetKind,
  controllerRevisionKind,
  jobKind,
  cronJobKind,
  horizontalPodAutoscalerKind,
  horizontalPodAutoscalerV1Kind,
  podDisruptionBudgetKind,
  newEventKind,
  limitRangeKind,
  persistentVolumeKind,
  persistentVolumeClaimKind,
  podTemplateKind,
  resourceQuotaKind,
  runtimeClassKind,
  priorityClassKind,
  csiDriverKind,
  csiNodeKind,
  csiStorageCapacityKind,
  storageClassKind,
  volumeAttachmentKind,
  volumeAttributesClassKind,
  endpointSliceKind,
  leaseKind,
  ingressKind,
  ingressClassKind,
  networkPolicyKind,
  ipAddressKind,
  serviceCIDRKind,
  certificateSigningRequestKind,
  mutatingAdmissionPolicyKind,
  mutatingAdmissionPolicyBindingKind,
  mutatingWebhookConfigurationKind,
  validatingAdmissionPolicyKind,
  validatingAdmissionPolicyBindingKind,
  validatingWebhookConfigurationKind,
  apiServiceKind,
  flowSchemaKind,
  priorityLevelConfigurationKind,
  roleKind,
  roleBindingKind,
  clusterRoleKind,
  clusterRoleBindingKind,
  customResourceDefinitionKind,
];

/** Kinds that only exist as the body of a request: decoded and answered, never stored. */
export const REQUEST_KINDS: readonly Kind[] = [
  bindingKind,
  evictionKind,
  localSubjectAccessReviewKind,
  scaleKind,
  selfSubjectAccessReviewKind,
  selfSubjectReviewKind,
  selfSubjectRulesReviewKind,
  subjectAccessReviewKind,
  tokenRequestKind,
  tokenReviewKind,
];

/** Kinds that are measured when they are read, never stored. */
export const MEASURED_KINDS: readonly Kind[] = [nodeMetricsKind, podMetricsKind];
