import { createHash, X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type * as Certificates from './certificates.ts';
import type { Pair } from './certificates.ts';

const DAY_MS = 24 * 3600 * 1000;
/** A serving certificate with less life than this is made anew at start. */
const RENEW_BEFORE_MS = 90 * DAY_MS;

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
    const { makeServing } = await certificates();
    serving = await writePair(directory, 'server', await makeServing(ca, hosts));
  }
  return {
    caCertificate: ca.certificate,
    caHash: certificateHash(ca.certificate),
    servingCertificate: serving.certificate,
    servingKey: serving.key,
  };
}

/** Reads `ca.crt` and `ca.key` under `directory`, making them when they are missing. PEM. */
export async function loadCa(directory: string): Promise<Pair> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const there = await readPair(directory, 'ca');
  if (there !== undefined) return there;
  const { makeCa } = await certificates();
  return writePair(directory, 'ca', await makeCa());
}

/** Loaded only when a certificate is to be made: the library takes 9 MB. It must find the polyfill, also in the bundle, so that comes first. */
async function certificates(): Promise<Pick<typeof Certificates, 'makeCa' | 'makeServing'>> {
  await import('reflect-metadata');
  return import('./certificates.ts');
}

/** SHA-256 of a PEM certificate's DER, lower-case hex. */
export const certificateHash = (pem: string): string =>
  createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');

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

function covers(servingPem: string, caPem: string, hosts: readonly string[]): boolean {
  const serving = new X509Certificate(servingPem);
  if (Date.parse(serving.validTo) - Date.now() < RENEW_BEFORE_MS) return false;
  if (!serving.verify(new X509Certificate(caPem).publicKey)) return false;
  return hosts.every((host) => (isIP(host) === 0 ? serving.checkHost(host) : serving.checkIP(host)) !== undefined);
}
