import { createPublicKey, verify } from 'node:crypto';
import {
  type CertificateSigningRequest,
  certificateSigningRequestKind,
} from '#api/kinds/certificates/certificatesigningrequest.ts';
import { decodeBytes, derElement, pemBlocks } from '#api/kinds/certificates/pem.ts';
import { invalid } from '#api/meta/field-error.ts';
import { invalidError } from '#api/meta/status.ts';
import { formatTime } from '#api/meta/time.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';

/**
 * What a CertificateSigningRequest needs beside the rules of its kind: who asks is written into it, its conditions get their times, and the
 * request has to be signed with the key that it asks a certificate for (certificates registry: PrepareForCreate, populateConditionTimestamps, validateCSR).
 */
export class CertificateRequestAdmission implements AdmissionPlugin {
  readonly name = 'CertificateRequest';
  readonly #clock: Clock;

  constructor(clock: Clock = systemClock) {
    this.#clock = clock;
  }

  mutate(request: AdmissionRequest): void {
    const given = certificateRequest(request);
    if (given === undefined) return;
    if (request.operation === 'CREATE') setRequester(given, request);
    else if (request.subresource !== '')
      setTimes(given, request.old as CertificateSigningRequest | undefined, formatTime(new Date(this.#clock.now())));
  }

  validate(request: AdmissionRequest): void {
    const given = certificateRequest(request);
    if (given === undefined || request.operation !== 'CREATE' || isSigned(given.spec.request)) return;
    const { group, kind } = certificateSigningRequestKind;
    const fault = invalid('spec.request', '<certificate request>', 'the signature is not by the key in the request');
    throw invalidError(group, kind, request.name, [fault]);
  }
}

const certificateRequest = ({ kind, object }: AdmissionRequest): CertificateSigningRequest | undefined =>
  kind.kind === certificateSigningRequestKind.kind && kind.group === certificateSigningRequestKind.group
    ? (object as CertificateSigningRequest | undefined)
    : undefined;

function setRequester({ spec }: CertificateSigningRequest, { context: { user } }: AdmissionRequest): void {
  const extra = Object.entries(user.extra ?? {}).map(([key, values]) => [key, [...values]]);
  for (const field of ['username', 'uid', 'groups', 'extra'] as const) delete spec[field];
  Object.assign(spec, {
    username: user.name,
    ...(user.uid ? { uid: user.uid } : {}),
    ...(user.groups.length === 0 ? {} : { groups: [...user.groups] }),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) as Record<string, string[]> }),
  });
}

function setTimes(given: CertificateSigningRequest, old: CertificateSigningRequest | undefined, now: string): void {
  for (const condition of given.status?.conditions ?? []) {
    condition.lastUpdateTime ??= now;
    condition.lastTransitionTime ??=
      (old?.status?.conditions ?? []).find(({ type, status }) => type === condition.type && status === condition.status)
        ?.lastTransitionTime ?? now;
  }
}

/** The digest of a signature algorithm, by the DER of its object identifier in hex; null: the algorithm has its own. */
const DIGESTS: Readonly<Record<string, string | null>> = {
  '2a8648ce3d040302': 'sha256',
  '2a8648ce3d040303': 'sha384',
  '2a8648ce3d040304': 'sha512',
  '2a864886f70d01010b': 'sha256',
  '2a864886f70d01010c': 'sha384',
  '2a864886f70d01010d': 'sha512',
  '2b6570': null,
};

/** Is a PKCS#10 request (RFC 2986), in PEM in base64, signed with the private half of the key in it. */
function isSigned(base64: string): boolean {
  const data = pemBlocks(decodeBytes(base64))[0]?.data ?? new Uint8Array();
  const whole = derElement(data, 0);
  const [info, algorithm, signature] = whole === undefined ? [] : children(data, whole);
  if (info === undefined || algorithm === undefined || signature === undefined) return false;
  // Version, subject, key.
  const key = children(data, info)[2];
  const identifier = children(data, algorithm)[0];
  if (key === undefined || identifier === undefined) return false;
  const digest = DIGESTS[Buffer.from(data.subarray(identifier.start, identifier.end)).toString('hex')];
  if (digest === undefined) return false;
  try {
    const spki = Buffer.from(data.subarray(key.from, key.end));
    // The first byte of a bit string counts the bits that it does not use.
    const bits = data.subarray(signature.start + 1, signature.end);
    const publicKey = createPublicKey({ key: spki, format: 'der', type: 'spki' });
    return verify(digest, data.subarray(info.from, info.end), publicKey, bits);
  } catch {
    return false;
  }
}

/** The elements inside another; `from` is where each begins with its tag. */
function children(
  data: Uint8Array,
  within: { readonly start: number; readonly end: number },
): { readonly from: number; readonly start: number; readonly end: number }[] {
  const found = [];
  let at = within.start;
  while (at < within.end) {
    const next = derElement(data.subarray(0, within.end), at);
    if (next === undefined) break;
    found.push({ from: at, start: next.start, end: next.end });
    at = next.end;
  }
  return found;
}
