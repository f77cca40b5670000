import { describe, expect, test } from 'bun:test';
import { configMapKind } from '#api/kinds/core/configmap.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { secretKind } from '#api/kinds/core/secret.ts';
import { deploymentKind } from '#api/kinds/apps/deployment.ts';
import type { Kind, KubeObject } from '#api/kind.ts';
import { DeleteOptions } from '#api/meta/delete-options.ts';
import { StatusError } from '#api/meta/status.ts';
import { DecodeError } from './decode-scalars.ts';
import { decode, decodeObject, decodeSchema, fieldComplaints, strictDecodingError } from './decode.ts';

const refusal = <T extends KubeObject>(kind: Kind<T>, value: unknown, as?: string): string => {
  try {
    decode(kind, value, as);
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
};
const pod = (spec: unknown, metadata: unknown = { name: 'p' }): unknown => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec,
});
const deployment = (spec: object): unknown => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'd' },
  spec: { selector: {}, template: {}, ...spec },
});
const configMap = (rest: object, metadata: unknown = { name: 't' }): unknown => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata,
  ...rest,
});

describe('decode() refuses wrong types in the words of kube-apiserver', () => {
  const cm = '400 ConfigMap in version "v1" cannot be handled as a ConfigMap: ';
  const po = '400 Pod in version "v1" cannot be handled as a Pod: ';
  const de = '400 Deployment in version "v1" cannot be handled as a Deployment: ';
  const quantities = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  const cases: [string, string, string][] = [
    [
      refusal(configMapKind, configMap({ data: { a: 1 } })),
      cm,
      'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
    [
      refusal(configMapKind, configMap({ data: ['x'] })),
      cm,
      'json: cannot unmarshal array into Go struct field ConfigMap.data of type map[string]string',
    ],
    [
      refusal(configMapKind, configMap({}, { labels: { a: true } })),
      cm,
      'json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.labels of type string',
    ],
    [
      refusal(configMapKind, configMap({}, 'x')),
      cm,
      'json: cannot unmarshal string into Go struct field ConfigMap.metadata of type v1.ObjectMeta',
    ],
    [
      refusal(configMapKind, configMap({ binaryData: { x: 'not base64!' } })),
      cm,
      'illegal base64 data at input byte 3',
    ],
    [
      refusal(podKind, pod({ containers: 'x' })),
      po,
      'json: cannot unmarshal string into Go struct field PodSpec.spec.containers of type []v1.Container',
    ],
    [
      refusal(podKind, pod({ containers: [{ name: 1 }] })),
      po,
      'json: cannot unmarshal number into Go struct field Container.spec.containers.name of type string',
    ],
    [
      refusal(podKind, pod({ terminationGracePeriodSeconds: 'x' })),
      po,
      'json: cannot unmarshal string into Go struct field PodSpec.spec.terminationGracePeriodSeconds of type int64',
    ],
    [
      refusal(podKind, pod({ hostNetwork: 'true' })),
      po,
      'json: cannot unmarshal string into Go struct field PodSpec.spec.hostNetwork of type bool',
    ],
    [
      refusal(deploymentKind, deployment({ replicas: 1.5 })),
      de,
      'json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      refusal(deploymentKind, deployment({ replicas: 99999999999 })),
      de,
      'json: cannot unmarshal number 99999999999 into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      refusal(deploymentKind, deployment({ strategy: { rollingUpdate: { maxSurge: {} } } })),
      de,
      'json: cannot unmarshal object into Go struct field RollingUpdateDeployment.spec.strategy.rollingUpdate.maxSurge of type int32',
    ],
    [refusal(podKind, pod({ containers: [{ resources: { limits: { cpu: 'abc' } } }] })), po, quantities],
    [refusal(podKind, pod({ containers: [{ resources: { limits: { cpu: {} } } }] })), po, quantities],
    [
      refusal(podKind, pod({}, { creationTimestamp: 'yesterday' })),
      po,
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
    [
      refusal(podKind, pod({ restartPolicy: 1 })),
      po,
      'json: cannot unmarshal number into Go struct field PodSpec.spec.restartPolicy of type v1.RestartPolicy',
    ],
  ];
  test.each(cases)('%s', (got, head, why) => {
    expect(got).toBe(head + why);
  });

  test('names the kind that the request is for', () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'k' }, data: { a: '1' } };
    expect(refusal(secretKind, secret, 'ConfigMap')).toBe(
      '400 Secret in version "v1" cannot be handled as a ConfigMap: illegal base64 data at input byte 0',
    );
  });
});

