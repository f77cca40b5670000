import { describe, expect, test } from 'bun:test';
import { type Deployment, deploymentKind } from '#api/kinds/apps/deployment.ts';
import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import { Kinds } from '#server/store/kinds.ts';
import { admit, requestOf, storeOf } from '#test/support/admission.ts';
import { AdmissionChain } from './chain.ts';
import { ExpressionScope } from './expressions/scope.ts';
import { RequestMatcher } from './matching/request-matcher.ts';
import { MutatingAdmissionPolicy } from './mutatingadmissionpolicy.ts';

const GROUP = 'admissionregistration.k8s.io';
const RULE = { operations: ['CREATE'], apiGroups: ['apps'], apiVersions: ['v1'], resources: ['deployments'] };
const apply = (expression: string): object => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });
const json = (expression: string): object => ({ patchType: 'JSONPatch', jsonPatch: { expression } });

async function run(...policies: object[]): Promise<{ readonly outcome: string; readonly object: Deployment }> {
  const named = policies.map((spec, index) => ({
    metadata: { name: `p${index}` },
    spec: { matchConstraints: { resourceRules: [RULE] }, ...spec },
  }));
  const store = storeOf({
    namespaces: [{ metadata: { name: 'ns' } }],
    [`mutatingadmissionpolicies.${GROUP}`]: named,
    [`mutatingadmissionpolicybindings.${GROUP}`]: named.map(({ metadata: { name } }) => ({
      metadata: { name: `b-${name}` },
      spec: { policyName: name },
    })),
  });
  const kinds = new Kinds(BUILT_IN_KINDS);
  const scope = new ExpressionScope(store, { authorize: () => ({ allowed: true }) });
  const webhooks = { call: () => Promise.reject(new Error('no webhook is asked')) };
  const parts = { store, matcher: new RequestMatcher(store, kinds), webhooks, scope };
  const chain = new AdmissionChain([new MutatingAdmissionPolicy(parts, kinds)]);
  const object: Deployment = {
    kind: 'Deployment',
    apiVersion: 'apps/v1',
    metadata: { name: 'd', namespace: 'ns' },
    spec: {
      replicas: 1,
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
    },
  };
  const plugin = { name: 'chain', mutate: chain.mutate.bind(chain) };
  return { outcome: await admit(plugin, requestOf(deploymentKind, object, { kind: deploymentKind } as never)), object };
}

describe('MutatingAdmissionPolicy', () => {
  test('lays a configuration over the object, lists by their keys', async () => {
    const expression = `Object{
      spec: Object.spec{
        replicas: object.spec.replicas + 2,
        template: Object.spec.template{spec: Object.spec.template.spec{
          containers: [Object.spec.template.spec.containers{name: "c", imagePullPolicy: "Always"},
                       Object.spec.template.spec.containers{name: "side", image: "s"}]}}}}`;
    const { outcome, object } = await run({ mutations: [apply(expression)] });
    expect(outcome).toBe('admitted');
    expect(object.spec?.replicas).toBe(3);
    expect(
      object.spec?.template.spec?.containers?.map(({ name, image, imagePullPolicy }) => [name, image, imagePullPolicy]),
    ).toEqual([
      ['c', 'i', 'Always'],
      ['side', 's', 'Always'],
    ]);
  });

  test('applies a JSON patch; one mutation sees what the one before made', async () => {
    const { outcome, object } = await run({
      variables: [{ name: 'two', expression: 'object.spec.replicas + 1' }],
      mutations: [
        json('[JSONPatch{op: "replace", path: "/spec/replicas", value: variables.two}]'),
        json('[JSONPatch{op: "add", path: "/metadata/labels", value: {"n": string(object.spec.replicas)}}]'),
      ],
    });
    expect(outcome).toBe('admitted');
    expect(object.metadata.labels).toEqual({ n: '2' });
  });

  test('runs again when another changed the object after it, if it wants to', async () => {
    const add = apply('Object{spec: Object.spec{replicas: object.spec.replicas + 1}}');
    expect((await run({ mutations: [add] }, { mutations: [add] })).object.spec?.replicas).toBe(3);
    const again = { mutations: [add], reinvocationPolicy: 'IfNeeded' };
    expect((await run(again, { mutations: [add] })).object.spec?.replicas).toBe(4);
  });

  test('refuses the request when it fails, or lets it go', async () => {
    const broken = { mutations: [apply('Object{spec: Object.spec{replicas: object.nope}}')] };
    expect((await run(broken)).outcome).toBe(
      "403 policy 'p0' with binding 'b-p0' denied request: expression 'Object{spec: Object.spec{replicas: object.nope}}' resulted in error: no such key: nope",
    );
    expect((await run({ ...broken, failurePolicy: 'Ignore' })).outcome).toBe('admitted');
  });
});
