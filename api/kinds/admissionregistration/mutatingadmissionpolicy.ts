import {
  type Static,
  described,
  field,
  list,
  listMap,
  object,
  pointer,
  required,
  string,
  value,
} from '#api/schema/builders.ts';
import type { AdmissionScope } from '#api/cel/admission-expressions.ts';
import { defineKind } from '#api/kind.ts';
import { type FieldError, invalid, notSupported, requiredValue } from '#api/meta/field-error.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { validateMatchConditions } from '#api/kinds/admissionregistration/condition-validation.ts';
import {
  MatchResources,
  ParamKind,
  Variable,
  applyMatchDefaults,
  paramKindText,
} from '#api/kinds/admissionregistration/policy.ts';
import {
  validateConstraints,
  validateFailurePolicy,
  validateMutatingOperations,
  validateParamKind,
  validateVariable,
} from '#api/kinds/admissionregistration/policy-validation.ts';
import { policyScope, validateMutationExpression } from '#api/kinds/admissionregistration/expression-validation.ts';
import { MatchCondition } from '#api/kinds/admissionregistration/webhook.ts';
import { REINVOCATION_POLICIES } from '#api/kinds/admissionregistration/webhook-validation.ts';
import { ageColumn, integerColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';

/** `admissionregistration.v1.ApplyConfiguration`. */
export const ApplyConfiguration = object(
  'admissionregistration.v1.ApplyConfiguration',
  { expression: field(1, described('CEL that gives an object of type Object with the fields to set.', string())) },
  { description: 'Fields that are set as server-side apply sets them.' },
);
/** The JSON form of `admissionregistration.v1.ApplyConfiguration`. */
export type ApplyConfiguration = Static<typeof ApplyConfiguration>;

/** `admissionregistration.v1.JSONPatch`. */
export const JSONPatch = object(
  'admissionregistration.v1.JSONPatch',
  { expression: field(1, described('CEL that gives a list of JSONPatch operations.', string())) },
  { description: 'Changes as a JSON patch (RFC 6902).' },
);
/** The JSON form of `admissionregistration.v1.JSONPatch`. */
export type JSONPatch = Static<typeof JSONPatch>;

/** `admissionregistration.v1.Mutation`. */
export const Mutation = object(
  'admissionregistration.v1.Mutation',
  {
    applyConfiguration: field(3, described('The fields to set, for the type ApplyConfiguration.', ApplyConfiguration)),
    jsonPatch: field(4, described('The changes, for the type JSONPatch.', JSONPatch)),
    patchType: required(2, described('ApplyConfiguration or JSONPatch.', string())),
  },
  { description: 'A change, in one of two forms.' },
);
/** The JSON form of `admissionregistration.v1.Mutation`. */
export type Mutation = Static<typeof Mutation>;

/** `admissionregistration.v1.MutatingAdmissionPolicySpec`. */
export const MutatingAdmissionPolicySpec = object(
  'admissionregistration.v1.MutatingAdmissionPolicySpec',
  {
    failurePolicy: field(
      5,
      described(
        'What happens when the policy itself is at fault. Fail (default): the request fails. Ignore: it goes on.',
        pointer(string()),
      ),
    ),
    matchConditions: field(
      6,
      described(
        'Further conditions on the request, in CEL; all must be true.',
        listMap(MatchCondition, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
      ),
    ),
    matchConstraints: field(2, described('Which requests it is about.', MatchResources)),
    mutations: field(4, described('The changes, one after the other.', list(Mutation))),
    paramKind: field(1, described('The kind of objects with its parameters, if it takes any.', ParamKind)),
    reinvocationPolicy: field(
      7,
      described('IfNeeded: it comes again when another changed the object after it. Never: once.', string()),
    ),
    variables: field(3, described('Values that the expressions share.', list(Variable))),
  },
  { description: 'What a policy changes, and of which requests.' },
);
/** The JSON form of `admissionregistration.v1.MutatingAdmissionPolicySpec`. */
export type MutatingAdmissionPolicySpec = Static<typeof MutatingAdmissionPolicySpec>;

/** `admissionregistration.v1.MutatingAdmissionPolicy`. */
export const MutatingAdmissionPolicy = object(
  'admissionregistration.v1.MutatingAdmissionPolicy',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('What it changes, and of which requests.', value(MutatingAdmissionPolicySpec))),
  },
  { description: 'Changes in CEL that are made to the objects of requests, where a binding puts them in force.' },
);
/** The JSON form of `admissionregistration.v1.MutatingAdmissionPolicy`. */
export type MutatingAdmissionPolicy = Static<typeof MutatingAdmissionPolicy>;

