import { expect, test } from 'bun:test';
import type { Kind, KubeObject } from '#api/kind.ts';
import { validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { DEFAULT_FLOW_SCHEMAS, DEFAULT_PRIORITY_LEVELS } from './default-objects.ts';
import { flowSchemaKind } from './flowschema.ts';
import { priorityLevelConfigurationKind } from './prioritylevelconfiguration.ts';

function make<T extends KubeObject>(kind: Kind<T>, spec: object, name: string): T {
  const { object } = decode(kind, { metadata: { name }, spec });
  kind.applyDefaults?.(object);
  return object;
}
const faults = <T extends KubeObject>(kind: Kind<T>, spec: object, name = 'x'): string[] =>
  validateCreate(kind, make(kind, spec, name)).map(({ field, detail }) => `${field}: ${detail}`);
const cells = <T extends KubeObject>(kind: Kind<T>, spec: object): unknown[] =>
  kind.columns.map((column) => column.cell(make(kind, spec, 'x'), new Date(0)));

test('the objects that a cluster begins with keep the rules, and fit together', () => {
  for (const { name, spec } of DEFAULT_FLOW_SCHEMAS)
    expect([name, faults(flowSchemaKind, spec, name)]).toEqual([name, []]);
  for (const { name, spec } of DEFAULT_PRIORITY_LEVELS)
    expect([name, faults(priorityLevelConfigurationKind, spec, name)]).toEqual([name, []]);
  const levels = DEFAULT_PRIORITY_LEVELS.map(({ name }) => name).sort();
  expect([...new Set(DEFAULT_FLOW_SCHEMAS.map(({ spec }) => spec.priorityLevelConfiguration.name))].sort()).toEqual(
    levels,
  );
});

const LEVEL = { priorityLevelConfiguration: { name: 'system' } };
const RULE = {
  subjects: [{ kind: 'User', user: { name: 'u' } }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
};
const rule = (more: object): object => ({ ...LEVEL, rules: [{ ...RULE, ...more }] });

test.each([
  [rule({}), []],
  [
    { matchingPrecedence: 10_001, distinguisherMethod: { type: 'ByFace' } },
    [
      'spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000',
      'spec.distinguisherMethod.type: Unsupported value: {"type":"ByFace"}: supported values: "ByNamespace", "ByUser"',
      'spec.priorityLevelConfiguration.name: Required value: must reference a priority level',
    ],
  ],
  [
    { ...LEVEL, matchingPrecedence: 1 },
    ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"],
  ],
  [
    { ...LEVEL, rules: [{}] },
    [
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
    ],
  ],
  [
    rule({
      subjects: [
        { kind: 'Group', user: { name: 'u' } },
        { kind: 'ServiceAccount', serviceAccount: { name: '*' } },
      ],
    }),
    [
      "spec.rules[0].subjects[0].group: Required value: group is required when subject kind is 'Group'",
      "spec.rules[0].subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'",
      'spec.rules[0].subjects[1].serviceAccount.namespace: Required value: must specify namespace for service account',
    ],
  ],
  [
    rule({ resourceRules: [{ verbs: ['see'], apiGroups: ['*', 'a'], resources: [] }] }),
    [
      'spec.rules[0].resourceRules[0].verbs: Unsupported value: ["see"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
      'spec.rules[0].resourceRules[0].apiGroups: Invalid value: []string{"*", "a"}: if \'*\' is present, must not specify other api groups',
      'spec.rules[0].resourceRules[0].resources: Required value: resource rules must supply at least one resource',
      'spec.rules[0].resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
    ],
  ],
  [
    rule({ nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['x', '/a*', '/b/*', '/c//d'] }] }),
    [
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "x": must start with slash',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[1]: Invalid value: "/a*": wildcard can only do suffix matching',
      'spec.rules[0].nonResourceRules[0].nonResourceURLs[3]: Invalid value: "/c//d": must not contain double slash',
    ],
  ],
])('a FlowSchema with spec %j has the faults %j', (spec, texts) => {
  expect(faults(flowSchemaKind, spec)).toEqual(texts);
});

test('what a cluster cannot do without stays as it is', () => {
  const [last] = faults(flowSchemaKind, { ...LEVEL, matchingPrecedence: 10_000 }, 'catch-all').slice(-1);
  expect(last).toEndWith("spec of 'catch-all' must equal the fixed value");
  const exempt = { type: 'Exempt', exempt: { nominalConcurrencyShares: 7 } };
  expect(faults(priorityLevelConfigurationKind, exempt, 'exempt')).toEqual([]);
});

const limited = (more: object): object => ({ type: 'Limited', limited: more });

test.each([
  [limited({ limitResponse: { type: 'Reject' } }), []],
  [{}, ['spec.type: Unsupported value: "": supported values: "Exempt", "Limited"']],
  [
    { type: 'Exempt', limited: {} },
    [
      "spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if name is 'exempt'",
      'spec.limited: Forbidden: must be nil if the type is not Limited',
    ],
  ],
  [
    limited({ nominalConcurrencyShares: -1, lendablePercent: 101, borrowingLimitPercent: -1 }),
    [
      'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
      'spec.limited.limitResponse.type: Unsupported value: "": supported values: "Queue", "Reject"',
      'spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
      'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
    ],
  ],
  [
    limited({ limitResponse: { type: 'Queue', queuing: { queues: 1024, handSize: 7 } } }),
    [
      'spec.limited.limitResponse.queuing.handSize: Invalid value: 7: required entropy bits of deckSize 1024 and handSize 7 should not be greater than 60',
    ],
  ],
])('a PriorityLevelConfiguration with spec %j has the faults %j', (spec, texts) => {
  expect(faults(priorityLevelConfigurationKind, spec)).toEqual(texts);
});

test('both kinds get their defaults and show them', () => {
  expect(cells(flowSchemaKind, LEVEL).slice(1)).toEqual(['system', 1000, '<none>', '<unknown>', '?']);
  const queue = limited({ limitResponse: { type: 'Queue', queuing: {} } });
  expect(cells(priorityLevelConfigurationKind, queue).slice(1, 6)).toEqual(['Limited', 30, 64, 8, 50]);
  expect(cells(priorityLevelConfigurationKind, { type: 'Exempt' }).slice(1, 6)).toEqual([
    'Exempt',
    '<none>',
    '<none>',
    '<none>',
    '<none>',
  ]);
});
