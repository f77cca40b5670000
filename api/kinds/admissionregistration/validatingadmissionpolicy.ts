import {
  type Static,
  described,
  field,
  int64,
  list,
  listMap,
  object,
  pointer,
  required,
  string,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { Condition } from '#api/meta/condition.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import {
  MatchResources,
  ParamKind,
  Variable,
  applyMatchDefaults,
  paramKindText,
} from '#api/kinds/admissionregistration/policy.ts';
import {
  validatePolicyStatus,
  validateValidatingPolicy,
} from '#api/kinds/admissionregistration/validatingadmissionpolicy-validation.ts';
import { MatchCondition } from '#api/kinds/admissionregistration/webhook.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { ageColumn, integerColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';

/** `admissionregistration.v1.AuditAnnotation`. */
export const AuditAnnotation = object(
  'admissionregistration.v1.AuditAnnotation',
  {
    key: required(1, described('The key, below the name of the policy: policy-name/key.', string())),
    valueExpression: required(2, described('CEL that gives the value, or null for none.', string())),
  },
  { description: 'A note for the audit log.' },
);
/** The JSON form of `admissionregistration.v1.AuditAnnotation`. */
export type AuditAnnotation = Static<typeof AuditAnnotation>;

/** `admissionregistration.v1.Validation`. */
export const Validation = object(
  'admissionregistration.v1.Validation',
  {
    expression: required(
      1,
      described(
        'CEL that must be true. It sees object, oldObject, request, params, namespaceObject, variables and authorizer.',
        string(),
      ),
    ),
    message: field(2, described('What is said when it is not, in one line.', string())),
    messageExpression: field(4, described('CEL that gives what is said; comes before message.', string())),
    reason: field(
      3,
      described(
        'The reason of the answer: Forbidden, Invalid (default), RequestEntityTooLarge, Unauthorized.',
        pointer(string()),
      ),
    ),
  },
  { description: 'A rule, and what is said when it is broken.' },
);
/** The JSON form of `admissionregistration.v1.Validation`. */
export type Validation = Static<typeof Validation>;

/** `admissionregistration.v1.ExpressionWarning`. */
export const ExpressionWarning = object(
  'admissionregistration.v1.ExpressionWarning',
  {
    fieldRef: required(2, described('Which expression: spec.validations[0].expression.', string())),
    warning: required(3, described('What does not fit, by the types of the resources that are matched.', string())),
  },
  { description: 'An expression that does not fit the types it may meet.' },
);
/** The JSON form of `admissionregistration.v1.ExpressionWarning`. */
export type ExpressionWarning = Static<typeof ExpressionWarning>;

/** `admissionregistration.v1.TypeChecking`. */
export const TypeChecking = object(
  'admissionregistration.v1.TypeChecking',
  { expressionWarnings: field(1, described('What does not fit.', list(ExpressionWarning))) },
  { description: 'What a check of all expressions against the types of the resources found.' },
);
/** The JSON form of `admissionregistration.v1.TypeChecking`. */
export type TypeChecking = Static<typeof TypeChecking>;

/** `admissionregistration.v1.ValidatingAdmissionPolicySpec`. */
export const ValidatingAdmissionPolicySpec = object(
  'admissionregistration.v1.ValidatingAdmissionPolicySpec',
  {
    auditAnnotations: field(5, described('Notes for the audit log.', list(AuditAnnotation))),
    failurePolicy: field(
      4,
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
    paramKind: field(1, described('The kind of objects with its parameters, if it takes any.', ParamKind)),
    validations: field(3, described('The rules.', list(Validation))),
    variables: field(
      7,
      described(
        'Values that the expressions share.',
        listMap(Variable, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
      ),
    ),
  },
  { description: 'What a policy demands, and of which requests.' },
);
/** The JSON form of `admissionregistration.v1.ValidatingAdmissionPolicySpec`. */
export type ValidatingAdmissionPolicySpec = Static<typeof ValidatingAdmissionPolicySpec>;

/** `admissionregistration.v1.ValidatingAdmissionPolicyStatus`. */
export const ValidatingAdmissionPolicyStatus = object(
  'admissionregistration.v1.ValidatingAdmissionPolicyStatus',
  {
    conditions: field(3, described('The state of the policy.', listMap(Condition, { keys: ['type'] }))),
    observedGeneration: field(1, described('The generation that this is about.', int64())),
    typeChecking: field(2, described('What a check of the types found.', TypeChecking)),
  },
  { description: 'What is known of a policy.' },
);
/** The JSON form of `admissionregistration.v1.ValidatingAdmissionPolicyStatus`. */
export type ValidatingAdmissionPolicyStatus = Static<typeof ValidatingAdmissionPolicyStatus>;

/** `admissionregistration.v1.ValidatingAdmissionPolicy`. */
export const ValidatingAdmissionPolicy = object(
  'admissionregistration.v1.ValidatingAdmissionPolicy',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('What it demands, and of which requests.', value(ValidatingAdmissionPolicySpec))),
    status: field(3, described('What is known of it. Read-only.', value(ValidatingAdmissionPolicyStatus))),
  },
  { description: 'Rules in CEL that requests have to keep, where a binding puts them in force.' },
);
/** The JSON form of `admissionregistration.v1.ValidatingAdmissionPolicy`. */
export type ValidatingAdmissionPolicy = Static<typeof ValidatingAdmissionPolicy>;

/** ValidatingAdmissionPolicies. */
export const validatingAdmissionPolicyKind = defineKind<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  schema: ValidatingAdmissionPolicy,
  categories: ['api-extensions'],
  scope: 'Cluster',
  hasStatus: true,
  hasGeneration: true,
  columns: [
    nameColumn,
    integerColumn('Validations', 'How many rules it has.', ({ spec }) => spec?.validations?.length ?? 0),
    textColumn('ParamKind', 'The kind of objects with its parameters.', ({ spec }) => paramKindText(spec?.paramKind)),
    ageColumn,
  ],
  applyDefaults({ spec }) {
    if (spec === undefined) return;
    spec.failurePolicy ??= 'Fail';
    applyMatchDefaults(spec.matchConstraints);
  },
  prepareForCreate(policy) {
    policy.status = {};
  },
  prepareForUpdate(policy, old) {
    carryOver(policy, old, 'status');
  },
  validate: validateValidatingPolicy,
  validateStatusUpdate: validatePolicyStatus,
});
