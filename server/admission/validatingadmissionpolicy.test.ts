import { describe, expect, test } from 'bun:test';
import { type ConfigMap, configMapKind } from '#api/kinds/core/configmap.ts';
import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import { Kinds } from '#server/store/kinds.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import { admit, requestOf, storeOf } from '#test/support/admission.ts';
import { ExpressionScope } from './expressions/scope.ts';
import { RequestMatcher } from './matching/request-matcher.ts';
import { ValidatingAdmissionPolicy } from './validatingadmissionpolicy.ts';

const GROUP = 'admissionregistration.k8s.io';
const RULE = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] };

interface Given {
  readonly policy: object;
  readonly binding?: object;
  readonly params?: readonly object[];
}

function run({ policy, binding = {}, params = [] }: Given, data: Record<string, string> = { a: '1' }) {
  const store = storeOf({
    namespaces: [{ metadata: { name: 'ns', labels: { team: 'a' } } }],
    secrets: params,
    [`validatingadmissionpolicies.${GROUP}`]: [
      { metadata: { name: 'p' }, spec: { matchConstraints: { resourceRules: [RULE] }, ...policy } },
    ],
    [`validatingadmissionpolicybindings.${GROUP}`]: [
      { metadata: { name: 'b' }, spec: { policyName: 'p', validationActions: ['Deny'], ...binding } },
    ],
  });
  const kinds = new Kinds(BUILT_IN_KINDS);
  const scope = new ExpressionScope(store, { authorize: ({ name }) => ({ allowed: name === 'admin' }) });
  const webhooks = { call: () => Promise.reject(new Error('no webhook is asked')) };
  const plugin = new ValidatingAdmissionPolicy(
    { store, matcher: new RequestMatcher(store, kinds), webhooks, scope },
    kinds,
  );
  const object: ConfigMap = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'm', namespace: 'ns' }, data };
  const request = requestOf(configMapKind, object, { kind: configMapKind } as never) as AdmissionRequest;
  return { outcome: admit(plugin, request), warnings: request.context.warnings };
}
const outcomeOf = (given: Given, data?: Record<string, string>): Promise<string> => run(given, data).outcome;
const validations = (...all: object[]): Given => ({ policy: { validations: all } });
const DENIED = "configmaps \"m\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request:";

describe('ValidatingAdmissionPolicy', () => {
  test('denies what an expression does not hold for, with its message, expression or itself', async () => {
    const expression = 'object.data.a == "2"';
    expect(await outcomeOf(validations({ expression }), { a: '2' })).toBe('admitted');
    expect(await outcomeOf(validations({ expression }))).toBe(`422 ${DENIED} failed expression: ${expression}`);
    expect(await outcomeOf(validations({ expression, message: 'want 2', reason: 'Forbidden' }))).toBe(
      `403 ${DENIED} want 2`,
    );
    const messageExpression = '"found " + object.data.a';
    expect(await outcomeOf(validations({ expression, message: 'x', messageExpression }))).toBe(`422 ${DENIED} found 1`);
    const broken = { expression, message: 'x', messageExpression: 'object.nope' };
    expect(await outcomeOf(validations(broken))).toBe(`422 ${DENIED} x`);
  });

  test('knows request, namespaceObject, authorizer and variables that are computed when they are read', async () => {
    const variables = [
      { name: 'team', expression: 'namespaceObject.metadata.labels.team' },
      { name: 'both', expression: 'variables.team + object.data.a' },
      { name: 'never', expression: 'object.nope' },
    ];
    const expression =
      "variables.both == 'a1' && request.operation == 'CREATE' && oldObject == null && authorizer.group('').resource('pods').check('get').allowed() && authorizer.requestResource.check('create').allowed()";
    expect(await outcomeOf({ policy: { variables, validations: [{ expression }] } })).toBe('admitted');
    const never = { variables, validations: [{ expression: "variables.never == ''" }] };
    expect(await outcomeOf({ policy: never })).toBe(
      `422 ${DENIED} expression 'variables.never == ''' resulted in error: composited variable "never" fails to evaluate: no such key: nope`,
    );
    expect(await outcomeOf({ policy: { ...never, failurePolicy: 'Ignore' } })).toBe('admitted');
  });

  test('warns where the binding says so', async () => {
    const given = {
      policy: { validations: [{ expression: 'false' }] },
      binding: { validationActions: ['Warn', 'Audit'] },
    };
    const { outcome, warnings } = run(given);
    expect(await outcome).toBe('admitted');
    expect(warnings).toEqual([
      "Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': failed expression: false",
    ]);
  });

  test('says nothing of what its conditions or rules leave out', async () => {
    const no = [{ expression: 'false' }];
    const matchConditions = [{ name: 'c', expression: "request.userInfo.username != 'admin'" }];
    expect(await outcomeOf({ policy: { matchConditions, validations: no } })).toBe('admitted');
    const excludeResourceRules = [{ ...RULE, resourceNames: ['m'] }];
    const matchConstraints = { resourceRules: [RULE], excludeResourceRules };
    expect(await outcomeOf({ policy: { matchConstraints, validations: no } })).toBe('admitted');
    const matchResources = { namespaceSelector: { matchLabels: { team: 'b' } } };
    expect(await outcomeOf({ policy: { validations: no }, binding: { matchResources } })).toBe('admitted');
  });

  describe('with parameters', () => {
    const policy = {
      paramKind: { apiVersion: 'v1', kind: 'Secret' },
      validations: [{ expression: 'object.data.a == params.data.a', messageExpression: "'want ' + params.data.a" }],
    };
    const param = (name: string, a: string): object => ({
      metadata: { name, namespace: 'ns', labels: { use: 'yes' } },
      data: { a },
    });
    test('runs for the one that is named, in the namespace of the request', async () => {
      const binding = { paramRef: { name: 'x', parameterNotFoundAction: 'Deny' } };
      expect(await outcomeOf({ policy, binding, params: [param('x', '2')] })).toBe(`422 ${DENIED} want 2`);
      expect(await outcomeOf({ policy, binding, params: [param('x', '1')] })).toBe('admitted');
    });
    test('runs for each that a selector finds', async () => {
      const paramRef = { selector: { matchLabels: { use: 'yes' } }, parameterNotFoundAction: 'Deny' };
      expect(await outcomeOf({ policy, binding: { paramRef }, params: [param('x', '1'), param('y', '3')] })).toBe(
        `422 ${DENIED} want 3`,
      );
    });
    test('goes by parameterNotFoundAction when there is none', async () => {
      const paramRef = { name: 'x', parameterNotFoundAction: 'Deny' };
      expect(await outcomeOf({ policy, binding: { paramRef } })).toBe(
        `422 ${DENIED} failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
      );
      expect(
        await outcomeOf({ policy, binding: { paramRef: { ...paramRef, parameterNotFoundAction: 'Allow' } } }),
      ).toBe('admitted');
    });
    test('fails when nobody serves their kind', async () => {
      const unknown = { ...policy, paramKind: { apiVersion: 'x.io/v1', kind: 'Nope' } };
      expect(await outcomeOf({ policy: unknown, binding: { paramRef: { name: 'x' } } })).toBe(
        "422 configmaps \"m\" is forbidden: ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'x.io/v1, Kind=Nope'",
      );
    });
  });
});
