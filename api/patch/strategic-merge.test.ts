import { describe, expect, test } from 'bun:test';
import { Deployment } from '#api/kinds/apps/deployment.ts';
import { StatusError } from '#api/meta/status.ts';
import { applyStrategicMergePatch, parseStrategicMergePatch } from './strategic-merge.ts';

const container = {
  name: 'c',
  image: 'i:1',
  ports: [{ containerPort: 80, protocol: 'TCP' }],
  env: [
    { name: 'A', value: '1' },
    { name: 'B', value: '2' },
  ],
  args: ['x', 'y'],
};
const podSpec = {
  containers: [container],
  volumes: [{ name: 'v', emptyDir: {} }],
  tolerations: [{ key: 'a', operator: 'Exists' }],
  imagePullSecrets: [{ name: 's1' }],
  nodeSelector: { a: 'b' },
};
const document = {
  metadata: { name: 'd', labels: { app: 'd' }, annotations: { a: '1' }, finalizers: ['x.io/a'] },
  spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } }, template: { spec: podSpec } },
};

const apply = (patch: Record<string, unknown>): typeof document =>
  applyStrategicMergePatch(document, patch, Deployment) as typeof document;
const pod = (patch: object): typeof podSpec => apply({ spec: { template: { spec: patch } } }).spec.template.spec;
const metadata = (patch: object): unknown => apply({ metadata: patch }).metadata;
const ofContainer = (patch: object): typeof container | undefined =>
  pod({ containers: [{ name: 'c', ...patch }] }).containers[0];
const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
};

describe('applyStrategicMergePatch() on lists', () => {
  test('merges items by their key and puts new ones first', () => {
    expect(pod({ containers: [{ name: 'c', image: 'i:3' }] }).containers).toEqual([{ ...container, image: 'i:3' }]);
    expect(pod({ containers: [{ name: 'new', image: 'n' }] }).containers).toEqual([
      { name: 'new', image: 'n' },
      container,
    ] as never);
  });

  test('keeps the live order where both lists know the items', () => {
    expect(
      ofContainer({
        env: [
          { name: 'B', value: '3' },
          { name: 'C', value: '4' },
        ],
      })?.env,
    ).toEqual([
      { name: 'A', value: '1' },
      { name: 'B', value: '3' },
      { name: 'C', value: '4' },
    ]);
    expect(ofContainer({ ports: [{ containerPort: 81 }, { containerPort: 80, name: 'http' }] })?.ports).toEqual([
      { containerPort: 81 },
      { containerPort: 80, protocol: 'TCP', name: 'http' },
    ] as never);
  });

  test('$patch deletes items and replaces lists', () => {
    expect(ofContainer({ env: [{ name: 'A', $patch: 'delete' }] })?.env).toEqual([{ name: 'B', value: '2' }]);
    expect(ofContainer({ env: [{ $patch: 'replace' }, { name: 'Z', value: 'z' }] })?.env).toEqual([
      { name: 'Z', value: 'z' },
    ]);
  });

  test('replaces lists that have no merge key', () => {
    expect(ofContainer({ args: ['z'] })?.args).toEqual(['z']);
    expect(pod({ tolerations: [{ key: 'b', operator: 'Exists' }] }).tolerations).toEqual([
      { key: 'b', operator: 'Exists' },
    ]);
  });

  test('$setElementOrder orders the merged list', () => {
    const order = [{ name: 'first' }, { name: 'c' }];
    expect(
      pod({ '$setElementOrder/containers': order, containers: [{ name: 'first', image: 'f' }] }).containers.map(
        (one) => one.name,
      ),
    ).toEqual(['first', 'c']);
    expect(ofContainer({ '$setElementOrder/env': [{ name: 'B' }, { name: 'A' }] })?.env.map((one) => one.name)).toEqual(
      ['B', 'A'],
    );
  });

  test('merges primitive lists by value, and $deleteFromPrimitiveList takes out', () => {
    expect(metadata({ finalizers: ['x.io/b'] })).toMatchObject({ finalizers: ['x.io/b', 'x.io/a'] });
    expect(metadata({ '$deleteFromPrimitiveList/finalizers': ['x.io/a', 'x.io/b'] })).toMatchObject({ finalizers: [] });
  });

  test('leaves document and patch alone', () => {
    const patch = { spec: { template: { spec: { containers: [{ name: 'c', $retainKeys: ['name'], env: null }] } } } };
    const before = [structuredClone(document), structuredClone(patch)];
    apply(patch);
    expect([document, patch] as unknown).toEqual(before);
  });
});

describe('applyStrategicMergePatch() on maps and structs', () => {
  test('null removes, $patch replaces or empties', () => {
    expect(metadata({ labels: { app: null, k: 'v' } })).toMatchObject({ labels: { k: 'v' } });
    expect(metadata({ labels: { $patch: 'replace', only: 'me' } })).toMatchObject({ labels: { only: 'me' } });
    expect(metadata({ annotations: { $patch: 'delete' } })).toMatchObject({ annotations: {} });
    expect(pod({ nodeSelector: { $patch: 'replace', c: 'd' } }).nodeSelector).toEqual({ c: 'd' } as never);
  });

  test('$retainKeys drops what it does not name', () => {
    expect(apply({ spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } }).spec.strategy).toEqual({
      type: 'Recreate',
    } as never);
    expect(
      pod({ volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'cm' } }] }).volumes,
    ).toEqual([{ name: 'v', configMap: { name: 'cm' } }] as never);
    expect(pod({ volumes: [{ name: 'v', emptyDir: null, hostPath: { path: '/x' } }] }).volumes).toEqual([
      { name: 'v', hostPath: { path: '/x' } },
    ] as never);
  });

  test('takes a value that is new without its nulls and directives', () => {
    expect(pod({ dnsConfig: { $retainKeys: ['searches'], searches: ['a'], options: null } })).toMatchObject({
      dnsConfig: { searches: ['a'] },
    });
    expect(
      pod({
        initContainers: [
          { name: 'i', image: null },
          { name: 'gone', $patch: 'delete' },
        ],
      }),
    ).toMatchObject({
      initContainers: [{ name: 'i' }],
    });
  });

  test('lets a value of another type through, for decoding to refuse', () => {
    expect(pod({ containers: 'x' }).containers).toBe('x' as never);
  });
});

describe('applyStrategicMergePatch() refuses', () => {
  test('items without their key, and directives that it does not know', () => {
    expect(refusal(() => pod({ containers: [{ image: 'noname' }] }))).toBe(
      '400 map: map[image:noname] does not contain declared merge key: name',
    );
    expect(refusal(() => ofContainer({ $patch: 'frob' }))).toBe(
      '400 unknown patch type: frob in map: map[$patch:frob name:c]',
    );
    expect(refusal(() => pod({ $setElementOrder: 1 }))).toBe('400 invalid patch format of setElementOrder list');
    expect(refusal(() => apply({ spec: { strategy: { $retainKeys: 'x' } } }))).toBe(
      '400 invalid patch format of retainKeys',
    );
    expect(
      refusal(() => pod({ '$setElementOrder/containers': [{ name: 'c' }], containers: [{ name: 'z' }] })),
    ).toStartWith('400 The order in patch list:\n[map[name:z]]');
  });

  test('what is no JSON object', () => {
    expect(refusal(() => parseStrategicMergePatch('{'))).toBe('400 unexpected end of JSON input');
    expect(refusal(() => parseStrategicMergePatch('[]'))).toBe(
      '400 json: cannot unmarshal array into Go value of type map[string]interface {}',
    );
  });
});
