import {
  type Static,
  boolean,
  described,
  field,
  int32,
  object,
  pointer,
  required,
  string,
} from '#api/schema/builders.ts';
import { ageColumn, integerColumn, nameColumn, textColumn, wide } from '#api/kinds/columns.ts';
import { defineKind } from '#api/kind.ts';
import { type FieldError, forbidden, invalid, notSupported } from '#api/meta/field-error.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `scheduling.v1.PriorityClass`. */
export const PriorityClass = object(
  'scheduling.v1.PriorityClass',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    value: field(2, described('The priority: pods of a higher one go first.', pointer(int32()))),
    globalDefault: field(3, described('Pods that name no class get this one. Only one class may say so.', boolean())),
    description: field(4, described('What the class is for.', string())),
    preemptionPolicy: field(
      5,
      described('PreemptLowerPriority (default): may push others off a node. Never: waits.', pointer(string())),
    ),
  },
  { description: 'A name for a priority that pods may have.' },
);
/** The JSON form of `scheduling.v1.PriorityClass`. */
export type PriorityClass = Static<typeof PriorityClass>;

const POLICIES = ['PreemptLowerPriority', 'Never'];
const HIGHEST_OF_USERS = 1_000_000_000;
const SYSTEM_PREFIX = 'system-';

/** The classes that every cluster has; nobody can delete them (pkg/apis/scheduling/v1: SystemPriorityClasses). */
export const SYSTEM_PRIORITY_CLASSES: readonly {
  readonly name: string;
  readonly value: number;
  readonly description: string;
}[] = [
  {
    name: 'system-node-critical',
    value: 2_000_001_000,
    description: 'Used for system critical pods that must not be moved from their current node.',
  },
  {
    name: 'system-cluster-critical',
    value: 2_000_000_000,
    description:
      'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  },
];

/** Why a class may not bear a name of the system's; undefined = it is one of them. */
function whyNotOfSystem(name: string, value: number, globalDefault: boolean): string | undefined {
  const known = SYSTEM_PRIORITY_CLASSES.find((one) => one.name === name);
  if (known === undefined) return `${name} is not a known system priority class`;
  if (known.value !== value) return `value of ${name} PriorityClass must be ${known.value}`;
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined;
}

function validate({ metadata, value = 0, globalDefault = false, preemptionPolicy }: PriorityClass): FieldError[] {
  const { name = '' } = metadata;
  const errors: FieldError[] = [];
  if (name.startsWith(SYSTEM_PREFIX)) {
    const why = whyNotOfSystem(name, value, globalDefault);
    if (why !== undefined)
      errors.push(
        forbidden(
          'metadata.name',
          `priority class names with '${SYSTEM_PREFIX}' prefix are reserved for system use only. error: ${why}`,
        ),
      );
  } else if (value > HIGHEST_OF_USERS)
    errors.push(forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST_OF_USERS}`));
  if (preemptionPolicy !== undefined && !POLICIES.includes(preemptionPolicy))
    errors.push(notSupported('preemptionPolicy', preemptionPolicy, POLICIES));
  return errors;
}

/** PriorityClasses. */
export const priorityClassKind = defineKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  schema: PriorityClass,
  shortNames: ['pc'],
  scope: 'Cluster',
  hasGeneration: true,
  columns: [
    nameColumn,
    integerColumn('Value', 'The priority.', ({ value = 0 }) => value),
    {
      name: 'Global-Default',
      type: 'boolean',
      description: 'Do pods that name no class get it.',
      cell: ({ globalDefault = false }) => globalDefault,
    },
    ageColumn,
    wide(textColumn('PreemptionPolicy', 'May its pods push others off a node.', (one) => one.preemptionPolicy ?? '')),
  ],
  applyDefaults(object) {
    object.value ??= 0;
    object.preemptionPolicy ??= 'PreemptLowerPriority';
  },
  validate,
  updateRulesOnly: true,
  validateUpdate: (object, old) => [
    ...(object.value === old.value ? [] : [forbidden('value', 'may not be changed in an update.')]),
    ...(object.preemptionPolicy === old.preemptionPolicy
      ? []
      : [invalid('preemptionPolicy', object.preemptionPolicy, IMMUTABLE)]),
  ],
});
