import { expect, test } from 'bun:test';
import type { Kind, KubeObject } from '#api/kind.ts';
import { validateChange, validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { applySchemaDefaults } from '#api/schema/defaults.ts';
import { ingressKind } from './ingress.ts';
import { ingressClassKind } from './ingressclass.ts';
import { ipAddressKind } from './ipaddress.ts';
import { networkPolicyKind } from './networkpolicy.ts';
import { serviceCIDRKind } from './servicecidr.ts';

function make<T extends KubeObject>(kind: Kind<T>, fields: object, metadata: object = { name: 'x' }): T {
  const place = kind.scope === 'Namespaced' ? { namespace: 'n' } : {};
  const { object } = decode(kind, { metadata: { ...place, resourceVersion: '1', ...metadata }, ...fields });
  applySchemaDefaults(kind.schema, object);
  kind.applyDefaults?.(object);
  return object;
}
const faults = <T extends KubeObject>(kind: Kind<T>, fields: object, metadata?: object): string[] =>
  validateCreate(kind, make(kind, fields, metadata)).map(({ field, detail }) => `${field}: ${detail}`);
const changes = <T extends KubeObject>(kind: Kind<T>, before: object, after: object): string[] =>
  validateChange(kind, make(kind, after), make(kind, before)).map(({ field, detail }) => `${field}: ${detail}`);
const cells = <T extends KubeObject>(kind: Kind<T>, fields: object): unknown[] =>
  kind.columns.map((column) => column.cell(make(kind, fields), new Date(0)));

const backend = { service: { name: 's', port: { number: 80 } } };
const path = (one: object): object => ({ spec: { rules: [{ http: { paths: [{ backend, ...one }] } }] } });

test.each([
  [{ spec: { defaultBackend: backend } }, []],
  [
    { spec: {} },
    ['spec: Invalid value: []networking.IngressRule(nil): either `defaultBackend` or `rules` must be specified'],
  ],
  [path({}), ['spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified']],
  [
    path({ path: '/a//b/..', pathType: 'Prefix' }),
    [
      'spec.rules[0].http.paths[0].path: Invalid value: "/a//b/..": must not contain \'//\'',
      'spec.rules[0].http.paths[0].path: Invalid value: "/a//b/..": cannot end with \'/..\'',
    ],
  ],
  [
    path({ path: '/', pathType: 'Near' }),
    [
      'spec.rules[0].http.paths[0].pathType: Unsupported value: "Near": supported values: "Exact", "ImplementationSpecific", "Prefix"',
    ],
  ],
  [
    path({ path: '/', pathType: 'Exact', backend: { service: { name: 's' } } }),
    ['spec.rules[0].http.paths[0].backend: Required value: port name or number is required'],
  ],
  [
    { spec: { defaultBackend: { ...backend, resource: { kind: 'K', name: 'n' } } } },
    ['spec.defaultBackend: Invalid value: "": cannot set both resource and service backends'],
  ],
])('an Ingress of %j has the faults %j', (fields, texts) => {
  expect(faults(ingressKind, fields)).toEqual(texts);
});

test('a host of an Ingress is a name, or has its star as first label', () => {
  const host = (name: string): string[] =>
    faults(ingressKind, { spec: { rules: [{ host: name }] } }).map((text) => text.slice(0, 60));
  expect(host('*.example.com')).toEqual([]);
  expect(host('a.*.com')).toEqual(['spec.rules[0].host: Invalid value: "a.*.com": a wildcard DNS']);
  expect(host('10.0.0.1')).toEqual(['spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS']);
});

test('the annotation of an Ingress and its class agree when it is made, not later', () => {
  const given = { spec: { defaultBackend: backend, ingressClassName: 'a' } };
  const metadata = { name: 'x', annotations: { 'kubernetes.io/ingress.class': 'b' } };
  expect(faults(ingressKind, given, metadata)).toEqual([
    'annotations.kubernetes.io/ingress.class: Invalid value: "b": must match `ingressClassName` when both are specified',
  ]);
  const object = make(ingressKind, given, metadata);
  expect(validateChange(ingressKind, object, object)).toEqual([]);
});

test('an Ingress shows three hosts and how many rules follow', () => {
  const rules = ['a', 'b', 'c', 'd', 'e'].map((host) => ({ host }));
  const shown = cells(ingressKind, {
    spec: { rules, tls: [{}], ingressClassName: 'k' },
    status: { loadBalancer: { ingress: [{ ip: '192.0.2.10' }, { ip: '192.0.2.11' }] } },
  });
  expect(shown.slice(1, 5)).toEqual(['k', 'a,b,c + 2 more...', '192.0.2.10,19...', '80, 443']);
  expect(cells(ingressKind, {}).slice(1, 5)).toEqual(['<none>', '*', '', '80']);
});

test('the controller of an IngressClass is a path under a domain and never changes', () => {
  expect(faults(ingressClassKind, { spec: { controller: 'acme.io/one' } })).toEqual([]);
  expect(faults(ingressClassKind, {})).toEqual(['spec.controller: Required value']);
  expect(faults(ingressClassKind, { spec: { controller: 'acme' } })).toEqual([
    'spec.controller: Invalid value: "acme": must be a domain-prefixed path (such as "acme.io/foo")',
  ]);
  expect(
    changes(ingressClassKind, { spec: { controller: 'acme.io/one' } }, { spec: { controller: 'acme.io/two' } }),
  ).toEqual(['spec.controller: Invalid value: "acme.io/two": field is immutable']);
});

test('the parameters of an IngressClass have a namespace just when their scope says so', () => {
  const parameters = { kind: 'K', name: 'n', apiGroup: 'g.io' };
  const spec = (more: object): object => ({ spec: { controller: 'a.io/b', parameters: { ...parameters, ...more } } });
  expect(make(ingressClassKind, spec({})).spec?.parameters?.scope).toBe('Cluster');
  expect(cells(ingressClassKind, spec({}))[2]).toBe('K.g.io/n');
  expect(faults(ingressClassKind, spec({ namespace: 'x' }))).toEqual([
    "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
  ]);
  expect(faults(ingressClassKind, spec({ scope: 'Namespace' }))).toEqual([
    "spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'",
  ]);
});

test('a NetworkPolicy is for Ingress unless it says otherwise or has rules for Egress', () => {
  expect(make(networkPolicyKind, {}).spec).toEqual({ podSelector: {}, policyTypes: ['Ingress'] });
  expect(make(networkPolicyKind, { spec: { egress: [{}] } }).spec?.policyTypes).toEqual(['Ingress', 'Egress']);
  expect(make(networkPolicyKind, { spec: { policyTypes: ['Egress'] } }).spec?.policyTypes).toEqual(['Egress']);
  expect(make(networkPolicyKind, { spec: { ingress: [{ ports: [{ port: 80 }] }] } }).spec?.ingress).toEqual([
    { ports: [{ port: 80, protocol: 'TCP' }] },
  ]);
});

const from = (peer: object): object => ({ spec: { ingress: [{ from: [peer] }] } });

test.each([
  [from({}), ['spec.ingress[0].from[0]: Required value: must specify a peer']],
  [
    from({ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }),
    ['spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer'],
  ],
  [
    from({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8', '10.1.0.0/16'] } }),
    ['spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`'],
  ],
  [
    { spec: { egress: [{ ports: [{ port: 80, endPort: 79 }, { port: 'http', endPort: 80 }, { protocol: 'X' }] }] } },
    [
      'spec.egress[0].ports[0].endPort: Invalid value: 80: must be greater than or equal to `port`',
      'spec.egress[0].ports[1].endPort: Invalid value: 80: may not be specified when `port` is non-numeric',
      'spec.egress[0].ports[2].protocol: Unsupported value: "X": supported values: "TCP", "UDP", "SCTP"',
    ],
  ],
  [
    { spec: { policyTypes: ['Ingress', 'X'] } },
    ['spec.policyTypes[1]: Unsupported value: "X": supported values: "Ingress", "Egress"'],
  ],
])('a NetworkPolicy of %j has the faults %j', (fields, texts) => {
  expect(faults(networkPolicyKind, fields)).toEqual(texts);
});

test('a network that a NetworkPolicy has already is not looked at again', () => {
  const odd = from({ ipBlock: { cidr: '10.0.0.0/99' } });
  expect(faults(networkPolicyKind, odd)).toHaveLength(1);
  expect(changes(networkPolicyKind, odd, odd)).toEqual([]);
});

test('an IPAddress is named by the address in its one form, and keeps its parent', () => {
  const spec = { parentRef: { resource: 'services', namespace: 'n', name: 's' } };
  expect(faults(ipAddressKind, { spec }, { name: '10.43.0.1' })).toEqual([]);
  expect(faults(ipAddressKind, { spec }, { name: 'FE80::1' })).toEqual([
    'metadata.name: Invalid value: "FE80::1": must be in canonical form ("fe80::1")',
  ]);
  expect(faults(ipAddressKind, {}, { name: '10.43.0.1' })).toEqual(['spec.parentRef: Required value']);
  expect(cells(ipAddressKind, { spec })[1]).toBe('services/n/s');
  const before = make(ipAddressKind, { spec }, { name: '10.43.0.1' });
  const after = make(ipAddressKind, { spec: { parentRef: { resource: 'x', name: 's' } } }, { name: '10.43.0.1' });
  expect(validateChange(ipAddressKind, after, before).map(({ field }) => field)).toEqual(['spec.parentRef']);
});

test('a ServiceCIDR keeps its networks; one may become two of both families', () => {
  const cidrs = (...list: string[]): object => ({ spec: { cidrs: list } });
  expect(faults(serviceCIDRKind, cidrs())).toEqual(['spec.cidrs: Required value: at least one CIDR required']);
  expect(faults(serviceCIDRKind, cidrs('10.0.0.0/8', '11.0.0.0/8'))).toHaveLength(1);
  expect(changes(serviceCIDRKind, cidrs('10.0.0.0/8'), cidrs('10.0.0.0/8', 'fd00::/64'))).toEqual([]);
  expect(changes(serviceCIDRKind, cidrs('10.0.0.0/8'), cidrs('11.0.0.0/8'))).toEqual([
    'spec.cidrs[0]: Invalid value: "11.0.0.0/8": field is immutable',
  ]);
  expect(changes(serviceCIDRKind, cidrs('10.0.0.0/8', 'fd00::/64'), cidrs('10.0.0.0/8'))).toEqual([
    'spec.cidrs: Invalid value: []string{"10.0.0.0/8"}: field is immutable',
  ]);
});
