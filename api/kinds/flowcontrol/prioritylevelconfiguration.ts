import {
  type Static,
  described,
  field,
  int32,
  listMap,
  object,
  pointer,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { validateConditionTypes } from '#api/kinds/flowcontrol/flowschema-validation.ts';
import { validatePriorityLevel } from '#api/kinds/flowcontrol/prioritylevelconfiguration-validation.ts';

/** `flowcontrol.v1.QueuingConfiguration`. */
export const QueuingConfiguration = object(
  'flowcontrol.v1.QueuingConfiguration',
  {
    queues: required(1, described('How many queues there are. Default 64.', int32())),
    handSize: required(2, described('How many queues a flow may use; it takes the shortest. Default 8.', int32())),
    queueLengthLimit: required(3, described('How many requests may wait in a queue. Default 50.', int32())),
  },
  { description: 'How requests wait: in queues that are dealt out to flows.' },
);
/** The JSON form of `flowcontrol.v1.QueuingConfiguration`. */
export type QueuingConfiguration = Static<typeof QueuingConfiguration>;

/** `flowcontrol.v1.LimitResponse`. */
export const LimitResponse = object(
  'flowcontrol.v1.LimitResponse',
  {
    type: required(1, described('Queue: requests wait. Reject: they are answered 429.', string())),
    queuing: field(2, described('How they wait, for Queue.', QueuingConfiguration)),
  },
  { description: 'What happens to requests beyond the limit.' },
);
/** The JSON form of `flowcontrol.v1.LimitResponse`. */
export type LimitResponse = Static<typeof LimitResponse>;

/** `flowcontrol.v1.LimitedPriorityLevelConfiguration`. */
export const LimitedPriorityLevelConfiguration = object(
  'flowcontrol.v1.LimitedPriorityLevelConfiguration',
  {
    nominalConcurrencyShares: field(
      1,
      described(
        'Its share of the requests that may be in flight, against those of other levels. Default 30.',
        pointer(int32()),
      ),
    ),
    limitResponse: field(2, described('What happens to requests beyond the limit.', value(LimitResponse))),
    lendablePercent: field(
      3,
      described('How much of its share others may use meanwhile, 0 to 100. Default 0.', pointer(int32())),
    ),
    borrowingLimitPercent: field(
      4,
      described(
        'How much of others’ it may use, in percent of its own share; without it there is no limit.',
        pointer(int32()),
      ),
    ),
  },
  { description: 'The limit of a priority level.' },
);
/** The JSON form of `flowcontrol.v1.LimitedPriorityLevelConfiguration`. */
export type LimitedPriorityLevelConfiguration = Static<typeof LimitedPriorityLevelConfiguration>;

/** `flowcontrol.v1.ExemptPriorityLevelConfiguration`. */
export const ExemptPriorityLevelConfiguration = object(
  'flowcontrol.v1.ExemptPriorityLevelConfiguration',
  {
    nominalConcurrencyShares: field(
      1,
      described('What is set aside for it, against the shares of other levels. Default 0.', pointer(int32())),
    ),
    lendablePercent: field(
      2,
      described('How much of that others may use meanwhile, 0 to 100. Default 0.', pointer(int32())),
    ),
  },
  { description: 'What is set aside for a level without limit.' },
);
/** The JSON form of `flowcontrol.v1.ExemptPriorityLevelConfiguration`. */
export type ExemptPriorityLevelConfiguration = Static<typeof ExemptPriorityLevelConfiguration>;

/** `flowcontrol.v1.PriorityLevelConfigurationSpec`. */
export const PriorityLevelConfigurationSpec = object(
  'flowcontrol.v1.PriorityLevelConfigurationSpec',
  {
    type: required(1, described('Limited, or Exempt for the one without limit.', string())),
    limited: field(2, described('The limit, for Limited.', LimitedPriorityLevelConfiguration)),
    exempt: field(3, described('What is set aside, for Exempt.', ExemptPriorityLevelConfiguration)),
  },
  { description: 'How many requests of a level may be in flight.' },
);
/** The JSON form of `flowcontrol.v1.PriorityLevelConfigurationSpec`. */
export type PriorityLevelConfigurationSpec = Static<typeof PriorityLevelConfigurationSpec>;

/** `flowcontrol.v1.PriorityLevelConfigurationCondition`. */
export const PriorityLevelConfigurationCondition = object(
  'flowcontrol.v1.PriorityLevelConfigurationCondition',
  {
    type: field(1, described('The name of what may hold.', string())),
    status: field(2, described('True, False or Unknown.', string())),
    lastTransitionTime: field(3, described('When the status last changed.', time())),
    reason: field(4, described('Why, in one word.', string())),
    message: field(5, described('Why, in a sentence.', string())),
  },
  { description: 'Whether something holds of a priority level.' },
);
/** The JSON form of `flowcontrol.v1.PriorityLevelConfigurationCondition`. */
export type PriorityLevelConfigurationCondition = Static<typeof PriorityLevelConfigurationCondition>;

/** `flowcontrol.v1.PriorityLevelConfigurationStatus`. */
export const PriorityLevelConfigurationStatus = object(
  'flowcontrol.v1.PriorityLevelConfigurationStatus',
  {
    conditions: field(
      1,
      described(
        'The state of the level.',
        listMap(PriorityLevelConfigurationCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' }),
      ),
    ),
  },
  { description: 'The state of a priority level.' },
);
/** The JSON form of `flowcontrol.v1.PriorityLevelConfigurationStatus`. */
export type PriorityLevelConfigurationStatus = Static<typeof PriorityLevelConfigurationStatus>;

/** `flowcontrol.v1.PriorityLevelConfiguration`. */
export const PriorityLevelConfiguration = object(
  'flowcontrol.v1.PriorityLevelConfiguration',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('How many of its requests may be in flight.', value(PriorityLevelConfigurationSpec))),
    status: field(3, described('Its state. Read-only.', value(PriorityLevelConfigurationStatus))),
  },
  { description: 'A level of priority of requests, with a share of those that may be in flight.' },
);
/** The JSON form of `flowcontrol.v1.PriorityLevelConfiguration`. */
export type PriorityLevelConfiguration = Static<typeof PriorityLevelConfiguration>;

