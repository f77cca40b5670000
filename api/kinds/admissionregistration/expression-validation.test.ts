import { describe, expect, test } from 'bun:test';
import type { Kind, KubeObject } from '#api/kind.ts';
import { validateChange, validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { applySchemaDefaults } from '#api/schema/defaults.ts';
import { mutatingAdmissionPolicyKind } from './mutatingadmissionpolicy.ts';
import { validatingAdmissionPolicyKind } from './validatingadmissionpolicy.ts';
import { validatingWebhookConfigurationKind } from './validatingwebhookconfiguration.ts';

function make<T extends KubeObject>(kind: Kind<T>, fields: object): T {
  const { object } = decode(kind, { metadata: { name: 'x', resourceVersion: '1' }, ...fields });
  applySchemaDefaults(kind.schema, object);
  kind.applyDefaults?.(object);
  return object;
}
const faults = <T extends KubeObject>(kind: Kind<T>, fields: object): string[] =>
  validateCreate(kind, make(kind, fields)).map(({ field, detail }) => `${field}: ${detail}`);

const RULE = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
const matchConstraints = { resourceRules: [RULE] };
const configuration = (...conditions: string[]): object => ({
  webhooks: [
    {
      name: 'a.b.c',
      clientConfig: { url: 'https://127.0.0.1:1/x' },
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
      rules: [RULE],
      matchConditions: conditions.map((expression, index) => ({ name: `c${index}`, expression })),
    },
  ],
});
const policy = (spec: object): string[] =>
  faults(validatingAdmissionPolicyKind, { spec: { matchConstraints, validations: [{ expression: 'true' }], ...spec } });
const undeclared = (name: string, source: string): string =>
  `compilation failed: ERROR: <input>:1:1: undeclared reference to '${name}' (in container '')\n | ${source}\n | ^`;

describe('matchConditions', () => {
  test('compile to a bool', () => {
    expect(
      faults(
        validatingWebhookConfigurationKind,
        configuration(' object.', 'object.spec.flag', '1', 'params.x == 1', 'request.dryRun'),
      ),
    ).toEqual([
      'webhooks[0].matchConditions[0].expression: Invalid value: "object.": compilation failed: ERROR: <input>:1:8: Syntax error: no viable alternative at input \'<EOF>\'\n | object.\n | .......^',
      'webhooks[0].matchConditions[1].expression: Invalid value: "object.spec.flag": must evaluate to bool but got dyn',
      'webhooks[0].matchConditions[2].expression: Invalid value: "1": must evaluate to bool but got int',
      `webhooks[0].matchConditions[3].expression: Invalid value: "params.x == 1": ${undeclared('params', 'params.x == 1')}`,
    ]);
  });

  test('of a configuration that has them already stay allowed', () => {
    const old = make(validatingWebhookConfigurationKind, configuration('nope'));
    const more = make(validatingWebhookConfigurationKind, configuration('nope', 'true'));
    expect(validateChange(validatingWebhookConfigurationKind, old, old)).toEqual([]);
    expect(validateChange(validatingWebhookConfigurationKind, more, old)).toHaveLength(1);
  });

  test('of a policy know its parameters, not its variables', () => {
    const variables = [{ name: 'v', expression: 'true' }];
    const paramKind = { apiVersion: 'v1', kind: 'ConfigMap' };
    const matchConditions = [
      { name: 'a', expression: 'has(params.x)' },
      { name: 'b', expression: 'variables.v' },
    ];
    expect(policy({ variables, paramKind, matchConditions })).toEqual([
      `spec.matchConditions[1].expression: Invalid value: "variables.v": ${undeclared('variables', 'variables.v')}`,
    ]);
  });
});

describe('the expressions of a ValidatingAdmissionPolicy', () => {
  test('know the types of request, namespace and variables', () => {
    const variables = [
      { name: 'yes', expression: 'request.operation == "CREATE"' },
      { name: 'team', expression: 'namespaceObject.metadata.labels["team"]' },
      { name: 'both', expression: 'variables.yes && variables.team == "a"' },
      { name: 'request', expression: 'request' },
      { name: 'access', expression: 'authorizer.group("").resource("pods")' },
      { name: 'none', expression: 'null' },
      { name: 'open', expression: '[]' },
    ];
    const validations = [
      { expression: 'variables.both' },
      { expression: 'variables.team', messageExpression: 'variables.team' },
      { expression: 'variables.none == null && variables.open.size() == 0 && variables.access.check("get").allowed()' },
      { expression: 'request.nope == 1' },
    ];
    expect(policy({ variables, validations })).toEqual([
      'spec.validations[1].expression: Invalid value: "variables.team": must evaluate to bool but got string',
      'spec.validations[3].expression: Invalid value: "request.nope == 1": compilation failed: ERROR: <input>:1:8: undefined field \'nope\'\n | request.nope == 1\n | .......^',
    ]);
  });

  test('a variable that does not compile is told once, and one knows only those before it', () => {
    const variables = [
      { name: 'bad', expression: 'nope' },
      { name: 'early', expression: 'variables.late' },
      { name: 'late', expression: '1' },
    ];
    expect(policy({ variables, validations: [{ expression: 'variables.bad == 1 && variables.late == 1' }] })).toEqual([
      `spec.variables[0].expression: Invalid value: "nope": ${undeclared('nope', 'nope')}`,
      'spec.variables[1].expression: Invalid value: "variables.late": compilation failed: ERROR: <input>:1:10: undefined field \'late\'\n | variables.late\n | .........^',
    ]);
  });

  test('a messageExpression makes a string without the authorizer, an annotation a string or null', () => {
    const validations = [
      { expression: 'true', messageExpression: '1' },
      { expression: 'true', messageExpression: 'authorizer' },
      { expression: 'true', messageExpression: '"a" + object.metadata.name' },
    ];
    const auditAnnotations = [
      { key: 'a', valueExpression: ' true' },
      { key: 'b', valueExpression: 'null' },
    ];
    expect(policy({ validations, auditAnnotations })).toEqual([
      'spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string but got int',
      `spec.validations[1].messageExpression: Invalid value: "authorizer": ${undeclared('authorizer', 'authorizer')}`,
      'spec.auditAnnotations[0].valueExpression: Invalid value: " true": must evaluate to one of [string null_type] but got bool',
    ]);
  });
});

test('the mutations of a MutatingAdmissionPolicy make an Object, or a list of JSONPatches', () => {
  const apply = (expression: string): object => ({
    patchType: 'ApplyConfiguration',
    applyConfiguration: { expression },
  });
  const patch = (expression: string): object => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
  const mutations = [
    apply('Object{spec: Object.spec{replicas: 1}}'),
    apply('"x"'),
    patch('[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("a/b"), value: "c"}]'),
    patch('1'),
    patch('nope'),
  ];
  const spec = { matchConstraints, mutations, reinvocationPolicy: 'Never' };
  expect(faults(mutatingAdmissionPolicyKind, { spec })).toEqual([
    'spec.mutations[1].applyConfiguration.expression: Invalid value: "\\"x\\"": must evaluate to Object but got string',
    'spec.mutations[3].jsonPatch.expression: Invalid value: "1": must evaluate to list(JSONPatch) but got int',
    `spec.mutations[4].jsonPatch.expression: Invalid value: "nope": ${undeclared('nope', 'nope')}`,
  ]);
});