const PATCH_TYPES = ['ApplyConfiguration', 'JSONPatch'];

/** The faults of a policy (admissionregistration validation). */
function validatePolicy({ spec = {} }: MutatingAdmissionPolicy): FieldError[] {
  const { mutations = [], variables = [], paramKind, reinvocationPolicy = '' } = spec;
  const params = paramKind === undefined ? undefined : 'dyn';
  const { scope, faults } = policyScope(variables, params !== undefined, 'spec.variables');
  const errors = [
    ...validateFailurePolicy(spec.failurePolicy, 'spec.failurePolicy'),
    ...(paramKind === undefined ? [] : validateParamKind(paramKind, 'spec.paramKind')),
    ...validateConstraints(spec.matchConstraints, 'spec.matchConstraints'),
    ...validateMutatingOperations(spec.matchConstraints, 'spec.matchConstraints'),
    ...validateMatchConditions(spec.matchConditions ?? [], 'spec.matchConditions', params),
    ...variables.flatMap((one, index) => [
      ...validateVariable(one, `spec.variables[${index}]`),
      ...(faults[index] ?? []),
    ]),
    ...mutations.flatMap((one, index) => validateMutation(one, scope, `spec.mutations[${index}]`)),
  ];
  if (mutations.length === 0) errors.push(requiredValue('spec.mutations', 'mutations must contain at least one item'));
  if (reinvocationPolicy === '') errors.push(requiredValue('spec.reinvocationPolicy'));
  else if (!REINVOCATION_POLICIES.includes(reinvocationPolicy))
    errors.push(notSupported('spec.reinvocationPolicy', reinvocationPolicy, REINVOCATION_POLICIES));
  return errors;
}

function validateMutation(mutation: Mutation, scope: AdmissionScope, path: string): FieldError[] {
  const { patchType } = mutation;
  if (patchType === '') return [requiredValue(`${path}.patchType`)];
  if (!PATCH_TYPES.includes(patchType)) return [notSupported(`${path}.patchType`, patchType, PATCH_TYPES)];
  const [wanted, other] =
    patchType === 'JSONPatch'
      ? (['jsonPatch', 'applyConfiguration'] as const)
      : (['applyConfiguration', 'jsonPatch'] as const);
  const errors: FieldError[] = [];
  const given = mutation[wanted];
  if (given === undefined)
    errors.push(requiredValue(`${path}.${wanted}`, `must be specified when patchType is ${patchType}`));
  else if ((given.expression ?? '').trim() === '') errors.push(requiredValue(`${path}.${wanted}.expression`));
  else
    errors.push(...validateMutationExpression(given.expression ?? '', wanted, scope, `${path}.${wanted}.expression`));
  if (mutation[other] !== undefined)
    errors.push(invalid(`${path}.${other}`, `{${other}}`, `must not be specified when patchType is ${patchType}`));
  return errors;
}

/** MutatingAdmissionPolicies. */
export const mutatingAdmissionPolicyKind = defineKind<MutatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  schema: MutatingAdmissionPolicy,
  categories: ['api-extensions'],
  scope: 'Cluster',
  hasGeneration: true,
  columns: [
    nameColumn,
    integerColumn('Mutations', 'How many changes it makes.', ({ spec }) => spec?.mutations?.length ?? 0),
    textColumn('ParamKind', 'The kind of objects with its parameters.', ({ spec }) => paramKindText(spec?.paramKind)),
    ageColumn,
  ],
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.failurePolicy ??= 'Fail';
    applyMatchDefaults(spec.matchConstraints);
  },
  validate: validatePolicy,
});
