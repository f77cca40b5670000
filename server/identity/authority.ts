import 'reflect-metadata';
import { createHash, createPrivateKey, X509Certificate, webcrypto } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

const DAY_MS = 24 * 3600 * 1000;
const CA_DAYS = 3650;
const SERVING_DAYS = 365;
/** A serving certificate with less life than this is made anew at start. */
const RENEW_BEFORE_MS = 90 * DAY_MS;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

/** The cluster's certificate authority and the API server's own certificate, all in PEM. */
export interface Authority {
  readonly caCertificate: string;
  /** SHA-256 of the CA certificate's DER, lower-case hex: what a join token pins. */
  readonly caHash: string;
  readonly servingCertificate: string;
  readonly servingKey: string;
}

/**
 * Reads the authority under `directory` (`ca.crt`, `ca.key`, `server.crt`, `server.key`), making what is missing. P-256 throughout.
 * The serving certificate is made anew when a name of `hosts` (DNS names and IP addresses) is not in it, or when it ends within 90 days.
 *
 * @throws when a file is there but cannot be read or does not hold what its name says.
 */
export async function loadAuthority(directory: string, hosts: readonly string[]): Promise<Authority> {
  const ca = await loadCa(directory);
  let serving = await readPair(directory, 'server');
  if (serving === undefined || !covers(serving.certificate, ca.certificate, hosts)) {
    serving = await makeServing(directory, ca, hosts);
  }
  return {
    caCertificate: ca.certificate,
    caHash: certificateHash(ca.certificate),
    servingCertificate: serving.certificate,
    servingKey: serving.key,
  };
}

/** Reads `ca.crt` and `ca.key` under `directory`, making them when they are missing. PEM. */
export async function loadCa(directory: string): Promise<{ readonly certificate: string; readonly key: string }> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  return (await readPair(directory, 'ca')) ?? (await makeCa(directory));
}

/** SHA-256 of a PEM certificate's DER, lower-case hex. */
export const certificateHash = (pem: string): string =>
  createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

async function readPair(directory: string, name: string): Promise<Pair | undefined> {
  try {
    return {
      certificate: await readFile(join(directory, `${name}.crt`), 'utf8'),
      key: await readFile(join(directory, `${name}.key`), 'utf8'),
    };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`Cannot read the ${name} certificate in ${directory}`, { cause: error });
  }
}

/** Writes the key before the certificate, each by rename: a crash between the two leaves no certificate without its key. */
async function writePair(directory: string, name: string, pair: Pair): Promise<Pair> {
  for (const [ending, text] of [
    ['key', pair.key],
    ['crt', pair.certificate],
  ] as const) {
    const path = join(directory, `${name}.${ending}`);
    await writeFile(`${path}.new`, text, { mode: 0o600 });
    if (ending === 'crt') await chmod(`${path}.new`, 0o644);
    await rename(`${path}.new`, path);
  }
  return pair;
}

async function makeCa(directory: string): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: `CN=skep-ca@${Math.floor(now / 1000)}`,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + CA_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return writePair(directory, 'ca', { certificate: certificate.toString('pem'), key: await pemKey(keys.privateKey) });
}

async function makeServing(directory: string, ca: Pair, hosts: readonly string[]): Promise<Pair> {
  const issuer = new x509.X509Certificate(ca.certificate);
  const signingKey = await webcrypto.subtle.importKey(
    'pkcs8',
    createPrivateKey(ca.key).export({ type: 'pkcs8', format: 'der' }),
    ALGORITHM,
    false,
    ['sign'],
  );
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: 'O=skep,CN=kube-apiserver',
    issuer: issuer.subject,
    notBefore: new Date(now - DAY_MS),
    notAfter: new Date(now + SERVING_DAYS * DAY_MS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((host) => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host }) as const),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
    ],
  });
  return writePair(directory, 'server', {
    certificate: certificate.toString('pem'),
    key: await pemKey(keys.privateKey),
  });
}

function covers(servingPem: string, caPem: string, hosts: readonly string[]): boolean {
  const serving = new X509Certificate(servingPem);
  if (Date.parse(serving.validTo) - Date.now() < RENEW_BEFORE_MS) return false;
  if (!serving.verify(new X509Certificate(caPem).publicKey)) return false;
  return hosts.every((host) => (isIP(host) === 0 ? serving.checkHost(host) : serving.checkIP(host)) !== undefined);
}

const serial = (): string => Buffer.from(webcrypto.getRandomValues(new Uint8Array(12))).toString('hex');

async function pemKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  return String(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }).export({ type: 'pkcs8', format: 'pem' }));
}
