import {
  type Static,
  boolean,
  described,
  field,
  int32,
  list,
  listMap,
  object,
  required,
  set,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { validateFlowSchema, validateFlowSchemaStatus } from '#api/kinds/flowcontrol/flowschema-validation.ts';

/** `flowcontrol.v1.FlowDistinguisherMethod`. */
export const FlowDistinguisherMethod = object(
  'flowcontrol.v1.FlowDistinguisherMethod',
  { type: required(1, described('ByUser or ByNamespace.', string())) },
  { description: 'How the requests of a schema are told apart into flows.' },
);
/** The JSON form of `flowcontrol.v1.FlowDistinguisherMethod`. */
export type FlowDistinguisherMethod = Static<typeof FlowDistinguisherMethod>;

/** `flowcontrol.v1.PriorityLevelConfigurationReference`. */
export const PriorityLevelConfigurationReference = object(
  'flowcontrol.v1.PriorityLevelConfigurationReference',
  { name: required(1, described('The name of the PriorityLevelConfiguration.', string())) },
  { description: 'A priority level.' },
);
/** The JSON form of `flowcontrol.v1.PriorityLevelConfigurationReference`. */
export type PriorityLevelConfigurationReference = Static<typeof PriorityLevelConfigurationReference>;

/** `flowcontrol.v1.UserSubject`. */
export const UserSubject = object(
  'flowcontrol.v1.UserSubject',
  { name: required(1, described('The name of the user, or * for all.', string())) },
  { description: 'A user.' },
);
/** The JSON form of `flowcontrol.v1.UserSubject`. */
export type UserSubject = Static<typeof UserSubject>;

/** `flowcontrol.v1.GroupSubject`. */
export const GroupSubject = object(
  'flowcontrol.v1.GroupSubject',
  { name: required(1, described('The name of the group, or * for all.', string())) },
  { description: 'The users of a group.' },
);
/** The JSON form of `flowcontrol.v1.GroupSubject`. */
export type GroupSubject = Static<typeof GroupSubject>;

/** `flowcontrol.v1.ServiceAccountSubject`. */
export const ServiceAccountSubject = object(
  'flowcontrol.v1.ServiceAccountSubject',
  {
    namespace: required(1, described('The namespace of the account.', string())),
    name: required(2, described('The name of the account, or * for all of the namespace.', string())),
  },
  { description: 'A service account.' },
);
/** The JSON form of `flowcontrol.v1.ServiceAccountSubject`. */
export type ServiceAccountSubject = Static<typeof ServiceAccountSubject>;

/** `flowcontrol.v1.Subject`. */
export const Subject = object(
  'flowcontrol.v1.Subject',
  {
    kind: required(1, described('User, Group or ServiceAccount; the field of that name says which.', string())),
    user: field(2, described('The user.', UserSubject)),
    group: field(3, described('The group.', GroupSubject)),
    serviceAccount: field(4, described('The service account.', ServiceAccountSubject)),
  },
  { description: 'Who makes requests.' },
);
/** The JSON form of `flowcontrol.v1.Subject`. */
export type Subject = Static<typeof Subject>;

/** `flowcontrol.v1.ResourcePolicyRule`. */
export const ResourcePolicyRule = object(
  'flowcontrol.v1.ResourcePolicyRule',
  {
    verbs: required(1, described('Verbs, or * for all.', set(string()))),
    apiGroups: required(2, described('API groups, or * for all.', set(string()))),
    resources: required(3, described('Resources and subresources, or * for all.', set(string()))),
    clusterScope: field(4, described('Requests that have no namespace are meant too.', boolean())),
    namespaces: field(5, described('Namespaces, or * for all.', set(string()))),
  },
  { description: 'Requests on resources.' },
);
/** The JSON form of `flowcontrol.v1.ResourcePolicyRule`. */
export type ResourcePolicyRule = Static<typeof ResourcePolicyRule>;

/** `flowcontrol.v1.NonResourcePolicyRule`. */
export const NonResourcePolicyRule = object(
  'flowcontrol.v1.NonResourcePolicyRule',
  {
    verbs: required(1, described('Verbs, or * for all.', set(string()))),
    nonResourceURLs: required(6, described('Paths; /x/* is all below /x, and * every path.', set(string()))),
  },
  { description: 'Requests on other paths.' },
);
/** The JSON form of `flowcontrol.v1.NonResourcePolicyRule`. */
export type NonResourcePolicyRule = Static<typeof NonResourcePolicyRule>;

/** `flowcontrol.v1.PolicyRulesWithSubjects`. */
export const PolicyRulesWithSubjects = object(
  'flowcontrol.v1.PolicyRulesWithSubjects',
  {
    subjects: required(1, described('Who makes them.', list(Subject))),
    resourceRules: field(2, described('Those on resources.', list(ResourcePolicyRule))),
    nonResourceRules: field(3, described('Those on other paths.', list(NonResourcePolicyRule))),
  },
  { description: 'Requests by who makes them and what they are on.' },
);
/** The JSON form of `flowcontrol.v1.PolicyRulesWithSubjects`. */
export type PolicyRulesWithSubjects = Static<typeof PolicyRulesWithSubjects>;

/** `flowcontrol.v1.FlowSchemaSpec`. */
export const FlowSchemaSpec = object(
  'flowcontrol.v1.FlowSchemaSpec',
  {
    priorityLevelConfiguration: required(
      1,
      described('The priority level of the requests.', PriorityLevelConfigurationReference),
    ),
    matchingPrecedence: required(
      2,
      described('Schemas are tried from the least number to the greatest, 1 to 10000. Default 1000.', int32()),
    ),
    distinguisherMethod: field(
      3,
      described('How the requests are told apart into flows; without it they are one.', FlowDistinguisherMethod),
    ),
    rules: field(4, described('Which requests are meant.', list(PolicyRulesWithSubjects))),
  },
  { description: 'Which requests belong to which priority level.' },
);
/** The JSON form of `flowcontrol.v1.FlowSchemaSpec`. */
export type FlowSchemaSpec = Static<typeof FlowSchemaSpec>;

/** `flowcontrol.v1.FlowSchemaCondition`. */
export const FlowSchemaCondition = object(
  'flowcontrol.v1.FlowSchemaCondition',
  {
    type: field(1, described('Dangling: the priority level is not there.', string())),
    status: field(2, described('True, False or Unknown.', string())),
    lastTransitionTime: field(3, described('When the status last changed.', time())),
    reason: field(4, described('Why, in one word.', string())),
    message: field(5, described('Why, in a sentence.', string())),
  },
  { description: 'Whether something holds of a FlowSchema.' },
);
/** The JSON form of `flowcontrol.v1.FlowSchemaCondition`. */
export type FlowSchemaCondition = Static<typeof FlowSchemaCondition>;

/** `flowcontrol.v1.FlowSchemaStatus`. */
export const FlowSchemaStatus = object(
  'flowcontrol.v1.FlowSchemaStatus',
  {
    conditions: field(
      1,
      described(
        'The state of the schema.',
        listMap(FlowSchemaCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' }),
      ),
    ),
  },
  { description: 'The state of a FlowSchema.' },
);
/** The JSON form of `flowcontrol.v1.FlowSchemaStatus`. */
export type FlowSchemaStatus = Static<typeof FlowSchemaStatus>;

/** `flowcontrol.v1.FlowSchema`. */
export const FlowSchema = object(
  'flowcontrol.v1.FlowSchema',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('Which requests belong to which priority level.', value(FlowSchemaSpec))),
    status: field(3, described('Its state. Read-only.', value(FlowSchemaStatus))),
  },
  { description: 'Assigns requests to a priority level, by who makes them and what they are on.' },
);
/** The JSON form of `flowcontrol.v1.FlowSchema`. */
export type FlowSchema = Static<typeof FlowSchema>;

