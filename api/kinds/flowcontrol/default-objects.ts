import type { FlowSchemaSpec, PolicyRulesWithSubjects, ResourcePolicyRule, Subject } from './flowschema.ts';
import type { PriorityLevelConfigurationSpec } from './prioritylevelconfiguration.ts';

/** An object that a cluster begins with, by name. */
export interface DefaultObject<Spec> {
  readonly name: string;
  readonly spec: Spec;
  /** It is put back when it is gone or changed, and no client may change it (upstream: mandatory); others are only kept as upstream has them while nobody changed them. */
  readonly mandatory: boolean;
}

const EVERYTHING = ['*'];
const groups = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'Group', group: { name } }));
const users = (...names: string[]): Subject[] => names.map((name) => ({ kind: 'User', user: { name } }));
const systemAccounts = (...names: string[]): Subject[] =>
  names.map((name) => ({ kind: 'ServiceAccount', serviceAccount: { name, namespace: 'kube-system' } }));

const everything = (subjects: Subject[]): PolicyRulesWithSubjects => ({
  subjects,
  resourceRules: [
    { verbs: EVERYTHING, apiGroups: EVERYTHING, resources: EVERYTHING, clusterScope: true, namespaces: EVERYTHING },
  ],
  nonResourceRules: [{ verbs: EVERYTHING, nonResourceURLs: EVERYTHING }],
});
const locks = (apiGroup: string, ...resources: string[]): ResourcePolicyRule => ({
  verbs: ['get', 'create', 'update'],
  apiGroups: [apiGroup],
  resources,
  namespaces: EVERYTHING,
});

const COORDINATION = 'coordination.k8s.io';
const EVERYBODY = groups('system:unauthenticated', 'system:authenticated');
const NODES = groups('system:nodes');

/** What a schema says, in the order: level, precedence, method, rules. */
type Row = readonly [
  level: string,
  precedence: number,
  method: 'ByUser' | 'ByNamespace' | undefined,
  rules: PolicyRulesWithSubjects,
];

const schema = (
  name: string,
  [level, precedence, method, rules]: Row,
  mandatory = false,
): DefaultObject<FlowSchemaSpec> => ({
  name,
  mandatory,
  spec: {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence: precedence,
    ...(method === undefined ? {} : { distinguisherMethod: { type: method } }),
    rules: [rules],
  },
});

/** The FlowSchemas that a cluster begins with (apiserver: flowcontrol/bootstrap). */
export const DEFAULT_FLOW_SCHEMAS: readonly DefaultObject<FlowSchemaSpec>[] = [
  schema('exempt', ['exempt', 1, undefined, everything(groups('system:masters'))], true),
  schema('catch-all', ['catch-all', 10_000, 'ByUser', everything(EVERYBODY)], true),
  schema('system-nodes', ['system', 500, 'ByUser', everything(NODES)]),
  schema('system-node-high', [
    'node-high',
    400,
    'ByUser',
    {
      subjects: NODES,
      resourceRules: [
        {
          verbs: EVERYTHING,
          apiGroups: [''],
          resources: ['nodes', 'nodes/status'],
          clusterScope: true,
          namespaces: EVERYTHING,
        },
        { verbs: EVERYTHING, apiGroups: [COORDINATION], resources: ['leases'], namespaces: EVERYTHING },
      ],
    },
  ]),
  schema('probes', [
    'exempt',
    2,
    undefined,
    { subjects: EVERYBODY, nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] }] },
  ]),
  schema('system-leader-election', [
    'leader-election',
    100,
    'ByUser',
    {
      subjects: [...users('system:kube-controller-manager', 'system:kube-scheduler'), ...systemAccounts('*')],
      resourceRules: [locks(COORDINATION, 'leases')],
    },
  ]),
  schema('workload-leader-election', [
    'leader-election',
    200,
    'ByUser',
    {
      subjects: systemAccounts('*'),
      resourceRules: [locks('', 'endpoints', 'configmaps'), locks(COORDINATION, 'leases')],
    },
  ]),
  schema('endpoint-controller', [
    'workload-high',
    150,
    'ByUser',
    {
      subjects: [
        ...users('system:kube-controller-manager'),
        ...systemAccounts('endpoint-controller', 'endpointslicemirroring-controller'),
      ],
      resourceRules: [locks('', 'endpoints')],
    },
  ]),
  schema('kube-controller-manager', [
    'workload-high',
    800,
    'ByNamespace',
    everything(users('system:kube-controller-manager')),
  ]),
  schema('kube-scheduler', ['workload-high', 800, 'ByNamespace', everything(users('system:kube-scheduler'))]),
  schema('kube-system-service-accounts', ['workload-high', 900, 'ByNamespace', everything(systemAccounts('*'))]),
  schema('service-accounts', ['workload-low', 9000, 'ByUser', everything(groups('system:serviceaccounts'))]),
  schema('global-default', ['global-default', 9900, 'ByUser', everything(EVERYBODY)]),
];

const queued = (
  name: string,
  shares: number,
  lendable: number,
  [queues, handSize]: readonly [queues: number, handSize: number],
): DefaultObject<PriorityLevelConfigurationSpec> => ({
  name,
  mandatory: false,
  spec: {
    type: 'Limited',
    limited: {
      nominalConcurrencyShares: shares,
      limitResponse: { type: 'Queue', queuing: { queues, handSize, queueLengthLimit: 50 } },
      lendablePercent: lendable,
    },
  },
});

/** The PriorityLevelConfigurations that a cluster begins with. */
export const DEFAULT_PRIORITY_LEVELS: readonly DefaultObject<PriorityLevelConfigurationSpec>[] = [
  {
    name: 'catch-all',
    mandatory: true,
    spec: {
      type: 'Limited',
      limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' }, lendablePercent: 0 },
    },
  },
  {
    name: 'exempt',
    mandatory: true,
    spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } },
  },
  queued('system', 30, 33, [64, 6]),
  queued('node-high', 40, 25, [64, 6]),
  queued('leader-election', 10, 0, [16, 4]),
  queued('workload-high', 40, 50, [128, 6]),
  queued('workload-low', 100, 90, [128, 6]),
  queued('global-default', 20, 50, [128, 6]),
];
