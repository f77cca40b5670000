import type { Service } from '#base/service.ts';
import type { ControllerContext, ControllerDeps } from '#server/reconcile/controller-deps.ts';
import { ControllerRunner } from '#server/reconcile/controller-runner.ts';
import { ClientEventRecorder } from '#server/reconcile/event-recorder.ts';
import { type LeaderElection, soleLeader } from '#server/reconcile/leader.ts';
import { Manager } from '#server/reconcile/manager.ts';
import type { Controller } from '#server/reconcile/reconciler.ts';
import { certificateSigningRequestController } from './certificatesigningrequest.ts';
import { clusterRoleAggregationController } from './clusterroleaggregation.ts';
import { apiServiceController } from './apiservice.ts';
import { apiServiceAvailabilityController } from './apiserviceavailability.ts';
import { customResourceDefinitionController } from './customresourcedefinition.ts';
import { deploymentController } from './deployment.ts';
import { endpointsController } from './endpoints.ts';
import { endpointSliceController } from './endpointslice.ts';
import { endpointSliceMirroringController } from './endpointslicemirroring.ts';
import { flowControlController } from './flowcontrol.ts';
import { garbageCollector } from './garbagecollector.ts';
import { kubernetesServiceController } from './kubernetesservice.ts';
import { namespaceController } from './namespace.ts';
import { nodeIPAMController } from './nodeipam.ts';
import { nodeLifecycleController } from './nodelifecycle.ts';
import { nodeTTLController } from './nodettl.ts';
import { persistentVolumeController } from './persistentvolume.ts';
import { persistentVolumeClaimProtectionController } from './persistentvolumeclaimprotection.ts';
import { persistentVolumeProtectionController } from './persistentvolumeprotection.ts';
import { podGCController } from './podgc.ts';
import { replicaSetController } from './replicaset.ts';
import { replicationControllerController } from './replicationcontroller.ts';
import { resourceQuotaController } from './resourcequota.ts';
import { rootCAController } from './rootca.ts';
import { serviceAccountController } from './serviceaccount.ts';
import { serviceAccountTokenController } from './serviceaccounttoken.ts';
import { serviceAddressesController } from './serviceaddresses.ts';
import { taintEvictionController } from './tainteviction.ts';
import { validatingAdmissionPolicyStatusController } from './validatingadmissionpolicystatus.ts';

/**
 * Every controller, in the order in which they start; the one list of them. The name is upstream's: it stands in logs and events, and in the user
 * name under which the controller writes.
 */
const CONTROLLERS: readonly (readonly [name: string, make: (context: ControllerContext) => Controller])[] = [
  ['customresourcedefinition-controller', customResourceDefinitionController],
  ['clusterrole-aggregation-controller', clusterRoleAggregationController],
  ['certificate-controller', certificateSigningRequestController],
  ['kubernetes-service-controller', kubernetesServiceController],
  ['namespace-controller', namespaceController],
  ['service-account-controller', serviceAccountController],
  ['serviceaccount-token-controller', serviceAccountTokenController],
  ['root-ca-cert-publisher', rootCAController],
  ['resourcequota-controller', resourceQuotaController],
  ['node-ipam-controller', nodeIPAMController],
  ['node-controller', nodeLifecycleController],
  ['ttl-controller', nodeTTLController],
  ['taint-eviction-controller', taintEvictionController],
  ['pod-garbage-collector', podGCController],
  ['persistentvolume-controller', persistentVolumeController],
  ['pvc-protection-controller', persistentVolumeClaimProtectionController],
  ['pv-protection-controller', persistentVolumeProtectionController],
  ['generic-garbage-collector', garbageCollector],
  ['replicaset-controller', replicaSetController],
  ['replication-controller', replicationControllerController],
  ['deployment-controller', deploymentController],
  ['endpoint-controller', endpointsController],
  ['endpointslice-controller', endpointSliceController],
  ['endpointslicemirroring-controller', endpointSliceMirroringController],
  ['service-cidr-controller', serviceAddressesController],
  ['autoregister', apiServiceController],
  ['available-controller', apiServiceAvailabilityController],
  ['priority-and-fairness-config-producer', flowControlController],
  ['validatingadmissionpolicy-status-controller', validatingAdmissionPolicyStatusController],
];

/** Makes all controllers, to run while this server leads (default: it is alone and always does). */
export function createControllers(deps: ControllerDeps, leader: LeaderElection = soleLeader): Manager {
  const { clock, log, metrics } = deps;
  const start = (): Service[] =>
    CONTROLLERS.map(([name, make]) => {
      const client = deps.client.as(`system:serviceaccount:kube-system:${name}`);
      const events = new ClientEventRecorder({ client, clock, log, metrics, component: name });
      return new ControllerRunner(name, make({ ...deps, client, events }), { log, clock, metrics });
    });
  return new Manager({ name: 'controllers', leader, log, metrics, start });
}
