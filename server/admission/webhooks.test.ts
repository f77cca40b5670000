import { describe, expect, test } from 'bun:test';
import { type ConfigMap, configMapKind } from '#api/kinds/core/configmap.ts';
import { bindingKind } from '#api/kinds/core/binding.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { mutatingWebhookConfigurationKind } from '#api/kinds/admissionregistration/mutatingwebhookconfiguration.ts';
import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import type { WebhookClient, WebhookTarget } from '#server/proxy/webhook-client.ts';
import { Kinds } from '#server/store/kinds.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import { admit, requestOf, storeOf } from '#test/support/admission.ts';
import { AdmissionChain, type AdmissionPlugin } from './chain.ts';
import { ExpressionScope } from './expressions/scope.ts';
import { RequestMatcher } from './matching/request-matcher.ts';
import { MutatingAdmissionWebhook } from './mutatingwebhook.ts';
import { ValidatingAdmissionWebhook } from './validatingwebhook.ts';

interface Review {
  readonly apiVersion: string;
  readonly request: { readonly uid: string; readonly object: ConfigMap; readonly [field: string]: unknown };
}
/** What the webhook at a URL answers; its `response`, or all of it as a string throws. */
type Handler = (review: Review) => Record<string, unknown> | string;

const hook = (name: string, more: object = {}): object => ({
  name,
  clientConfig: { url: name },
  rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  failurePolicy: 'Fail',
  ...more,
});
const patch = (...operations: object[]): Record<string, unknown> => ({
  allowed: true,
  patchType: 'JSONPatch',
  patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
});
const add = (key: string, value: string): Record<string, unknown> => patch({ op: 'add', path: `/data/${key}`, value });

/** The two plugins over hooks of either sort; `asked` are the names of those that were asked, in order. */
function start(hooks: { mutating?: object[]; validating?: object[] }, handlers: Record<string, Handler>) {
  const asked: string[] = [];
  const reviews: Review[] = [];
  const webhooks: WebhookClient = {
    async call({ url = '' }: WebhookTarget, review: unknown) {
      await Promise.resolve();
      asked.push(url);
      reviews.push(review as Review);
      const response = handlers[url]?.(review as Review) ?? { allowed: true };
      if (typeof response === 'string') throw new Error(response);
      const { apiVersion, request } = review as Review;
      return { kind: 'AdmissionReview', apiVersion, response: { uid: request.uid, ...response } };
    },
  };
  const group = 'admissionregistration.k8s.io';
  const store = storeOf({
    namespaces: [{ metadata: { name: 'ns', labels: { team: 'a' } } }],
    [`mutatingwebhookconfigurations.${group}`]: [{ metadata: { name: 'm' }, webhooks: hooks.mutating ?? [] }],
    [`validatingwebhookconfigurations.${group}`]: [{ metadata: { name: 'v' }, webhooks: hooks.validating ?? [] }],
  });
  const scope = new ExpressionScope(store, { authorize: ({ name }) => ({ allowed: name === 'admin' }) });
  const parts = { store, matcher: new RequestMatcher(store, new Kinds(BUILT_IN_KINDS)), webhooks, scope };
  const plugins: AdmissionPlugin[] = [new MutatingAdmissionWebhook(parts), new ValidatingAdmissionWebhook(parts)];
  const chain = new AdmissionChain(plugins);
  const both = { name: 'both', mutate: chain.mutate.bind(chain), validate: chain.validate.bind(chain) };
  return { asked, reviews, admit: (request: AdmissionRequest) => admit(both, request) };
}
const configMap = (data: Record<string, string> = {}, labels: Record<string, string> = {}): ConfigMap => ({
  kind: 'ConfigMap',
  apiVersion: 'v1',
  metadata: { name: 'm', namespace: 'ns', labels },
  data,
});
const create = (object = configMap(), more: Partial<AdmissionRequest> = {}): AdmissionRequest =>
  requestOf(configMapKind, object, { kind: configMapKind, ...more } as never);