const DEFAULT_PRECEDENCE = 1000;

/** FlowSchemas. */
export const flowSchemaKind = defineKind<FlowSchema>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'FlowSchema',
  schema: FlowSchema,
  scope: 'Cluster',
  hasStatus: true,
  hasGeneration: true,
  columns: [
    nameColumn,
    textColumn(
      'PriorityLevel',
      'The priority level of its requests.',
      ({ spec }) => spec?.priorityLevelConfiguration.name ?? '',
    ),
    textColumn('MatchingPrecedence', 'Its place among the schemas.', ({ spec }) => spec?.matchingPrecedence ?? 0),
    textColumn(
      'DistinguisherMethod',
      'How its requests are told apart.',
      ({ spec }) => spec?.distinguisherMethod?.type ?? '<none>',
    ),
    ageColumn,
    textColumn(
      'MissingPL',
      'Is its priority level missing.',
      ({ status }) => status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
    ),
  ],
  applyDefaults({ spec }) {
    if (spec !== undefined) spec.matchingPrecedence ||= DEFAULT_PRECEDENCE;
  },
  prepareForCreate(schema) {
    schema.status = {};
  },
  prepareForUpdate(schema, old) {
    carryOver(schema, old, 'status');
  },
  validate: validateFlowSchema,
  validateStatusUpdate: validateFlowSchemaStatus,
});
