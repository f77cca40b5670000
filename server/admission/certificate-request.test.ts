import { expect, test } from 'bun:test';
import {
  type CertificateSigningRequest,
  certificateSigningRequestKind as kind,
} from '#api/kinds/certificates/certificatesigningrequest.ts';
import { decode } from '#api/schema/decode.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import { CertificateRequestAdmission } from './certificate-request.ts';

/** Made by openssl req -new, in base64. */
const REQUESTS = {
  'P-256':
    'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIWE1IOENBUUF3SFRFTU1Bb0dBMVVFQ2d3RFpHVjJNUTB3Q3dZRFZRUUREQVJxWVc1bE1Ga3dFd1lIS29aSQp6ajBDQVFZSUtvWkl6ajBEQVFjRFFnQUVPY0d3YmQzV3VZVmxWclFhRjUzT09iNytFM2NGbHB4S3BCN0g1V3NFCkphRnFOSVZ0SUV1ZUUvRzVOZzVHWmh1TnVHNS8yYnZMOG5uQ2VKT0FINlNORnFBQU1Bb0dDQ3FHU000OUJBTUMKQTBnQU1FVUNJREo0bkVtTldqZHlWSEVPV3Vqbk9KUHEwMExQRkdlUUR5RVVaT0ZYMlN4dkFpRUF1c1NhcGNTbAo4SGxlZytyWndGQ1RWOXQ3dmhadDJZVU9VSEVJdy9XZ1Iyaz0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==',
  RSA: 'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlJQlRUQ0J0d0lCQURBT01Rd3dDZ1lEVlFRRERBTnljMkV3Z1o4d0RRWUpLb1pJaHZjTkFRRUJCUUFEZ1kwQQpNSUdKQW9HQkFQSmRnTXhjWk9jdGlYelNYcVc5Zzd3YXV0Mm1DRGd1blZjNG04VlZickdSajMwaktDSDFWMDB2CmRMQk9hVFZGYVhqTEZPT2RPcWxneFU4TDNqb0MxWjJaVjA2SFlSSDlITTQ1aUZvWVJUdFlIQ1RKT0U2Y0NPOEYKT1VldWJQUmwvK25qRkpuQUhzVVJ3bVJoYndUdmRrWFRrbG1IOVNrV2tWNDdUU0FPVW5zNUFnTUJBQUdnQURBTgpCZ2txaGtpRzl3MEJBUXNGQUFPQmdRQkhKU0hBT2FkUWZ4a3NhY21hU3haS0pDa0cxb2t6UGp2VjBBVi9oYWFGCmVERmRCRTlZb3hrYkdjbVdLTFdIblNnYU41N1F4V1lYYmNwdDlzcjFHMmxJUHNFTldhRzFJWGdyUVFNQzJPTHUKaTAwdTNoZFREeHlVWkJiS3NZY2h0a3dwNVQ1N0t1Uzc3cXNDbTJMcjU2QkxRc283RUtXV1g1dWFVTzhJY3RMTgpIdz09Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=',
  Ed25519:
    'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlHTU1FQUNBUUF3RFRFTE1Ba0dBMVVFQXd3Q1pXUXdLakFGQmdNclpYQURJUUJPNEYrckVvUmdVREVob0JYdwpXRGo0Q1VlRnlmTUpQWVJjTExSQW1QcVdFYUFBTUFVR0F5dGxjQU5CQUdsZUkxNmNyN0k0dnlKTEd1RklUbkhXCmFURStNZmFYNTBBcUxSWlBPZ3Y1T3ZjTFJpNWhhb2tFSWRGQjBzNnd6QnlzckJXellSUHdicG9SS25Tc0x3TT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUgUkVRVUVTVC0tLS0tCg==',
};
const plugin = new CertificateRequestAdmission();

const make = (spec: object, status: object = {}): CertificateSigningRequest =>
  decode(kind, { metadata: { name: 'x' }, spec: { signerName: 'a.io/b', ...spec }, status }).object;
const admission = (
  object: CertificateSigningRequest,
  more: Partial<AdmissionRequest<CertificateSigningRequest>> = {},
): AdmissionRequest<CertificateSigningRequest> => ({
  operation: 'CREATE',
  kind,
  subresource: '',
  namespace: '',
  name: 'x',
  object,
  old: undefined,
  context: {
    user: { name: 'jane', groups: ['dev'], extra: { 'example.com/floor': ['2'] } },
    dryRun: false,
    fieldManager: 'test',
    warnings: [],
  },
  ...more,
});

test('who asks is who is authenticated, whatever the request says', () => {
  const object = make({ username: 'admin', uid: '7', groups: ['system:masters'] });
  plugin.mutate(admission(object));
  expect(object.spec).toMatchObject({ username: 'jane', groups: ['dev'], extra: { 'example.com/floor': ['2'] } });
  expect(object.spec.uid).toBeUndefined();
});

test.each(Object.entries(REQUESTS))(
  'a request signed with its own %s key is taken, a changed one is not',
  (_, request) => {
    expect(() => plugin.validate(admission(make({ request })))).not.toThrow();
    const lines = atob(request).split('\n');
    const der = Uint8Array.from(atob(lines.slice(1, -2).join('')), (char) => char.charCodeAt(0));
    der[der.length - 1] = (der[der.length - 1] ?? 0) ^ 1;
    const body = btoa(String.fromCharCode(...der));
    const changed = btoa(`${lines[0]}\n${body}\n-----END CERTIFICATE REQUEST-----\n`);
    expect(() => plugin.validate(admission(make({ request: changed })))).toThrow('spec.request: Invalid value');
  },
);

test('a condition gets its times; the time of the change stays while the status does', () => {
  const then = '2026-11-20T00:00:00Z';
  const old = make({}, { conditions: [{ type: 'Approved', status: 'True', lastTransitionTime: then }] });
  const object = make(
    {},
    {
      conditions: [
        { type: 'Approved', status: 'True' },
        { type: 'Ready', status: 'True' },
      ],
    },
  );
  plugin.mutate(admission(object, { operation: 'UPDATE', subresource: 'approval', old }));
  const [approved, ready] = object.status?.conditions ?? [];
  expect(approved?.lastTransitionTime).toBe(then);
  expect(approved?.lastUpdateTime).toBe(ready?.lastTransitionTime ?? '');
  expect(ready?.lastUpdateTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
});
