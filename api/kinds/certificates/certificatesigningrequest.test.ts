import { expect, test } from 'bun:test';
import { validateChange, validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { type CertificateSigningRequest, certificateSigningRequestKind as kind } from './certificatesigningrequest.ts';

/** openssl req -new -subj /O=dev/CN=jane, a key of P-256, in base64. */
const REQUEST =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIWE1IOENBUUF3SFRFTU1Bb0dBMVVFQ2d3RFpHVjJNUTB3Q3dZRFZRUUREQVJxWVc1bE1Ga3dFd1lIS29aSQp6ajBDQVFZSUtvWkl6ajBEQVFjRFFnQUVPY0d3YmQzV3VZVmxWclFhRjUzT09iNytFM2NGbHB4S3BCN0g1V3NFCkphRnFOSVZ0SUV1ZUUvRzVOZzVHWmh1TnVHNS8yYnZMOG5uQ2VKT0FINlNORnFBQU1Bb0dDQ3FHU000OUJBTUMKQTBnQU1FVUNJREo0bkVtTldqZHlWSEVPV3Vqbk9KUHEwMExQRkdlUUR5RVVaT0ZYMlN4dkFpRUF1c1NhcGNTbAo4SGxlZytyWndGQ1RWOXQ3dmhadDJZVU9VSEVJdy9XZ1Iyaz0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==';

const SPEC = { request: REQUEST, signerName: 'example.com/signer', usages: ['client auth'] };
const APPROVED = { type: 'Approved', status: 'True', lastUpdateTime: '2026-11-21T07:00:00Z' };

const make = (spec: object, status: object = {}): CertificateSigningRequest =>
  decode(kind, { metadata: { name: 'x', resourceVersion: '1' }, spec, status }).object;
const faults = (spec: object, status?: object): string[] =>
  validateCreate(kind, make(spec, status)).map(({ field, detail }) => `${field}: ${detail}`);

test.each([
  [SPEC, []],
  [
    {},
    [
      'spec.request: Invalid value: []byte(nil): PEM block type must be CERTIFICATE REQUEST',
      'spec.usages: Required value',
      'spec.signerName: Required value',
    ],
  ],
  [
    { ...SPEC, request: btoa('no') },
    ['spec.request: Invalid value: []byte{0x6e, 0x6f}: PEM block type must be CERTIFICATE REQUEST'],
  ],
  [
    { ...SPEC, usages: ['client auth', 'client auth'], expirationSeconds: 599 },
    [
      'spec.usages[1]: Duplicate value: "client auth"',
      'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
    ],
  ],
  [
    { ...SPEC, signerName: 'signer' },
    [
      'spec.signerName: Invalid value: "signer": must be a fully qualified domain and path of the form \'example.com/signer-name\'',
    ],
  ],
  [
    { ...SPEC, signerName: 'kubernetes.io/legacy-unknown' },
    [
      'spec.signerName: Invalid value: "kubernetes.io/legacy-unknown": the legacy signerName is not allowed via this API version',
    ],
  ],
])('a request with spec %j has the faults %j', (spec, texts) => {
  expect(faults(spec)).toEqual(texts);
});

test('a request whose DER ends too early is refused', () => {
  const cut = btoa(
    `-----BEGIN CERTIFICATE REQUEST-----\n${btoa('\x30\x82\x01\x00\x30')}\n-----END CERTIFICATE REQUEST-----\n`,
  );
  expect(faults({ ...SPEC, request: cut }).map((text) => text.split('}: ')[1])).toEqual([
    'asn1: syntax error: data truncated',
  ]);
});

test('Approved and Denied exclude each other and are never False', () => {
  const conditions = [
    { type: 'Approved', status: 'False' },
    { type: 'Denied', status: 'True' },
  ];
  expect(faults(SPEC, { conditions })).toEqual([
    'status.conditions[0].status: Unsupported value: "False": supported values: "True"',
    'status.conditions[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
  ]);
});

test('the main resource changes neither spec nor status', () => {
  const old = make(SPEC, { conditions: [APPROVED] });
  const next = make({ ...SPEC, usages: ['any'] });
  kind.prepareForUpdate?.(next, old);
  expect([next.spec, next.status]).toEqual([old.spec, old.status]);
  expect(validateChange(kind, next, old)).toEqual([]);
});

test('/approval takes conditions alone; what was decided is not taken back', () => {
  const old = make(SPEC);
  const next = make({ ...SPEC, usages: ['any'] }, { conditions: [APPROVED], certificate: btoa('x') });
  kind.prepareForSubresourceUpdate?.('approval', next, old);
  expect(next.spec).toEqual(old.spec);
  expect(next.status).toEqual({ conditions: [APPROVED] });
  expect(kind.validateSubresourceUpdate?.('approval', next, old)).toEqual([]);
  expect(kind.validateSubresourceUpdate?.('approval', old, next).map(({ detail }) => detail)).toEqual([
    'Forbidden: updates may not remove a condition of type "Approved"',
  ]);
});

test('/status sets the certificate once, and no decision', () => {
  const certificate = btoa('-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n');
  const details = (next: object, before: object): string[] =>
    (kind.validateStatusUpdate?.(make(SPEC, next), make(SPEC, before)) ?? []).map(({ detail }) => detail);
  expect(details({ conditions: [APPROVED] }, {})).toEqual([
    'Forbidden: updates may not add a condition of type "Approved"',
  ]);
  expect(details({ certificate: btoa('x') }, {})).toEqual([
    'Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block',
  ]);
  expect(details({ certificate }, { certificate: btoa('y') })).toContain(
    'Forbidden: updates may not modify existing certificate content',
  );
});

test('a request shows what has become of it', () => {
  const cells = (status: object): unknown[] =>
    kind.columns.map((column) =>
      column.cell(make({ ...SPEC, username: 'jane', expirationSeconds: 86_400 }, status), new Date(0)),
    );
  expect(cells({}).slice(2)).toEqual(['example.com/signer', 'jane', '24h', 'Pending']);
  expect(cells({ conditions: [APPROVED], certificate: 'eA==' }).at(-1)).toBe('Approved,Issued');
  expect(cells({ conditions: [{ type: 'Denied' }, { type: 'Failed' }] }).at(-1)).toBe('Denied,Failed');
});
