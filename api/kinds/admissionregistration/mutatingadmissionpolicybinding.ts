import { type Static, described, field, object, required, string, value } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { MatchResources, ParamRef, applyMatchDefaults, paramRefText } from '#api/kinds/admissionregistration/policy.ts';
import {
  validateBindingReferences,
  validateMatchResources,
  validateMutatingOperations,
} from '#api/kinds/admissionregistration/policy-validation.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';

/** `admissionregistration.v1.MutatingAdmissionPolicyBindingSpec`. */
export const MutatingAdmissionPolicyBindingSpec = object(
  'admissionregistration.v1.MutatingAdmissionPolicyBindingSpec',
  {
    matchResources: field(3, described('Only these of the requests that the policy is about.', MatchResources)),
    paramRef: field(2, described('The objects with the parameters.', ParamRef)),
    policyName: field(1, described('The policy.', string())),
  },
  { description: 'Which policy is in force, and for what.' },
);
/** The JSON form of `admissionregistration.v1.MutatingAdmissionPolicyBindingSpec`. */
export type MutatingAdmissionPolicyBindingSpec = Static<typeof MutatingAdmissionPolicyBindingSpec>;

/** `admissionregistration.v1.MutatingAdmissionPolicyBinding`. */
export const MutatingAdmissionPolicyBinding = object(
  'admissionregistration.v1.MutatingAdmissionPolicyBinding',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('Which policy is in force, and for what.', value(MutatingAdmissionPolicyBindingSpec))),
  },
  { description: 'Puts a MutatingAdmissionPolicy in force, with parameters if it takes any.' },
);
/** The JSON form of `admissionregistration.v1.MutatingAdmissionPolicyBinding`. */
export type MutatingAdmissionPolicyBinding = Static<typeof MutatingAdmissionPolicyBinding>;

/** MutatingAdmissionPolicyBindings. */
export const mutatingAdmissionPolicyBindingKind = defineKind<MutatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicyBinding',
  schema: MutatingAdmissionPolicyBinding,
  categories: ['api-extensions'],
  scope: 'Cluster',
  hasGeneration: true,
  columns: [
    nameColumn,
    textColumn('PolicyName', 'The policy that it puts in force.', ({ spec }) => spec?.policyName ?? ''),
    textColumn('ParamRef', 'The objects with the parameters.', ({ spec }) => paramRefText(spec?.paramRef)),
    ageColumn,
  ],
  applyDefaults({ spec }) {
    applyMatchDefaults(spec?.matchResources);
  },
  validate: ({ spec = {} }) => [
    ...validateBindingReferences({ policyName: '', ...spec }, 'spec'),
    ...(spec.matchResources === undefined ? [] : validateMatchResources(spec.matchResources, 'spec.matchResources')),
    ...validateMutatingOperations(spec.matchResources, 'spec.matchResources'),
  ],
});