describe('decode() reports unknown fields', () => {
  test('with their paths, in the order of the text', () => {
    const given = pod({
      containers: [{ name: 'c', imagee: 'x', ports: [{ containerPort: 80, hostport: 1 }] }],
      restartpolicy: 'Never',
    });
    const { object, unknownFields } = decode(podKind, given);
    expect(strictDecodingError(fieldComplaints(unknownFields, ['data.a']))).toBe(
      'strict decoding error: unknown field "spec.containers[0].imagee", unknown field "spec.containers[0].ports[0].hostport", unknown field "spec.restartpolicy", duplicate field "data.a"',
    );
    expect(object.spec?.containers[0]?.ports).toEqual([{ containerPort: 80 }]);
  });
});

describe('decode() stores what Go would print', () => {
  test('drops nulls and empty optional values, keeps what Go holds by pointer, adds what Go always has', () => {
    const { object } = decode(
      podKind,
      pod({
        containers: [
          {
            name: 'c',
            image: '',
            args: [],
            env: [{ name: 'A', value: '' }, null],
            stdin: false,
            securityContext: { privileged: false },
          },
        ],
        volumes: null,
        nodeSelector: {},
        terminationGracePeriodSeconds: 0,
        hostNetwork: false,
        securityContext: {},
        enableServiceLinks: false,
      }),
    );
    expect(object).toEqual({
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'p' },
      spec: {
        containers: [
          { name: 'c', env: [{ name: 'A' }, { name: '' }], resources: {}, securityContext: { privileged: false } },
        ],
        terminationGracePeriodSeconds: 0,
        securityContext: {},
        enableServiceLinks: false,
      },
      status: {},
    });
  });

  test('brings quantities and times to their canonical text', () => {
    const { object } = decode(
      podKind,
      pod(
        {
          containers: [
            { name: 'c', resources: { limits: { cpu: '1000m', memory: '1024Mi' }, requests: { cpu: 0.5 } } },
          ],
        },
        { name: 'p', creationTimestamp: '2026-11-21T08:00:00.5+01:00', labels: { __proto__: 'x' } },
      ),
    );
    expect(object.spec?.containers[0]?.resources).toEqual({
      limits: { cpu: '1', memory: '1Gi' },
      requests: { cpu: '500m' },
    });
    expect(object.metadata.creationTimestamp).toBe('2026-11-21T07:00:00Z');
  });

  test('takes an empty body for an empty object of the kind, and the kind from the kind', () => {
    expect(decode(configMapKind, null).object).toEqual({ kind: 'ConfigMap', apiVersion: 'v1', metadata: {} });
    expect(decode(deploymentKind, {}).object.spec).toEqual({
      strategy: {},
      template: { metadata: {}, spec: { containers: [] } },
    } as never);
  });

  test('leaves its input alone', () => {
    const given = { metadata: { name: 'a', x: 1 }, data: { a: 'b' } };
    const before = structuredClone(given);
    const { object } = decodeObject(configMapKind, given);
    expect(given).toEqual(before);
    expect(object.data).not.toBe(given.data);
  });

  test('stores a map key __proto__ as a key', () => {
    const { object } = decode(configMapKind, JSON.parse('{"data":{"__proto__":"x"}}'));
    expect(JSON.stringify(object.data)).toBe('{"__proto__":"x"}');
  });
});

describe('decodeSchema()', () => {
  test('decodes what is no object of a kind', () => {
    expect(
      decodeSchema<DeleteOptions>(DeleteOptions, { gracePeriodSeconds: 0, propagationPolicy: 'Orphan', nope: 1 }),
    ).toEqual({
      value: { gracePeriodSeconds: 0, propagationPolicy: 'Orphan' },
      unknownFields: ['nope'],
    });
  });
});

test.each([
  [{ metadata: { labels: 'x' } }, 'cannot restore map from string'],
  [{ metadata: { labels: { a: 1 } } }, 'cannot convert int64 to string'],
  [{ metadata: { labels: { a: true } } }, 'unrecognized type: string'],
  [{ metadata: [] }, 'cannot restore struct from: slice'],
  [{ spec: { containers: {} } }, 'cannot restore slice from map'],
  [{ spec: { containers: [{ name: 'c', imagePullPolicy: 1 }] } }, 'cannot convert int64 to v1.PullPolicy'],
  [{ spec: { priority: 1.5 } }, 'cannot convert float64 to int32'],
  [{ spec: { hostNetwork: 'true' } }, 'unrecognized type: bool'],
])('a wrong type in the words of a conversion: %j: %s', (value, words) => {
  try {
    decodeObject(podKind, value);
    throw new Error('accepted');
  } catch (error) {
    expect(error instanceof DecodeError ? error.conversion : error).toBe(words);
  }
});