describe('a mutating webhook', () => {
  test('changes the object, one after the other', async () => {
    const { admit: run, asked } = start(
      { mutating: [hook('a'), hook('b')] },
      { a: () => add('x', '1'), b: ({ request }) => add('y', `${request.object.data?.['x'] ?? ''}2`) },
    );
    const request = create();
    expect(await run(request)).toBe('admitted');
    expect((request.object as ConfigMap).data).toEqual({ x: '1', y: '12' });
    expect(asked).toEqual(['a', 'b']);
  });

  test('is asked again when another changed the object after it, if it wants to be', async () => {
    const { admit: run, asked } = start(
      { mutating: [hook('a', { reinvocationPolicy: 'IfNeeded' }), hook('b')] },
      { b: () => add('y', '2') },
    );
    expect(await run(create())).toBe('admitted');
    expect(asked).toEqual(['a', 'b', 'a']);
  });

  test('cannot give an object another name, nor make it something else', async () => {
    const { admit: run } = start(
      { mutating: [hook('a')] },
      { a: () => patch({ op: 'replace', path: '/metadata/name', value: 'z' }) },
    );
    const request = create();
    await run(request);
    expect(request.object?.metadata.name).toBe('m');
    const broken = start({ mutating: [hook('a')] }, { a: () => patch({ op: 'add', path: '/data', value: 7 }) });
    expect(await broken.admit(create())).toStartWith('500 Internal error occurred: json: cannot unmarshal number');
  });
});

describe('a validating webhook', () => {
  test('sees the request and refuses it in its own words', async () => {
    const { admit: run, reviews } = start(
      { validating: [hook('a')] },
      {
        a: () => ({
          allowed: false,
          warnings: ['take care'],
          status: { code: 403, message: 'not today', reason: 'Forbidden' },
        }),
      },
    );
    const request = create();
    expect(await run(request)).toBe('403 admission webhook "a" denied the request: not today');
    expect(request.context.warnings).toEqual(['take care']);
    expect(reviews[0]).toMatchObject({
      kind: 'AdmissionReview',
      apiVersion: 'admission.k8s.io/v1',
      request: {
        kind: { group: '', version: 'v1', kind: 'ConfigMap' },
        resource: { group: '', version: 'v1', resource: 'configmaps' },
        name: 'm',
        namespace: 'ns',
        operation: 'CREATE',
        userInfo: { username: 'admin', groups: ['system:masters'] },
        object: { metadata: { name: 'm' } },
        oldObject: null,
        dryRun: false,
        options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
      },
    });
  });

  test('that gives no reason is told of without', async () => {
    const { admit: run } = start({ validating: [hook('a')] }, { a: () => ({ allowed: false }) });
    expect(await run(create())).toBe('400 admission webhook "a" denied the request without explanation');
  });

  test('that cannot be asked fails the request, or not, as it says', async () => {
    const handlers = { a: () => 'Post "https://a": connection refused' };
    expect(await start({ validating: [hook('a')] }, handlers).admit(create())).toBe(
      '500 Internal error occurred: failed calling webhook "a": failed to call webhook: Post "https://a": connection refused',
    );
    expect(await start({ validating: [hook('a', { failurePolicy: 'Ignore' })] }, handlers).admit(create())).toBe(
      'admitted',
    );
  });

  test('that answers another question fails the request', async () => {
    const { admit: run } = start({ validating: [hook('a')] }, { a: () => ({ uid: 'x', allowed: true }) });
    expect(await run(create())).toMatch(
      /^500 Internal error occurred: failed calling webhook "a": received invalid webhook response: expected response.uid="[0-9a-f-]+", got "x"$/,
    );
  });

  test('with side effects refuses a dry run', async () => {
    const { admit: run } = start({ validating: [hook('a', { sideEffects: 'Some' })] }, {});
    const request = create();
    expect(await run({ ...request, context: { ...request.context, dryRun: true } })).toBe(
      '400 admission webhook "a" does not support dry run',
    );
  });
});

