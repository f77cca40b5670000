import { beforeEach, expect, test } from 'bun:test';
import type { KubeObject } from '#api/kind.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { Container } from '#api/podspec/container.ts';
import { containerEnvironment } from './environment.ts';

const place = {
  nodeName: 'node1',
  hostIPs: ['192.168.0.10'],
  podIPs: ['10.42.0.5'],
  allocatable: { cpu: '2', memory: '4Gi' },
};
const objects = new Map<string, KubeObject>();
const state = {
  get: <T extends KubeObject>(resource: string, key: string) => objects.get(`${resource}/${key}`) as T | undefined,
  list: <T extends KubeObject>(resource: string) =>
    [...objects].filter(([key]) => key.startsWith(`${resource}/`)).map(([, object]) => object as T),
};
const put = (resource: string, namespace: string, name: string, content: object): unknown =>
  objects.set(`${resource}/${namespace}/${name}`, {
    kind: 'X',
    apiVersion: 'v1',
    metadata: { name, namespace },
    ...content,
  });
const pod: Pod = {
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'p', namespace: 'ns', uid: 'u', labels: { app: 'web' } },
  spec: { containers: [{ name: 'c', resources: { limits: { memory: '32Mi' } } }], serviceAccountName: 'sa' },
};
const make = (container: Partial<Container>, links = true) => {
  const { variables, warnings } = containerEnvironment(
    { ...pod, spec: { containers: [], ...pod.spec, enableServiceLinks: links } },
    { name: 'c', ...container },
    state,
    place,
  );
  return { values: Object.fromEntries(variables.map(({ name, value }) => [name, value])), warnings };
};

beforeEach(() => {
  objects.clear();
  put('configmaps', 'ns', 'cm', { data: { one: '1', '1st': '4' } });
  put('secrets', 'ns', 's', { data: { k: btoa('secret') } });
});

test('references to variables are filled in from those before, $$ is a dollar, unknown names stay', () => {
  const env = [
    { name: 'B', value: 'b' },
    { name: 'C', value: '$(B)-$(D)-$$(B)-$(NOPE)' },
    { name: 'D', value: 'd' },
  ];
  expect(make({ env }).values).toEqual({ B: 'b', C: 'b-$(D)-$(B)-$(NOPE)', D: 'd' });
});

test('envFrom takes what may be a variable, with a prefix, and tells of the rest', () => {
  const { values, warnings } = make({
    envFrom: [{ configMapRef: { name: 'cm' } }, { prefix: 'P_', secretRef: { name: 's' } }],
  });
  expect(values).toEqual({ one: '1', P_k: 'secret' });
  expect(warnings).toEqual([
    'Keys [1st] from the EnvFrom configMap ns/cm were skipped since they are considered invalid environment variable names.',
  ]);
});

test.each([
  ['metadata.name', 'p'],
  ["metadata.labels['app']", 'web'],
  ["metadata.annotations['none']", ''],
  ['spec.nodeName', 'node1'],
  ['spec.serviceAccountName', 'sa'],
  ['status.hostIP', '192.168.0.10'],
  ['status.podIP', '10.42.0.5'],
])('fieldRef %s is %j', (fieldPath, value) => {
  expect(make({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath } } }] }).values).toEqual({ A: value });
});

test.each([
  ['limits.memory', '1Mi', '32'],
  ['limits.memory', '5Mi', '7'],
  ['limits.cpu', '1m', '2000'],
  ['requests.cpu', '1', '0'],
])('resourceFieldRef %s in units of %s is %s', (resource, divisor, value) => {
  expect(make({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource, divisor } } }] }).values).toEqual({
    A: value,
  });
});

test.each([
  [{ configMapKeyRef: { name: 'none', key: 'k' } }, 'configmap "none" not found'],
  [{ secretKeyRef: { name: 's', key: 'none' } }, "couldn't find key none in Secret ns/s"],
  [{ configMapKeyRef: { name: 'cm', key: 'none' } }, "couldn't find key none in ConfigMap ns/cm"],
])('%j fails with %s', (valueFrom, message) => {
  expect(() => make({ env: [{ name: 'A', valueFrom }] })).toThrow(message);
});

test('what is optional may be missing', () => {
  const env = [{ name: 'A', valueFrom: { secretKeyRef: { name: 'none', key: 'k', optional: true } } }];
  expect(make({ env, envFrom: [{ configMapRef: { name: 'none', optional: true } }] }).values).toEqual({});
});

test('Services of the namespace and kubernetes are variables; without links only kubernetes is', () => {
  put('services', 'default', 'kubernetes', { spec: { clusterIP: '10.43.0.1', ports: [{ name: 'https', port: 443 }] } });
  put('services', 'ns', 'my-web', { spec: { clusterIP: '10.43.0.7', ports: [{ port: 80 }] } });
  put('services', 'ns', 'headless', { spec: { clusterIP: 'None', ports: [{ port: 80 }] } });
  expect(make({}).values).toMatchObject({
    KUBERNETES_SERVICE_HOST: '10.43.0.1',
    KUBERNETES_SERVICE_PORT: '443',
    KUBERNETES_SERVICE_PORT_HTTPS: '443',
    MY_WEB_SERVICE_HOST: '10.43.0.7',
    MY_WEB_PORT: 'tcp://10.43.0.7:80',
    MY_WEB_PORT_80_TCP_ADDR: '10.43.0.7',
  });
  expect(Object.keys(make({}).values).some((name) => name.startsWith('HEADLESS'))).toBe(false);
  expect(Object.keys(make({}, false).values).filter((name) => name.startsWith('MY_WEB'))).toEqual([]);
});
