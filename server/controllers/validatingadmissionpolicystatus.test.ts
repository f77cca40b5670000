import { expect, test } from 'bun:test';
import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import { Kinds } from '#server/store/kinds.ts';
import { typeWarnings } from './validatingadmissionpolicystatus.ts';

const RULE = { operations: ['*'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] };
const warnings = (spec: object, rule: object = {}) =>
  typeWarnings(
    {
      kind: 'ValidatingAdmissionPolicy',
      apiVersion: 'admissionregistration.k8s.io/v1',
      metadata: { name: 'p' },
      spec: { matchConstraints: { resourceRules: [{ ...RULE, ...rule }] }, ...spec },
    },
    new Kinds(BUILT_IN_KINDS),
  );
const NOPE = { validations: [{ expression: 'object.spec.nope > 1', messageExpression: 'object.spec.replicas + "a"' }] };
const undefinedField = (kind: string): string =>
  `${kind}: ERROR: <input>:1:12: undefined field 'nope'\n | object.spec.nope > 1\n | ...........^\n`;

test('typeWarnings() tells what does not fit the kinds that are named', () => {
  expect(warnings(NOPE)).toEqual([
    { fieldRef: 'spec.validations[0].expression', warning: undefinedField('apps/v1, Kind=Deployment') },
    {
      fieldRef: 'spec.validations[0].messageExpression',
      warning:
        "apps/v1, Kind=Deployment: ERROR: <input>:1:22: found no matching overload for '_+_' applied to '(int, string)'\n | object.spec.replicas + \"a\"\n | .....................^\n",
    },
  ]);
  const [both] = warnings(NOPE, { resources: ['replicasets', 'deployments', 'deployments/scale', 'nope'] });
  expect(both?.warning).toBe(
    `${undefinedField('apps/v1, Kind=Deployment')}\n${undefinedField('apps/v1, Kind=ReplicaSet')}`,
  );
  expect(warnings(NOPE, { apiGroups: ['*'] })).toEqual([]);
});

test.each([
  'object.metadata.labels["a"] == "b"',
  'has(object.metadata.annotations) && oldObject != null',
  'oldObject == null || object.spec.replicas == oldObject.spec.replicas',
  'null == oldObject',
  'object.metadata.deletionTimestamp == null',
  'object.spec.template.spec.containers.all(c, c.resources.limits["cpu"] == "1")',
  'object.spec.strategy.rollingUpdate.maxSurge == 1',
  'object.spec.selector.matchLabels.all(k, k == "a")',
  'object.kind == "Deployment"',
])('%s fits a Deployment', (expression) => {
  expect(warnings({ validations: [{ expression }] })).toEqual([]);
});
