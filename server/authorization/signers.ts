import {
  type CertificateSigningRequest,
  certificateSigningRequestKind,
} from '#api/kinds/certificates/certificatesigningrequest.ts';
import { decodeBytes, derElement, pemBlocks } from '#api/kinds/certificates/pem.ts';
import { forbiddenError } from '#api/meta/status.ts';
import type { AdmissionRequest, User } from '#server/store/registry.ts';
import { type Authorizer, MASTERS } from './authorizer.ts';

const API_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';

/**
 * Who may approve and sign which certificate requests, by the verbs `approve` and `sign` on the resource `signers` (upstream: the admission
 * plugins CertificateApproval, CertificateSigning and CertificateSubjectRestriction).
 */
export class SignerCheck {
  readonly name = 'CertificateSigners';
  readonly #authorizer: Authorizer;

  constructor(authorizer: Authorizer) {
    this.#authorizer = authorizer;
  }

  validate({ kind, operation, subresource, name, object, old, context }: AdmissionRequest): void {
    if (kind.group !== certificateSigningRequestKind.group || kind.kind !== certificateSigningRequestKind.kind) return;
    const forbid = (why: string) => forbiddenError(certificateSigningRequestKind, name, why);
    const given = object as CertificateSigningRequest | undefined;
    if (operation === 'CREATE') {
      const { signerName = '', request = '' } = given?.spec ?? {};
      if (signerName === API_CLIENT_SIGNER && organizationsOf(request).includes(MASTERS))
        throw forbid(`use of ${API_CLIENT_SIGNER} signer with ${MASTERS} group is not allowed`);
      return;
    }
    if (operation !== 'UPDATE' || old === undefined) return;
    // The signer as it was: the request might name another.
    const before = old as CertificateSigningRequest;
    const { signerName } = before.spec;
    const verb = subresource === 'approval' ? 'approve' : subresource === 'status' ? 'sign' : undefined;
    if (verb === undefined || (verb === 'sign' && Bun.deepEquals(given?.status, before.status))) return;
    if (!this.#may(context.user, verb, signerName))
      throw forbid(`user not permitted to ${verb} requests with signerName ${JSON.stringify(signerName)}`);
  }

  /** For the signer itself, or for all of its domain. */
  #may(user: User, verb: string, signerName: string): boolean {
    const [domain = ''] = signerName.split('/');
    const asked = { isResourceRequest: true, verb, path: '', group: 'certificates.k8s.io', namespace: '' };
    return [signerName, `${domain}/*`].some(
      (name) => this.#authorizer.authorize(user, { ...asked, resource: 'signers', subresource: '', name }).allowed,
    );
  }
}

const ORGANIZATION = '55040a';

/** The organizations (2.5.4.10) in the subject of a PKCS#10 request in PEM in base64: SEQUENCE { info { version, subject … } … }. */
function organizationsOf(base64: string): string[] {
  const data = pemBlocks(decodeBytes(base64))[0]?.data ?? new Uint8Array();
  const info = inside(data, 0)[0];
  const subject = info === undefined ? undefined : inside(data, info.from)[1];
  const sets = subject === undefined ? [] : inside(data, subject.from);
  return sets
    .flatMap((set) => inside(data, set.from))
    .flatMap((pair) => {
      const [identifier, value] = inside(data, pair.from);
      if (identifier === undefined || value === undefined) return [];
      if (Buffer.from(data.subarray(identifier.start, identifier.end)).toString('hex') !== ORGANIZATION) return [];
      return [new TextDecoder().decode(data.subarray(value.start, value.end))];
    });
}

/** The elements inside the one that begins at `at`; `from` is where each begins. */
function inside(
  data: Uint8Array,
  at: number,
): { readonly from: number; readonly start: number; readonly end: number }[] {
  const whole = derElement(data, at);
  const found = [];
  let next = whole?.start ?? 0;
  while (whole !== undefined && next < whole.end) {
    const element = derElement(data, next);
    if (element === undefined) break;
    found.push({ from: next, start: element.start, end: element.end });
    next = element.end;
  }
  return found;
}
