import {
  type Static,
  described,
  embedded,
  field,
  int32,
  list,
  object,
  pointer,
  required,
  string,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { TypedLocalObjectReference } from '#api/meta/references.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import {
  validateIngress,
  validateIngressCreate,
  validateIngressStatus,
} from '#api/kinds/networking/ingress-validation.ts';

/** `networking.v1.ServiceBackendPort`. */
export const ServiceBackendPort = object(
  'networking.v1.ServiceBackendPort',
  {
    name: field(1, described('The name of the port, instead of its number.', string())),
    number: field(2, described('The number of the port, instead of its name.', int32())),
  },
  { mapType: 'atomic', description: 'A port of a Service, by name or by number.' },
);
/** The JSON form of `networking.v1.ServiceBackendPort`. */
export type ServiceBackendPort = Static<typeof ServiceBackendPort>;

/** `networking.v1.IngressServiceBackend`. */
export const IngressServiceBackend = object(
  'networking.v1.IngressServiceBackend',
  {
    name: required(1, described('The Service, in the namespace of the Ingress.', string())),
    port: field(2, described('Which of its ports.', value(ServiceBackendPort))),
  },
  { description: 'A Service as the target of an Ingress.' },
);
/** The JSON form of `networking.v1.IngressServiceBackend`. */
export type IngressServiceBackend = Static<typeof IngressServiceBackend>;

/** `networking.v1.IngressBackend`. */
export const IngressBackend = object(
  'networking.v1.IngressBackend',
  {
    resource: field(
      3,
      described(
        'Another object of the namespace that takes the requests, instead of a Service.',
        TypedLocalObjectReference,
      ),
    ),
    service: field(4, described('The Service that takes the requests.', IngressServiceBackend)),
  },
  { description: 'Where requests go: a Service or another object, one of the two.' },
);
/** The JSON form of `networking.v1.IngressBackend`. */
export type IngressBackend = Static<typeof IngressBackend>;

/** `networking.v1.HTTPIngressPath`. */
export const HTTPIngressPath = object(
  'networking.v1.HTTPIngressPath',
  {
    path: field(1, described('The path that is compared with that of the request; begins with a slash.', string())),
    backend: required(2, described('Where the requests that match go.', IngressBackend)),
    pathType: required(
      3,
      described(
        'How paths are compared. Exact: the same. Prefix: whole segments from the left. ImplementationSpecific: as the class says.',
        pointer(string()),
      ),
    ),
  },
  { description: 'A path and where its requests go.' },
);
/** The JSON form of `networking.v1.HTTPIngressPath`. */
export type HTTPIngressPath = Static<typeof HTTPIngressPath>;

/** `networking.v1.HTTPIngressRuleValue`. */
export const HTTPIngressRuleValue = object(
  'networking.v1.HTTPIngressRuleValue',
  { paths: required(1, described('The paths of the host.', list(HTTPIngressPath))) },
  { description: 'What happens to HTTP requests, by their path.' },
);
/** The JSON form of `networking.v1.HTTPIngressRuleValue`. */
export type HTTPIngressRuleValue = Static<typeof HTTPIngressRuleValue>;

/** `networking.v1.IngressRule`. */
export const IngressRule = object(
  'networking.v1.IngressRule',
  {
    host: field(
      1,
      described(
        'The name of the host, or *.name for any one label in front of it. Without it every host matches.',
        string(),
      ),
    ),
    http: field(1, embedded(2, described('What happens to the requests of the host.', HTTPIngressRuleValue))),
  },
  { description: 'The paths of one host.' },
);
/** The JSON form of `networking.v1.IngressRule`. */
export type IngressRule = Static<typeof IngressRule>;

/** `networking.v1.IngressTLS`. */
export const IngressTLS = object(
  'networking.v1.IngressTLS',
  {
    hosts: field(1, described('The hosts that the certificate is for.', list(string()))),
    secretName: field(2, described('The Secret with the certificate and its key.', string())),
  },
  { description: 'A certificate and the hosts it serves, on port 443.' },
);
/** The JSON form of `networking.v1.IngressTLS`. */
export type IngressTLS = Static<typeof IngressTLS>;

/** `networking.v1.IngressSpec`. */
export const IngressSpec = object(
  'networking.v1.IngressSpec',
  {
    defaultBackend: field(1, described('Where requests go that no rule matches.', IngressBackend)),
    tls: field(2, described('Certificates by host.', list(IngressTLS))),
    rules: field(3, described('Where requests go, by host and path.', list(IngressRule))),
    ingressClassName: field(4, described('The IngressClass whose controller serves this Ingress.', pointer(string()))),
  },
  { description: 'How requests from outside reach Services.' },
);
/** The JSON form of `networking.v1.IngressSpec`. */
export type IngressSpec = Static<typeof IngressSpec>;

