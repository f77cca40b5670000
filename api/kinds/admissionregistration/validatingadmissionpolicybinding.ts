import { type Static, described, field, object, required, set, string } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { type FieldError, duplicate, invalidShown, notSupported, requiredValue } from '#api/meta/field-error.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { MatchResources, ParamRef, applyMatchDefaults, paramRefText } from '#api/kinds/admissionregistration/policy.ts';
import {
  validateBindingReferences,
  validateMatchResources,
} from '#api/kinds/admissionregistration/policy-validation.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';

/** `admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec`. */
export const ValidatingAdmissionPolicyBindingSpec = object(
  'admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec',
  {
    matchResources: field(3, described('Only these of the requests that the policy is about.', MatchResources)),
    paramRef: field(2, described('The objects with the parameters.', ParamRef)),
    policyName: required(1, described('The policy.', string())),
    validationActions: required(
      4,
      described(
        'What a broken rule does. Deny: the request fails. Warn: the client is told. Audit: it is noted.',
        set(string()),
      ),
    ),
  },
  { description: 'Which policy is in force, for what, and what it does.' },
);
/** The JSON form of `admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec`. */
export type ValidatingAdmissionPolicyBindingSpec = Static<typeof ValidatingAdmissionPolicyBindingSpec>;

/** `admissionregistration.v1.ValidatingAdmissionPolicyBinding`. */
export const ValidatingAdmissionPolicyBinding = object(
  'admissionregistration.v1.ValidatingAdmissionPolicyBinding',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(
      2,
      described('Which policy is in force, for what, and what it does.', ValidatingAdmissionPolicyBindingSpec),
    ),
  },
  { description: 'Puts a ValidatingAdmissionPolicy in force, with parameters if it takes any.' },
);
/** The JSON form of `admissionregistration.v1.ValidatingAdmissionPolicyBinding`. */
export type ValidatingAdmissionPolicyBinding = Static<typeof ValidatingAdmissionPolicyBinding>;

const ACTIONS = ['Audit', 'Deny', 'Warn'];

function validateActions(actions: readonly string[], path: string): FieldError[] {
  const errors = actions.flatMap((action, index) => [
    ...(ACTIONS.includes(action) ? [] : [notSupported(`${path}[${index}]`, action, ACTIONS)]),
    ...(actions.indexOf(action) < index ? [duplicate(`${path}[${index}]`, action)] : []),
  ]);
  if (actions.includes('Deny') && actions.includes('Warn'))
    errors.push(
      invalidShown(
        path,
        `[]admissionregistration.ValidationAction{${actions.map((one) => JSON.stringify(one)).join(', ')}}`,
        'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
      ),
    );
  if (actions.length === 0) errors.push(requiredValue(path, 'at least one validation action is required'));
  return errors;
}

/** ValidatingAdmissionPolicyBindings. */
export const validatingAdmissionPolicyBindingKind = defineKind<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  schema: ValidatingAdmissionPolicyBinding,
  categories: ['api-extensions'],
  scope: 'Cluster',
  hasGeneration: true,
  columns: [
    nameColumn,
    textColumn('PolicyName', 'The policy that it puts in force.', ({ spec }) => spec.policyName),
    textColumn('ParamRef', 'The objects with the parameters.', ({ spec }) => paramRefText(spec.paramRef)),
    ageColumn,
  ],
  applyDefaults({ spec }) {
    applyMatchDefaults(spec.matchResources);
  },
  validate: ({ spec }) => [
    ...validateBindingReferences(spec, 'spec'),
    ...(spec.matchResources === undefined ? [] : validateMatchResources(spec.matchResources, 'spec.matchResources')),
    ...validateActions(spec.validationActions, 'spec.validationActions'),
  ],
});
