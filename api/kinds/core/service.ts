import {
  type Static,
  boolean,
  described,
  field,
  int32,
  intOrString,
  list,
  listMap,
  map,
  object,
  pointer,
  required,
  string,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { Condition } from '#api/meta/condition.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { serviceColumns } from '#api/kinds/core/service-columns.ts';
import { carryAllocations } from '#api/kinds/core/service-allocation.ts';
import { applyServiceDefaults, completeAddresses, prepareService } from '#api/kinds/core/service-defaults.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { validateService, validateServiceStatus, validateServiceUpdate } from '#api/kinds/core/service-validation.ts';
import { serviceWarnings } from '#api/kinds/core/service-warnings.ts';
import { dns1035Label, nameOf } from '#api/meta/names.ts';

/** `core.v1.ServicePort`. */
export const ServicePort = object(
  'core.v1.ServicePort',
  {
    name: field(1, described('The name of the port; needed when there are several.', string())),
    protocol: field(2, described('TCP (default), UDP or SCTP.', string())),
    port: required(3, described('The port number of the Service.', int32())),
    targetPort: field(
      4,
      described('The port of the pods, by number or name. Default: the same number.', intOrString()),
    ),
    nodePort: field(
      5,
      described(
        'The port number on the nodes, for NodePort and LoadBalancer. Given by the server unless asked for.',
        int32(),
      ),
    ),
    appProtocol: field(6, pointer(string())),
  },
  { description: 'A port of a Service.' },
);
/** The JSON form of `core.v1.ServicePort`. */
export type ServicePort = Static<typeof ServicePort>;

/** `core.v1.ClientIPConfig`. */
export const ClientIPConfig = object('core.v1.ClientIPConfig', {
  timeoutSeconds: field(1, pointer(int32())),
});
/** The JSON form of `core.v1.ClientIPConfig`. */
export type ClientIPConfig = Static<typeof ClientIPConfig>;

/** `core.v1.SessionAffinityConfig`. */
export const SessionAffinityConfig = object('core.v1.SessionAffinityConfig', {
  clientIP: field(1, ClientIPConfig),
});
/** The JSON form of `core.v1.SessionAffinityConfig`. */
export type SessionAffinityConfig = Static<typeof SessionAffinityConfig>;

/** `core.v1.ServiceSpec`. */
export const ServiceSpec = object(
  'core.v1.ServiceSpec',
  {
    ports: field(
      1,
      described(
        'The ports of the Service.',
        listMap(ServicePort, { keys: ['port', 'protocol'], mergeKey: 'port', patchStrategy: 'merge' }),
      ),
    ),
    selector: field(
      2,
      described(
        'The labels of the pods. Without it somebody else has to write the endpoints.',
        map(string(), { mapType: 'atomic' }),
      ),
    ),
    clusterIP: field(
      3,
      described(
        'The address, given by the server unless asked for. None: no address, names lead to the pods.',
        string(),
      ),
    ),
    type: field(
      4,
      described(
        'ClusterIP (default): inside the cluster. NodePort: on every node as well. LoadBalancer: by an outside balancer. ExternalName: another name.',
        string(),
      ),
    ),
    externalIPs: field(
      5,
      described('Further addresses at which nodes take connections for the Service.', list(string())),
    ),
    sessionAffinity: field(
      7,
      described('ClientIP: a client stays with its pod. None (default): it does not.', string()),
    ),
    loadBalancerIP: field(8, string()),
    loadBalancerSourceRanges: field(9, list(string())),
    externalName: field(10, described('The name that a Service of type ExternalName stands for.', string())),
    externalTrafficPolicy: field(
      11,
      described('Cluster (default): any pod. Local: only pods on the node that was reached.', string()),
    ),
    healthCheckNodePort: field(12, int32()),
    publishNotReadyAddresses: field(13, boolean()),
    sessionAffinityConfig: field(14, SessionAffinityConfig),
    ipFamilyPolicy: field(17, pointer(string())),
    clusterIPs: field(18, list(string())),
    ipFamilies: field(19, list(string())),
    allocateLoadBalancerNodePorts: field(20, pointer(boolean())),
    loadBalancerClass: field(21, pointer(string())),
    internalTrafficPolicy: field(
      22,
      described("Cluster (default): any pod. Local: only pods on the client's node.", pointer(string())),
    ),
    trafficDistribution: field(23, pointer(string())),
  },
  { description: 'Which pods a Service leads to, and how it is reached.' },
);
/** The JSON form of `core.v1.ServiceSpec`. */
export type ServiceSpec = Static<typeof ServiceSpec>;

/** `core.v1.PortStatus`. */
export const PortStatus = object('core.v1.PortStatus', {
  port: required(1, int32()),
  protocol: required(2, string()),
  error: field(3, pointer(string())),
});
/** The JSON form of `core.v1.PortStatus`. */
export type PortStatus = Static<typeof PortStatus>;

/** `core.v1.LoadBalancerIngress`. */
export const LoadBalancerIngress = object('core.v1.LoadBalancerIngress', {
  ip: field(1, string()),
  hostname: field(2, string()),
  ipMode: field(3, pointer(string())),
  ports: field(4, list(PortStatus)),
});
/** The JSON form of `core.v1.LoadBalancerIngress`. */
export type LoadBalancerIngress = Static<typeof LoadBalancerIngress>;

/** `core.v1.LoadBalancerStatus`. */
export const LoadBalancerStatus = object('core.v1.LoadBalancerStatus', {
  ingress: field(1, list(LoadBalancerIngress)),
});
/** The JSON form of `core.v1.LoadBalancerStatus`. */
export type LoadBalancerStatus = Static<typeof LoadBalancerStatus>;

/** `core.v1.ServiceStatus`. */
export const ServiceStatus = object('core.v1.ServiceStatus', {
  loadBalancer: field(1, value(LoadBalancerStatus)),
  conditions: field(2, listMap(Condition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' })),
});
/** The JSON form of `core.v1.ServiceStatus`. */
export type ServiceStatus = Static<typeof ServiceStatus>;

/** `core.v1.Service`. */
export const Service = object(
  'core.v1.Service',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('Which pods, on which ports, and how they are reached.', value(ServiceSpec))),
    status: field(3, described('What was last seen of it. Read-only.', value(ServiceStatus))),
  },
  { description: 'One stable address for a set of pods, with connections spread over them.' },
);
/** The JSON form of `core.v1.Service`. */
export type Service = Static<typeof Service>;

/** Services. */
export const serviceKind = defineKind<Service>({
  group: '',
  version: 'v1',
  kind: 'Service',
  schema: Service,
  shortNames: ['svc'],
  categories: ['all'],
  hasStatus: true,
  columns: serviceColumns,
  applyDefaults: applyServiceDefaults,
  prepareForCreate: prepareService,
  prepareForUpdate(service, old) {
    carryOver(service, old, 'status');
    carryAllocations(service, old);
    completeAddresses(service);
  },
  prepareForStatusUpdate(service, old) {
    carryOver(service, old, 'spec');
  },
  validateName: nameOf(dns1035Label),
  validate: validateService,
  validateUpdate: validateServiceUpdate,
  validateStatusUpdate: validateServiceStatus,
  warnings: serviceWarnings,
});
