import { expect, test } from 'bun:test';
import type { Kind, KubeObject } from '#api/kind.ts';
import { validateChange, validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { applySchemaDefaults } from '#api/schema/defaults.ts';
import { decodeProtobuf } from '#api/schema/protobuf.ts';
import { mutatingAdmissionPolicyKind } from './mutatingadmissionpolicy.ts';
import { mutatingAdmissionPolicyBindingKind } from './mutatingadmissionpolicybinding.ts';
import { mutatingWebhookConfigurationKind } from './mutatingwebhookconfiguration.ts';
import { validatingAdmissionPolicyKind } from './validatingadmissionpolicy.ts';
import { validatingAdmissionPolicyBindingKind } from './validatingadmissionpolicybinding.ts';
import { validatingWebhookConfigurationKind } from './validatingwebhookconfiguration.ts';

function make<T extends KubeObject>(kind: Kind<T>, fields: object): T {
  const { object } = decode(kind, { metadata: { name: 'x', resourceVersion: '1' }, ...fields });
  applySchemaDefaults(kind.schema, object);
  kind.applyDefaults?.(object);
  return object;
}
const faults = <T extends KubeObject>(kind: Kind<T>, fields: object): string[] =>
  validateCreate(kind, make(kind, fields)).map(({ field, detail }) => `${field}: ${detail}`);

const HOOK = {
  name: 'a.b.c',
  clientConfig: { url: 'https://127.0.0.1:1/x' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
};
const hook = (more: object): object => ({ webhooks: [{ ...HOOK, ...more }] });
const rule = (more: object): object => hook({ rules: [{ ...HOOK.rules[0], ...more }] });

test('a webhook gets its defaults', () => {
  const [made] =
    make(mutatingWebhookConfigurationKind, hook({ clientConfig: { service: { name: 's', namespace: 'n' } } }))
      .webhooks ?? [];
  expect(made).toMatchObject({
    failurePolicy: 'Fail',
    matchPolicy: 'Equivalent',
    namespaceSelector: {},
    objectSelector: {},
    reinvocationPolicy: 'Never',
    timeoutSeconds: 10,
    clientConfig: { service: { port: 443 } },
    rules: [{ scope: '*' }],
  });
  const [asked] = make(validatingWebhookConfigurationKind, hook({})).webhooks ?? [];
  expect(Object.keys(asked ?? {})).not.toContain('reinvocationPolicy');
});

test.each([
  [hook({}), []],
  [
    { webhooks: [{ name: 'short', clientConfig: {}, sideEffects: 'Some', admissionReviewVersions: [] }] },
    [
      'webhooks[0].name: Invalid value: "short": should be a domain with at least three segments separated by dots',
      'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
      'webhooks[0].clientConfig: Required value: exactly one of url or service is required',
      'webhooks[0].admissionReviewVersions: Required value: must specify one of v1, v1beta1',
    ],
  ],
  [{ webhooks: [HOOK, HOOK] }, ['webhooks[1].name: Duplicate value: "a.b.c"']],
  [
    hook({ sideEffects: undefined, timeoutSeconds: 31 }),
    [
      'webhooks[0].sideEffects: Required value: must specify one of None, NoneOnDryRun',
      'webhooks[0].timeoutSeconds: Invalid value: 31: the timeout value must be between 1 and 30 seconds',
    ],
  ],
  [
    hook({ admissionReviewVersions: ['v2', 'v2'] }),
    [
      'webhooks[0].admissionReviewVersions[1]: Invalid value: "v2": duplicate version',
      'webhooks[0].admissionReviewVersions: Invalid value: []string{"v2", "v2"}: must include at least one of v1, v1beta1',
    ],
  ],
  [
    hook({ clientConfig: { url: 'http://me@host/x?a=b#c' } }),
    [
      'webhooks[0].clientConfig.url: Invalid value: "http": \'https\' is the only allowed URL scheme; desired format: https://host[/path]',
      'webhooks[0].clientConfig.url: Invalid value: "me": user information is not permitted in the URL',
      'webhooks[0].clientConfig.url: Invalid value: "c": fragments are not permitted in the URL',
      'webhooks[0].clientConfig.url: Invalid value: "a=b": query parameters are not permitted in the URL',
    ],
  ],
  [
    hook({ clientConfig: { service: { name: 's', namespace: 'n', path: '/a//b', port: 70_000 } } }),
    [
      'webhooks[0].clientConfig.service.port: Invalid value: 70000: port is not valid: must be between 1 and 65535, inclusive',
      'webhooks[0].clientConfig.service.path: Invalid value: "/a//b": segment[1] may not be empty',
    ],
  ],
  [
    rule({ operations: ['*', 'X'], apiGroups: [], apiVersions: ['*', 'v1'], scope: 'Both' }),
    [
      'webhooks[0].rules[0].operations: Invalid value: []admissionregistration.OperationType{"*", "X"}: if \'*\' is present, must not specify other operations',
      'webhooks[0].rules[0].operations[1]: Unsupported value: "X": supported values: "*", "CONNECT", "CREATE", "DELETE", "UPDATE"',
      'webhooks[0].rules[0].apiGroups: Required value',
      'webhooks[0].rules[0].apiVersions: Invalid value: []string{"*", "v1"}: if \'*\' is present, must not specify other API versions',
      'webhooks[0].rules[0].scope: Unsupported value: "Both": supported values: "*", "Cluster", "Namespaced"',
    ],
  ],
  [
    rule({ resources: ['pods/*', 'pods/log', '*/*'] }),
    [
      'webhooks[0].rules[0].resources[1]: Invalid value: "pods/log": if \'pods/*\' is present, must not specify pods/log',
      'webhooks[0].rules[0].resources: Invalid value: []string{"pods/*", "pods/log", "*/*"}: if \'*/*\' is present, must not specify other resources',
    ],
  ],
  [
    hook({ matchConditions: [{ name: 'a b', expression: ' ' }] }),
    [
      'webhooks[0].matchConditions[0].expression: Required value',
      "webhooks[0].matchConditions[0].name: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
    ],
  ],
])('a configuration %j has the faults %j', (fields, texts) => {
  expect(faults(validatingWebhookConfigurationKind, fields)).toEqual(texts);
});

test('what an older configuration has already stays allowed', () => {
  const old = make(validatingWebhookConfigurationKind, hook({ sideEffects: 'Some', admissionReviewVersions: ['v7'] }));
  expect(validateChange(validatingWebhookConfigurationKind, old, old)).toEqual([]);
  expect(validateCreate(validatingWebhookConfigurationKind, old)).toHaveLength(2);
});

const MATCH = {
  resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
};
const POLICY = { matchConstraints: MATCH, validations: [{ expression: 'true' }] };

test('a policy gets its defaults', () => {
  expect(make(validatingAdmissionPolicyKind, { spec: POLICY }).spec).toMatchObject({
    failurePolicy: 'Fail',
    matchConstraints: {
      matchPolicy: 'Equivalent',
      namespaceSelector: {},
      objectSelector: {},
      resourceRules: [{ scope: '*' }],
    },
  });
});

test.each([
  [POLICY, []],
  [
    {},
    [
      'spec.matchConstraints: Required value',
      'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
      'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
    ],
  ],
  [
    { ...POLICY, paramKind: { apiVersion: 'a/b/c', kind: '1' }, variables: [{ name: 'in', expression: '' }] },
    [
      'spec.paramKind.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c',
      "spec.paramKind.kind: Invalid value: \"1\": may have mixed case, but should otherwise match: a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
      'spec.variables[0].name: Invalid value: "in": name is not a valid CEL identifier',
      'spec.variables[0].expression: Required value: expression is not specified',
    ],
  ],
  [
    { ...POLICY, validations: [{ expression: '', message: 'a\nb', messageExpression: ' ', reason: 'No' }] },
    [
      'spec.validations[0].expression: Required value: expression is not specified',
      'spec.validations[0].messageExpression: Invalid value: " ": must be non-empty if specified',
      'spec.validations[0].message: Invalid value: "a\\nb": message must not contain line breaks',
      'spec.validations[0].reason: Unsupported value: "No": supported values: "Forbidden", "Invalid", "RequestEntityTooLarge"',
    ],
  ],
  [
    {
      matchConstraints: {},
      auditAnnotations: [
        { key: 'k', valueExpression: '1' },
        { key: 'k', valueExpression: '' },
      ],
    },
    [
      'spec.matchConstraints.resourceRules: Required value',
      'spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but got int',
      'spec.auditAnnotations[1].valueExpression: Required value: valueExpression is not specified',
      'spec.auditAnnotations[1].key: Duplicate value: "k"',
    ],
  ],
])('a ValidatingAdmissionPolicy with spec %j has the faults %j', (spec, texts) => {
  expect(faults(validatingAdmissionPolicyKind, { spec })).toEqual(texts);
});

test('a binding names a policy, and parameters in one of two ways', () => {
  const binding = (spec: object): string[] => faults(validatingAdmissionPolicyBindingKind, { spec });
  expect(binding({ policyName: 'p', validationActions: ['Deny'] })).toEqual([]);
  expect(binding({ paramRef: {} })).toEqual([
    'spec.policyName: Required value',
    'spec.paramRef: Required value: one of name or selector must be specified',
    'spec.paramRef.parameterNotFoundAction: Required value',
    'spec.validationActions: Required value: at least one validation action is required',
  ]);
  expect(binding({ policyName: 'p', validationActions: ['Deny', 'Warn'] })).toEqual([
    'spec.validationActions: Invalid value: []admissionregistration.ValidationAction{"Deny", "Warn"}: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
  ]);
});

test('a MutatingAdmissionPolicy has changes in one form each, and none for what is deleted', () => {
  const policy = (spec: object): string[] => faults(mutatingAdmissionPolicyKind, { spec });
  const jsonPatch = { patchType: 'JSONPatch', jsonPatch: { expression: '[]' } };
  expect(policy({ matchConstraints: MATCH, mutations: [jsonPatch], reinvocationPolicy: 'Never' })).toEqual([]);
  expect(
    policy({
      matchConstraints: { resourceRules: [{ ...MATCH.resourceRules[0], operations: ['DELETE'] }] },
      mutations: [{ ...jsonPatch, patchType: 'ApplyConfiguration' }],
    }),
  ).toEqual([
    'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
    'spec.mutations[0].applyConfiguration: Required value: must be specified when patchType is ApplyConfiguration',
    'spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration',
    'spec.reinvocationPolicy: Required value',
  ]);
  expect(faults(mutatingAdmissionPolicyBindingKind, { spec: {} })).toEqual(['spec.policyName: Required value']);
});

test('policies and bindings show their parameters', () => {
  const cell = <T extends KubeObject>(kind: Kind<T>, spec: object): unknown =>
    kind.columns[2]?.cell(make(kind, { spec }), new Date(0));
  expect(cell(validatingAdmissionPolicyKind, {})).toBe('<unset>');
  expect(cell(mutatingAdmissionPolicyKind, { paramKind: { apiVersion: 'a/v1', kind: 'K' } })).toBe('a/v1/K');
  expect(cell(mutatingAdmissionPolicyBindingKind, { paramRef: { name: 'p' } })).toBe('*/p');
  expect(cell(validatingAdmissionPolicyBindingKind, { paramRef: { name: 'p', namespace: 'n' } })).toBe('n/p');
});

test('a rule within a rule is found in protobuf', () => {
  const message = (number: number, body: readonly number[]): number[] => [number * 8 + 2, body.length, ...body];
  const bytes = (text: string): number[] => [...new TextEncoder().encode(text)];
  const rule = [
    ...message(1, bytes('CREATE')),
    ...message(2, [...message(1, bytes('apps')), ...message(3, bytes('deployments'))]),
  ];
  const policy = message(2, message(2, message(3, [...message(1, bytes('x')), ...message(2, rule)])));
  const type = { apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingAdmissionPolicy' };
  const data = Uint8Array.from([...bytes('k8s\0'), ...message(2, policy)]);
  const { value } = decodeProtobuf(data, type, () => validatingAdmissionPolicyKind.schema);
  expect(value).toMatchObject({
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: ['apps'], operations: ['CREATE'], resourceNames: ['x'], resources: ['deployments'] },
        ],
      },
    },
  });
});
