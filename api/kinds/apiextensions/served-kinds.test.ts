import { describe, expect, test } from 'bun:test';
import type { KubeObject } from '#api/kind.ts';
import { decode } from '#api/schema/decode.ts';
import { type CustomResourceDefinition, customResourceDefinitionKind } from './customresourcedefinition.ts';
import type { AskConversion } from './conversion.ts';
import { servedKinds } from './served-kinds.ts';

const schema = (properties: object): object => ({
  openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', properties } } },
});
const definition = (conversion: object): CustomResourceDefinition =>
  decode(customResourceDefinitionKind, {
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      conversion,
      versions: [
        {
          name: 'v1',
          served: true,
          storage: false,
          schema: schema({ a: { type: 'string', minLength: 2 }, c: { type: 'string', default: 'c' } }),
        },
        { name: 'v2', served: true, storage: true, schema: schema({ a: { type: 'string' }, b: { type: 'string' } }) },
        { name: 'v3', served: false, storage: false, schema: schema({}) },
      ],
    },
    status: { storedVersions: ['v1', 'v2'], acceptedNames: { plural: '', kind: '' } },
  }).object as CustomResourceDefinition;
const WEBHOOK = {
  strategy: 'Webhook',
  webhook: { clientConfig: { url: 'https://h' }, conversionReviewVersions: ['v9', 'v1'] },
};
const widget = (version: string, spec: object): KubeObject =>
  ({
    kind: 'Widget',
    apiVersion: `example.com/${version}`,
    metadata: { name: 'w', uid: 'u', labels: { l: '1' } },
    spec,
  }) as KubeObject;

/** What a webhook is asked, and its answer to it. */
function webhook(
  answer: (request: { uid: string; objects: KubeObject[]; desiredAPIVersion: string }) => unknown,
): AskConversion {
  return async (review) => {
    const { request } = review as { request: { uid: string; objects: KubeObject[]; desiredAPIVersion: string } };
    return { kind: 'ConversionReview', apiVersion: 'apiextensions.k8s.io/v1', response: answer(request) };
  };
}

describe('servedKinds()', () => {
  test('of several versions the stored one comes first, and those that are not served are left out', () => {
    const kinds = servedKinds(definition({ strategy: 'None' }));
    expect(kinds.map(({ version }) => version)).toEqual(['v2', 'v1']);
    expect(kinds[1]?.storedAs?.kind).toBe(kinds[0] as never);
  });

  test('without a webhook only the version changes; fields that the other does not know go, defaults come', async () => {
    const [v2, v1] = servedKinds(definition({ strategy: 'None' }));
    const stored = widget('v2', { a: 'x', b: 'y' });
    expect(await v1?.storedAs?.fromStored([stored])).toEqual([widget('v1', { a: 'x', c: 'c' })] as never);
    expect(stored.apiVersion).toBe('example.com/v2');
    expect(await v2?.storedAs?.fromStored([widget('v1', { a: 'x', c: 'd' }), stored])).toEqual([
      widget('v2', { a: 'x' }),
      stored,
    ] as never);
  });

  test('an object is looked at by the schema of the version in which it came', () => {
    const [v2, v1] = servedKinds(definition({ strategy: 'None' }));
    const stored = widget('v2', { a: 'x' });
    expect(v2?.validate?.(stored as never)).toEqual([]);
    expect(v1?.storedAs?.validate?.([], stored, undefined).map(({ field }) => field)).toEqual(['spec.a']);
  });

  test('a webhook is asked once for a list, for what is of another version, and may change labels but no names', async () => {
    const asked: unknown[] = [];
    const ask = webhook(({ uid, objects, desiredAPIVersion }) => {
      asked.push([desiredAPIVersion, objects.map(({ apiVersion }) => apiVersion)]);
      const convertedObjects = objects.map((one) => ({
        apiVersion: desiredAPIVersion,
        kind: one.kind,
        metadata: { ...one.metadata, labels: { l: '2' }, resourceVersion: '99' },
        spec: { a: 'from webhook', c: 'kept' },
      }));
      return { uid, convertedObjects, result: { status: 'Success' } };
    });
    const [, v1] = servedKinds(definition(WEBHOOK), ask);
    const result = await v1?.storedAs?.fromStored([
      widget('v2', { a: 'x' }),
      widget('v1', { a: 'old' }),
      widget('v2', {}),
    ]);
    expect(asked).toEqual([['example.com/v1', ['example.com/v2', 'example.com/v2']]]);
    expect(result?.map((one) => one['spec'])).toEqual([
      { a: 'from webhook', c: 'kept' },
      { a: 'old' },
      { a: 'from webhook', c: 'kept' },
    ]);
    expect(result?.[0]?.metadata).toEqual({ name: 'w', uid: 'u', labels: { l: '2' } });
  });

  test('what a webhook answers wrongly is told as upstream tells it', async () => {
    const failing = async (answer: Parameters<typeof webhook>[0]): Promise<string> => {
      const [, v1] = servedKinds(definition(WEBHOOK), webhook(answer));
      try {
        await v1?.storedAs?.fromStored([widget('v2', {})]);
        return 'no failure';
      } catch (error) {
        return String(error instanceof Error ? error.message : error);
      }
    };
    const about = 'conversion webhook for example.com/v2, Kind=Widget';
    const done = { status: 'Success' };
    expect(await failing(({ uid }) => ({ uid, result: { status: 'Failure', message: 'no way' } }))).toBe(
      `${about} failed: no way`,
    );
    expect(await failing(({ uid }) => ({ uid, result: { status: '' } }))).toBe(
      `${about} failed: response.result.status was '', not 'Success'`,
    );
    expect(await failing(() => ({ uid: 'other', result: done }))).toStartWith(
      `${about} failed: expected response.uid="`,
    );
    expect(await failing(({ uid }) => ({ uid, result: done, convertedObjects: [] }))).toBe(
      `${about} returned 0 objects, expected 1`,
    );
    expect(await failing(({ uid, objects }) => ({ uid, result: done, convertedObjects: objects }))).toBe(
      `${about} returned invalid converted object at index 0: invalid groupVersion (expected example.com/v1, received example.com/v2)`,
    );
    expect(
      await failing(({ uid }) => ({
        uid,
        result: done,
        convertedObjects: [{ ...widget('v1', {}), metadata: { name: 'x' } }],
      })),
    ).toBe(`${about} returned invalid converted object at index 0: must have the same name: w != x`);
  });
});
