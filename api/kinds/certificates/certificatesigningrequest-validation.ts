import { signerName } from '#api/meta/domain-names.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import {
  type FieldError,
  duplicate,
  forbidden,
  invalid,
  invalidShown,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from './certificatesigningrequest.ts';
import { decodeBytes, derFault, pemBlocks } from './pem.ts';

const USAGES = [
  'any',
  'cert sign',
  'client auth',
  'code signing',
  'content commitment',
  'crl sign',
  'data encipherment',
  'decipher only',
  'digital signature',
  'email protection',
  'encipher only',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'key agreement',
  'key encipherment',
  'microsoft sgc',
  'netscape sgc',
  'ocsp signing',
  's/mime',
  'server auth',
  'signing',
  'timestamping',
];
const DECISIONS = ['Approved', 'Denied'];
/** Conditions that are never other than True. */
const FINAL = [...DECISIONS, 'Failed'];
const LEGACY_SIGNER = 'kubernetes.io/legacy-unknown';
const MIN_SECONDS = 600;
const CONDITIONS = 'status.conditions';

/** The faults of a request by itself (certificates validation). The signature in it is admission's to check: that takes cryptography. */
export function validateRequest({ spec, status }: CertificateSigningRequest): FieldError[] {
  const { request, usages = [], signerName: signer, expirationSeconds } = spec;
  const errors: FieldError[] = [];
  const fault = requestFault(request);
  if (fault !== undefined) errors.push(invalidShown('spec.request', goBytes(request), fault));
  if (usages.length === 0) errors.push(requiredValue('spec.usages'));
  for (const [index, usage] of usages.entries())
    if (!USAGES.includes(usage)) errors.push(notSupported(`spec.usages[${index}]`, usage, USAGES));
  for (const [index, usage] of usages.entries())
    if (usages.indexOf(usage) < index) errors.push(duplicate(`spec.usages[${index}]`, usage));
  if (signer === LEGACY_SIGNER)
    errors.push(invalid('spec.signerName', signer, 'the legacy signerName is not allowed via this API version'));
  else errors.push(...signerName(signer, 'spec.signerName'));
  if (expirationSeconds !== undefined && expirationSeconds < MIN_SECONDS)
    errors.push(
      invalid(
        'spec.expirationSeconds',
        expirationSeconds,
        `may not specify a duration less than ${MIN_SECONDS} seconds (10 minutes)`,
      ),
    );
  errors.push(...validateConditions(status?.conditions ?? []));
  const wrong = certificateFault(status?.certificate ?? '');
  if (wrong !== undefined) errors.push(invalid('status.certificate', '<certificate data>', wrong));
  return errors;
}

function validateConditions(conditions: readonly CertificateSigningRequestCondition[]): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [index, { type = '', status = '' }] of conditions.entries()) {
    const here = `${CONDITIONS}[${index}]`;
    const allowed = FINAL.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (type === '') errors.push(requiredValue(`${here}.type`));
    if (status === '') errors.push(requiredValue(`${here}.status`));
    else if (!allowed.includes(status)) errors.push(notSupported(`${here}.status`, status, allowed));
    if (DECISIONS.includes(type) && DECISIONS.some((other) => other !== type && seen.has(other)))
      errors.push(invalid(`${here}.type`, type, 'Approved and Denied conditions are mutually exclusive'));
    if (seen.has(type)) errors.push(duplicate(`${here}.type`, type));
    seen.add(type);
  }
  return errors;
}

const ofType = (request: CertificateSigningRequest, type: string): CertificateSigningRequestCondition[] =>
  (request.status?.conditions ?? []).filter((one) => one.type === type);

/** Nothing that was decided is taken back. */
const removals = (request: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] =>
  FINAL.filter((type) => ofType(request, type).length < ofType(old, type).length).map((type) =>
    forbidden(CONDITIONS, `updates may not remove a condition of type ${JSON.stringify(type)}`),
  );

/** Decisions are made through /approval alone. */
const decisions = (request: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] =>
  DECISIONS.flatMap((type) => {
    const [now, then] = [ofType(request, type), ofType(old, type)];
    if (now.length < then.length || deepEqual(now, then)) return [];
    const verb = now.length > then.length ? 'add' : 'modify';
    return [forbidden(CONDITIONS, `updates may not ${verb} a condition of type ${JSON.stringify(type)}`)];
  });

function certificateChange(
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
  maySet: boolean,
): FieldError[] {
  const [now, then] = [request.status?.certificate ?? '', old.status?.certificate ?? ''];
  if (now === then) return [];
  if (!maySet) return [forbidden('status.certificate', 'updates may not set certificate content')];
  return then === '' ? [] : [forbidden('status.certificate', 'updates may not modify existing certificate content')];
}

/** The faults of a change through the main resource. */
export const validateMainUpdate = (
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
): FieldError[] => [...removals(request, old), ...decisions(request, old), ...certificateChange(request, old, false)];

/** The faults of a change through /status, where signers put the certificate. */
export const validateStatusUpdate = (
  request: CertificateSigningRequest,
  old: CertificateSigningRequest,
): FieldError[] => [
  ...validateRequest(request),
  ...removals(request, old),
  ...decisions(request, old),
  ...certificateChange(request, old, true),
];

/** The faults of a change through /approval, beside those of the request. */
export const validateApproval = (request: CertificateSigningRequest, old: CertificateSigningRequest): FieldError[] => [
  ...removals(request, old),
  ...certificateChange(request, old, false),
];

function requestFault(request: string): string | undefined {
  const [block] = pemBlocks(decodeBytes(request));
  if (block?.type !== 'CERTIFICATE REQUEST') return 'PEM block type must be CERTIFICATE REQUEST';
  // The information, the algorithm of the signature, and the signature.
  return derFault(block.data, ['sequence', 'sequence', 'bit string']);
}

function certificateFault(certificate: string): string | undefined {
  if (certificate === '') return undefined;
  const blocks = pemBlocks(decodeBytes(certificate));
  for (const { type, hasHeaders, data } of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${JSON.stringify(type)}`;
    if (hasHeaders) return 'no PEM block headers are permitted';
    const fault = derFault(data, ['sequence', 'sequence', 'bit string']);
    if (fault !== undefined) return fault;
  }
  return blocks.length === 0 ? 'must contain at least one CERTIFICATE PEM block' : undefined;
}

/** Bytes as Go prints them. */
function goBytes(base64: string): string {
  if (base64 === '') return '[]byte(nil)';
  const bytes = [...decodeBytes(base64)].map((byte) => `0x${byte.toString(16)}`);
  return `[]byte{${bytes.join(', ')}}`;
}