/** A cell out of the limit of a level. */
const limitCell = (
  name: string,
  description: string,
  of: (limited: LimitedPriorityLevelConfiguration) => number | undefined,
) =>
  textColumn<PriorityLevelConfiguration>(name, description, ({ spec }) => {
    const found = spec?.limited === undefined ? undefined : of(spec.limited);
    return found ?? '<none>';
  });

/** PriorityLevelConfigurations. */
export const priorityLevelConfigurationKind = defineKind<PriorityLevelConfiguration>({
  group: 'flowcontrol.apiserver.k8s.io',
  version: 'v1',
  kind: 'PriorityLevelConfiguration',
  schema: PriorityLevelConfiguration,
  scope: 'Cluster',
  hasStatus: true,
  hasGeneration: true,
  columns: [
    nameColumn,
    textColumn('Type', 'Limited or Exempt.', ({ spec }) => spec?.type ?? ''),
    limitCell('NominalConcurrencyShares', 'Its share.', ({ nominalConcurrencyShares }) => nominalConcurrencyShares),
    limitCell('Queues', 'How many queues it has.', ({ limitResponse }) => limitResponse?.queuing?.queues),
    limitCell('HandSize', 'How many queues a flow may use.', ({ limitResponse }) => limitResponse?.queuing?.handSize),
    limitCell(
      'QueueLengthLimit',
      'How many may wait in a queue.',
      ({ limitResponse }) => limitResponse?.queuing?.queueLengthLimit,
    ),
    ageColumn,
  ],
  applyDefaults({ spec }) {
    if (spec?.exempt !== undefined) {
      spec.exempt.nominalConcurrencyShares ??= 0;
      spec.exempt.lendablePercent ??= 0;
    }
    if (spec?.limited === undefined) return;
    spec.limited.nominalConcurrencyShares ??= 30;
    spec.limited.lendablePercent ??= 0;
    const queuing = spec.limited.limitResponse?.queuing;
    if (queuing === undefined) return;
    queuing.queues ||= 64;
    queuing.handSize ||= 8;
    queuing.queueLengthLimit ||= 50;
  },
  prepareForCreate(level) {
    level.status = {};
  },
  prepareForUpdate(level, old) {
    carryOver(level, old, 'status');
  },
  validate: (level) => [...validatePriorityLevel(level), ...validateConditionTypes(level.status?.conditions ?? [])],
  validateStatusUpdate: ({ status }) => validateConditionTypes(status?.conditions ?? []),
});
