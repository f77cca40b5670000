import { afterAll, beforeAll, expect, test } from 'bun:test';
import { X509Certificate, webcrypto } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadCa } from './authority.ts';
import { CertificateSigner } from './certificate-signer.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'skep-signer-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function requestFor(name: string, algorithm: object): Promise<string> {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  const keys = (await webcrypto.subtle.generateKey(algorithm as webcrypto.EcKeyGenParams, true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name,
    keys,
    signingAlgorithm: algorithm as webcrypto.EcdsaParams,
    extensions: [
      new x509.SubjectAlternativeNameExtension([
        { type: 'dns', value: 'a.example' },
        { type: 'ip', value: '10.0.0.1' },
      ]),
    ],
  });
  return request.toString('pem');
}
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  hash: 'SHA-256',
  modulusLength: 2048,
  publicExponent: new Uint8Array([1, 0, 1]),
};

test('inspect() tells the names of a request', async () => {
  const signer = new CertificateSigner(directory);
  expect(await signer.inspect(await requestFor('CN=system:node:n1,O=system:nodes', EC))).toEqual({
    commonName: 'system:node:n1',
    organizations: ['system:nodes'],
    dnsNames: ['a.example'],
    addresses: ['10.0.0.1'],
    emails: [],
    uris: [],
  });
});

test.each([
  ['ECDSA', EC],
  ['RSA', RSA],
])('sign() makes a certificate of a request with an %s key', async (_, algorithm) => {
  const notBefore = new Date('2026-01-01T00:00:00Z');
  const pem = await new CertificateSigner(directory).sign(await requestFor('CN=jane,O=dev', algorithm), {
    usages: ['client auth', 'digital signature'],
    notBefore,
    notAfter: new Date('2100-01-01T00:00:00Z'),
  });
  const ca = new X509Certificate((await loadCa(directory)).certificate);
  const made = new X509Certificate(pem);
  expect(made.verify(ca.publicKey)).toBe(true);
  expect(made.checkIssued(ca)).toBe(true);
  expect(made.subject.split('\n').sort()).toEqual(['CN=jane', 'O=dev']);
  expect(made.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  expect(made.ca).toBe(false);
  expect(made.subjectAltName).toBe('DNS:a.example, IP Address:10.0.0.1');
  expect(Date.parse(made.validFrom)).toBe(notBefore.getTime());
  // Not longer than the CA itself.
  expect(made.validTo).toBe(ca.validTo);
});
