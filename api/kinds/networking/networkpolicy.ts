import {
  type Static,
  described,
  field,
  int32,
  intOrString,
  list,
  object,
  pointer,
  required,
  string,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { formatLabelSelector } from '#api/meta/selectors.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { validateNetworkPolicy } from '#api/kinds/networking/networkpolicy-validation.ts';

/** `networking.v1.IPBlock`. */
export const IPBlock = object(
  'networking.v1.IPBlock',
  {
    cidr: required(1, described('A network, such as 192.168.1.0/24.', string())),
    except: field(2, described('Networks within it that do not count.', list(string()))),
  },
  { description: 'A range of addresses, less some within it.' },
);
/** The JSON form of `networking.v1.IPBlock`. */
export type IPBlock = Static<typeof IPBlock>;

/** `networking.v1.NetworkPolicyPeer`. */
export const NetworkPolicyPeer = object(
  'networking.v1.NetworkPolicyPeer',
  {
    podSelector: field(
      1,
      described(
        'Pods by their labels, in the namespace of the policy or in those of namespaceSelector.',
        LabelSelector,
      ),
    ),
    namespaceSelector: field(
      2,
      described('Namespaces by their labels; without podSelector all their pods.', LabelSelector),
    ),
    ipBlock: field(3, described('Addresses; excludes the other two.', IPBlock)),
  },
  { description: 'Somebody who may be talked to or may talk.' },
);
/** The JSON form of `networking.v1.NetworkPolicyPeer`. */
export type NetworkPolicyPeer = Static<typeof NetworkPolicyPeer>;

/** `networking.v1.NetworkPolicyPort`. */
export const NetworkPolicyPort = object(
  'networking.v1.NetworkPolicyPort',
  {
    protocol: field(1, described('TCP (default), UDP or SCTP.', pointer(string({ default: 'TCP' })))),
    port: field(2, described('The number or name of the port; without it all ports.', intOrString())),
    endPort: field(3, described('The last of a range of ports that begins at port.', pointer(int32()))),
  },
  { description: 'A port or a range of ports.' },
);
/** The JSON form of `networking.v1.NetworkPolicyPort`. */
export type NetworkPolicyPort = Static<typeof NetworkPolicyPort>;

/** `networking.v1.NetworkPolicyEgressRule`. */
export const NetworkPolicyEgressRule = object(
  'networking.v1.NetworkPolicyEgressRule',
  {
    ports: field(1, described('The ports that may be reached; none listed: all.', list(NetworkPolicyPort))),
    to: field(2, described('Who may be reached; none listed: everybody.', list(NetworkPolicyPeer))),
  },
  { description: 'Traffic that may leave the pods.' },
);
/** The JSON form of `networking.v1.NetworkPolicyEgressRule`. */
export type NetworkPolicyEgressRule = Static<typeof NetworkPolicyEgressRule>;

/** `networking.v1.NetworkPolicyIngressRule`. */
export const NetworkPolicyIngressRule = object(
  'networking.v1.NetworkPolicyIngressRule',
  {
    ports: field(1, described('The ports of the pods that are open; none listed: all.', list(NetworkPolicyPort))),
    from: field(2, described('For whom they are open; none listed: everybody.', list(NetworkPolicyPeer))),
  },
  { description: 'Traffic that may reach the pods.' },
);
/** The JSON form of `networking.v1.NetworkPolicyIngressRule`. */
export type NetworkPolicyIngressRule = Static<typeof NetworkPolicyIngressRule>;

/** `networking.v1.NetworkPolicySpec`. */
export const NetworkPolicySpec = object(
  'networking.v1.NetworkPolicySpec',
  {
    podSelector: field(
      1,
      described('The pods that the policy is for, by their labels; empty: all of the namespace.', value(LabelSelector)),
    ),
    ingress: field(
      2,
      described('What may reach the pods; an empty list lets nothing in.', list(NetworkPolicyIngressRule)),
    ),
    egress: field(
      3,
      described('What may leave the pods; an empty list lets nothing out.', list(NetworkPolicyEgressRule)),
    ),
    policyTypes: field(
      4,
      described(
        'Which directions the policy limits: Ingress, Egress. Default: Ingress, and Egress if it has rules.',
        list(string()),
      ),
    ),
  },
  { description: 'Which pods a policy is for, and what it lets through.' },
);
/** The JSON form of `networking.v1.NetworkPolicySpec`. */
export type NetworkPolicySpec = Static<typeof NetworkPolicySpec>;

/** `networking.v1.NetworkPolicy`. */
export const NetworkPolicy = object(
  'networking.v1.NetworkPolicy',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('Which pods it is for, and what it lets through.', value(NetworkPolicySpec))),
  },
  { description: 'Says who may talk to a set of pods, and to whom they may talk.' },
);
/** The JSON form of `networking.v1.NetworkPolicy`. */
export type NetworkPolicy = Static<typeof NetworkPolicy>;

/** NetworkPolicies. */
export const networkPolicyKind = defineKind<NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  schema: NetworkPolicy,
  shortNames: ['netpol'],
  hasGeneration: true,
  faultGroup: 'extensions',
  columns: [
    nameColumn,
    textColumn('Pod-Selector', 'The labels of the pods it is for.', ({ spec }) =>
      formatLabelSelector(spec?.podSelector ?? {}),
    ),
    ageColumn,
  ],
  applyDefaults({ spec }) {
    if (spec === undefined || spec.policyTypes?.length) return;
    spec.policyTypes = spec.egress?.length ? ['Ingress', 'Egress'] : ['Ingress'];
  },
  validate: (policy) => validateNetworkPolicy(policy, undefined),
  updateRulesOnly: true,
  validateUpdate: validateNetworkPolicy,
});