describe('which requests a webhook is asked about', () => {
  const isAsked = async (more: object, request = create()): Promise<boolean> => {
    const { admit: run, asked } = start({ validating: [hook('a', more)] }, {});
    await run(request);
    return asked.length > 0;
  };
  test('goes by rules, selectors and scope', async () => {
    const rule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] };
    expect(await isAsked({ rules: [{ ...rule, operations: ['DELETE'] }] })).toBe(false);
    expect(await isAsked({ rules: [{ ...rule, resources: ['*/*'] }] })).toBe(true);
    expect(await isAsked({ rules: [{ ...rule, resources: ['configmaps/status'] }] })).toBe(false);
    expect(await isAsked({ rules: [{ ...rule, scope: 'Cluster' }] })).toBe(false);
    expect(await isAsked({ namespaceSelector: { matchLabels: { team: 'a' } } })).toBe(true);
    expect(await isAsked({ namespaceSelector: { matchLabels: { team: 'b' } } })).toBe(false);
    expect(await isAsked({ objectSelector: { matchLabels: { x: '1' } } })).toBe(false);
    expect(await isAsked({ objectSelector: { matchLabels: { x: '1' } } }, create(configMap({}, { x: '1' })))).toBe(
      true,
    );
  });

  test('goes by conditions, in CEL', async () => {
    const when = (expression: string): Promise<boolean> => isAsked({ matchConditions: [{ name: 'c', expression }] });
    expect(await when("object.metadata.name == 'm'")).toBe(true);
    expect(await when("request.userInfo.username == 'somebody'")).toBe(false);
    expect(await when("authorizer.group('').resource('pods').check('get').allowed()")).toBe(true);
    const broken = start(
      { validating: [hook('a', { matchConditions: [{ name: 'c', expression: 'object.nope' }] })] },
      {},
    );
    expect(await broken.admit(create())).toBe(
      '403 configmaps "m" is forbidden: expression \'object.nope\' resulted in error: no such key: nope',
    );
  });

  test('never includes the configurations of webhooks', async () => {
    const rule = { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*'] };
    const kind = mutatingWebhookConfigurationKind as never;
    expect(await isAsked({ rules: [rule] }, create(configMap(), { kind }))).toBe(false);
  });
});

describe('about what belongs to a subresource, a mutating webhook', () => {
  const rules = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['pods/*'] }];
  const posted = (name: string, objectKind: AdmissionRequest['objectKind'], object: object): AdmissionRequest =>
    requestOf(podKind, { metadata: { name: 'p', namespace: 'ns' } }, {
      kind: podKind,
      subresource: name,
      objectKind,
      object,
    } as never);

  test('changes a Binding', async () => {
    const { admit: run } = start(
      { mutating: [hook('a', { rules })] },
      { a: () => patch({ op: 'replace', path: '/target/name', value: 'n2' }) },
    );
    const binding = {
      kind: 'Binding',
      apiVersion: 'v1',
      metadata: { name: 'p', namespace: 'ns' },
      target: { name: 'n1' },
    };
    expect(await run(posted('binding', bindingKind, binding))).toBe('admitted');
    expect(binding.target).toEqual({ name: 'n2' });
  });

  test('cannot change the options of a connection, which have no labels to select either', async () => {
    const options = { group: '', version: 'v1', kind: 'PodExecOptions' };
    const exec = {
      ...posted('exec', options, { kind: 'PodExecOptions', apiVersion: 'v1' }),
      operation: 'CONNECT',
    } as const;
    const changes = { a: () => patch({ op: 'add', path: '/container', value: 'c' }) };
    const { admit: run } = start({ mutating: [hook('a', { rules })] }, changes);
    expect(await run(exec)).toBe(
      '500 Internal error occurred: admission webhook "a" attempted to modify the object, which is not supported for this operation',
    );
    const objectSelector = { matchLabels: { a: 'b' } };
    const { admit: runSelected, asked } = start({ mutating: [hook('a', { rules, objectSelector })] }, changes);
    expect([await runSelected({ ...exec }), asked]).toEqual(['admitted', []]);
  });
});