/** `networking.v1.IngressPortStatus`. */
export const IngressPortStatus = object(
  'networking.v1.IngressPortStatus',
  {
    port: required(1, described('The number of the port.', int32())),
    protocol: required(2, described('TCP, UDP or SCTP.', string())),
    error: field(3, described('Why the port could not be opened, in one word.', pointer(string()))),
  },
  { description: 'A port of a load balancer and whether it works.' },
);
/** The JSON form of `networking.v1.IngressPortStatus`. */
export type IngressPortStatus = Static<typeof IngressPortStatus>;

/** `networking.v1.IngressLoadBalancerIngress`. */
export const IngressLoadBalancerIngress = object(
  'networking.v1.IngressLoadBalancerIngress',
  {
    ip: field(1, described('The address of the load balancer.', string())),
    hostname: field(2, described('The name of the load balancer.', string())),
    ports: field(4, described('The ports of the load balancer.', list(IngressPortStatus))),
  },
  { description: 'A point at which a load balancer takes requests.' },
);
/** The JSON form of `networking.v1.IngressLoadBalancerIngress`. */
export type IngressLoadBalancerIngress = Static<typeof IngressLoadBalancerIngress>;

/** `networking.v1.IngressLoadBalancerStatus`. */
export const IngressLoadBalancerStatus = object(
  'networking.v1.IngressLoadBalancerStatus',
  { ingress: field(1, described('The points at which it takes requests.', list(IngressLoadBalancerIngress))) },
  { description: 'A load balancer as it is.' },
);
/** The JSON form of `networking.v1.IngressLoadBalancerStatus`. */
export type IngressLoadBalancerStatus = Static<typeof IngressLoadBalancerStatus>;

/** `networking.v1.IngressStatus`. */
export const IngressStatus = object(
  'networking.v1.IngressStatus',
  { loadBalancer: field(1, described('The load balancer in front of it.', value(IngressLoadBalancerStatus))) },
  { description: 'An Ingress as its controller sees it.' },
);
/** The JSON form of `networking.v1.IngressStatus`. */
export type IngressStatus = Static<typeof IngressStatus>;

/** `networking.v1.Ingress`. */
export const Ingress = object(
  'networking.v1.Ingress',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('How requests from outside reach Services.', value(IngressSpec))),
    status: field(3, described('Where they arrive. Read-only.', value(IngressStatus))),
  },
  {
    description:
      'Leads HTTP requests from outside to Services, by host and path; a controller of its class does the work.',
  },
);
/** The JSON form of `networking.v1.Ingress`. */
export type Ingress = Static<typeof Ingress>;

/** How many hosts are shown before the rest is counted. */
const SHOWN_HOSTS = 3;
const ADDRESS_WIDTH = 16;

/** The first three hosts; how many rules there are beyond three when hosts were left out (upstream: formatHosts). */
function hosts({ spec }: Ingress): string {
  const rules = spec?.rules ?? [];
  const shown: string[] = [];
  let more = false;
  for (const { host = '' } of rules) {
    if (shown.length === SHOWN_HOSTS) more = true;
    if (!more && host !== '') shown.push(host);
  }
  if (shown.length === 0) return '*';
  return more ? `${shown.join(',')} + ${rules.length - SHOWN_HOSTS} more...` : shown.join(',');
}

function address({ status }: Ingress): string {
  const given = (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '');
  const text = [...new Set(given.filter((one) => one !== ''))].sort().join(',');
  return text.length > ADDRESS_WIDTH ? `${text.slice(0, ADDRESS_WIDTH - 3)}...` : text;
}

/** Ingresses. */
export const ingressKind = defineKind<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  schema: Ingress,
  shortNames: ['ing'],
  hasStatus: true,
  hasGeneration: true,
  faultGroup: 'extensions',
  columns: [
    nameColumn,
    textColumn(
      'Class',
      'The IngressClass whose controller serves it.',
      ({ spec }) => spec?.ingressClassName ?? '<none>',
    ),
    textColumn('Hosts', 'The hosts it is for.', hosts),
    textColumn('Address', 'Where requests arrive.', address),
    textColumn('Ports', 'The ports at which they arrive.', ({ spec }) => (spec?.tls?.length ? '80, 443' : '80')),
    ageColumn,
  ],
  prepareForCreate(ingress) {
    ingress.status = { loadBalancer: {} };
  },
  prepareForUpdate(ingress, old) {
    carryOver(ingress, old, 'status');
  },
  prepareForStatusUpdate(ingress, old) {
    carryOver(ingress, old, 'spec');
  },
  validate: validateIngressCreate,
  updateRulesOnly: true,
  validateUpdate: validateIngress,
  validateStatusUpdate: validateIngressStatus,
});
