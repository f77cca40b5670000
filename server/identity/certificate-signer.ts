import { loadCa } from './authority.ts';
import type * as SignedCertificate from './signed-certificate.ts';
import type { RequestedCertificate, SigningOptions } from './signed-certificate.ts';

/** Reads certificate requests (PKCS#10 in PEM) and signs them with the cluster's CA. */
export class CertificateSigner {
  readonly #directory: string;

  /** `directory` is where `loadAuthority` keeps the CA. */
  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The names in a request. Rejects when it cannot be read. */
  async inspect(pem: string): Promise<RequestedCertificate> {
    return (await library()).inspectRequest(pem);
  }

  /** The certificate, in PEM. It ends with the CA's own at the latest. */
  async sign(pem: string, options: SigningOptions): Promise<string> {
    return (await library()).signRequest(await loadCa(this.#directory), pem, options);
  }
}

/** Loaded when first needed: it takes 9 MB (authority.ts). */
async function library(): Promise<Pick<typeof SignedCertificate, 'inspectRequest' | 'signRequest'>> {
  await import('reflect-metadata');
  return import('./signed-certificate.ts');
}
