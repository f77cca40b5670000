import { expect, test } from 'bun:test';
import { validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { applySchemaDefaults } from '#api/schema/defaults.ts';
import { type APIService, apiServiceKind as kind } from './apiservice.ts';

function make(name: string, spec: object, status: object = {}): APIService {
  const { object } = decode(kind, { metadata: { name }, spec, status });
  applySchemaDefaults(kind.schema, object);
  return object;
}
const faults = (name: string, spec: object): string[] =>
  validateCreate(kind, make(name, spec)).map(({ field, detail }) => `${field}: ${detail}`);

const SPEC = { group: 'a.io', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 };

test.each([
  ['v1.a.io', SPEC, []],
  ['v1.b.io', SPEC, ['metadata.name: Invalid value: "v1.b.io": must be `spec.version+"."+spec.group`: "v1.a.io"']],
  [
    'v2.',
    { version: 'v2' },
    [
      'spec.group: Required value: only v1 may have an empty group and it better be legacy kube',
      'spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000',
      'spec.versionPriority: Invalid value: 0: must be positive and less than 1000',
    ],
  ],
  [
    'v1.a.io',
    { ...SPEC, caBundle: 'YWI=', insecureSkipTLSVerify: true },
    [
      'spec.caBundle: Invalid value: "2 bytes": local APIServices may not have a caBundle',
      'spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify',
    ],
  ],
  [
    'v1.a.io',
    { ...SPEC, service: { port: 0 }, caBundle: 'YWI=', insecureSkipTLSVerify: true },
    [
      'spec.service.namespace: Required value',
      'spec.service.name: Required value',
      'spec.service.port: Invalid value: 0: port is not valid: must be between 1 and 65535, inclusive',
      'spec.insecureSkipTLSVerify: Invalid value: true: may not be true if caBundle is present',
    ],
  ],
])('an APIService %s of %j has the faults %j', (name, spec, texts) => {
  expect(faults(name, spec)).toEqual(texts);
});

test('the port of a Service is 443 unless given', () => {
  expect(make('v1.a.io', { ...SPEC, service: { name: 's', namespace: 'n' } }).spec?.service?.port).toBe(443);
});

test('an APIService shows who serves it and whether', () => {
  const cells = (spec: object, ...conditions: object[]): unknown[] =>
    kind.columns.slice(1, 3).map((column) => column.cell(make('v1.a.io', spec, { conditions }), new Date(0)));
  expect(cells(SPEC)).toEqual(['Local', 'Unknown']);
  expect(cells(SPEC, { type: 'Available', status: 'True', reason: 'Local' })).toEqual(['Local', 'True']);
  expect(
    cells(
      { service: { namespace: 'n', name: 's' } },
      { type: 'Available', status: 'False', reason: 'MissingEndpoints' },
    ),
  ).toEqual(['n/s', 'False (MissingEndpoints)']);
});
