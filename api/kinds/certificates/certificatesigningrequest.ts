import {
  type Static,
  bytes,
  described,
  field,
  int32,
  list,
  listMap,
  map,
  object,
  pointer,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { humanDuration } from '#api/meta/time.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { ageColumn, nameColumn, orNone, textColumn } from '#api/kinds/columns.ts';
import {
  validateApproval,
  validateMainUpdate,
  validateRequest,
  validateStatusUpdate,
} from '#api/kinds/certificates/certificatesigningrequest-validation.ts';

/** `certificates.v1.CertificateSigningRequestSpec`. */
export const CertificateSigningRequestSpec = object(
  'certificates.v1.CertificateSigningRequestSpec',
  {
    request: required(1, described('The request: PKCS#10 in PEM, the whole in base64.', bytes())),
    username: field(2, described('Who made it; set by the server.', string())),
    uid: field(3, described('The uid of who made it; set by the server.', string())),
    groups: field(4, described('The groups of who made it; set by the server.', list(string()))),
    usages: field(
      5,
      described('What the certificate is to be good for, such as client auth, digital signature.', list(string())),
    ),
    extra: field(6, described('What else is known of who made it; set by the server.', map(list(string())))),
    signerName: required(
      7,
      described('Who is to sign it, as a path under a domain: kubernetes.io/kube-apiserver-client.', string()),
    ),
    expirationSeconds: field(
      8,
      described(
        'How long the certificate should be good for, at least 600; the signer may give less.',
        pointer(int32()),
      ),
    ),
  },
  { description: 'What certificate is asked for, by whom and from whom. Never changes.' },
);
/** The JSON form of `certificates.v1.CertificateSigningRequestSpec`. */
export type CertificateSigningRequestSpec = Static<typeof CertificateSigningRequestSpec>;

/** `certificates.v1.CertificateSigningRequestCondition`. */
export const CertificateSigningRequestCondition = object(
  'certificates.v1.CertificateSigningRequestCondition',
  {
    type: required(1, described('Approved, Denied, Failed, or another word.', string())),
    reason: field(2, described('Why, in one word.', string())),
    message: field(3, described('Why, in a sentence.', string())),
    lastUpdateTime: field(4, described('When this was last said.', time())),
    lastTransitionTime: field(5, described('When the status last changed.', time())),
    status: required(
      6,
      described('True, False or Unknown; Approved, Denied and Failed are never other than True.', string()),
    ),
  },
  { description: 'What has been decided about a request.' },
);
/** The JSON form of `certificates.v1.CertificateSigningRequestCondition`. */
export type CertificateSigningRequestCondition = Static<typeof CertificateSigningRequestCondition>;

/** `certificates.v1.CertificateSigningRequestStatus`. */
export const CertificateSigningRequestStatus = object(
  'certificates.v1.CertificateSigningRequestStatus',
  {
    conditions: field(
      1,
      described('What has been decided.', listMap(CertificateSigningRequestCondition, { keys: ['type'] })),
    ),
    certificate: field(2, described('The certificate that was signed, in PEM, with those of its issuers.', bytes())),
  },
  { description: 'What has become of a request.' },
);
/** The JSON form of `certificates.v1.CertificateSigningRequestStatus`. */
export type CertificateSigningRequestStatus = Static<typeof CertificateSigningRequestStatus>;

/** `certificates.v1.CertificateSigningRequest`. */
export const CertificateSigningRequest = object(
  'certificates.v1.CertificateSigningRequest',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, described('What is asked for.', CertificateSigningRequestSpec)),
    status: field(3, described('What has become of it. Read-only.', value(CertificateSigningRequestStatus))),
  },
  { description: 'Asks for a certificate: somebody approves or denies it, a signer signs what is approved.' },
);
/** The JSON form of `certificates.v1.CertificateSigningRequest`. */
export type CertificateSigningRequest = Static<typeof CertificateSigningRequest>;

/** Denied before Approved before Pending, then what the signer did (upstream: extractCSRStatus). */
function conditionText({ status }: CertificateSigningRequest): string {
  const types = new Set((status?.conditions ?? []).map(({ type }) => type));
  const decided = types.has('Denied') ? 'Denied' : types.has('Approved') ? 'Approved' : 'Pending';
  return `${decided}${types.has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}`;
}

/** Decisions are made through /approval: through /status they stay as they are, when there are as many as before. */
function keepDecisions(request: CertificateSigningRequest, old: CertificateSigningRequest): void {
  const conditions = request.status?.conditions ?? [];
  for (const type of ['Approved', 'Denied']) {
    const before = (old.status?.conditions ?? []).filter((one) => one.type === type);
    const places = conditions.flatMap((one, at) => (one.type === type ? [at] : []));
    if (before.length !== places.length) continue;
    for (const [at, place] of places.entries()) {
      const kept = before[at];
      if (kept !== undefined) conditions[place] = { ...kept };
    }
  }
}

/** CertificateSigningRequests. Who asks, and the times of conditions, are filled in by admission, which knows both. */
export const certificateSigningRequestKind = defineKind<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  schema: CertificateSigningRequest,
  shortNames: ['csr'],
  scope: 'Cluster',
  hasStatus: true,
  fieldLabels: { 'spec.signerName': ({ spec }) => spec?.signerName ?? '' },
  columns: [
    nameColumn,
    ageColumn,
    textColumn('SignerName', 'Who is to sign it.', ({ spec }) => orNone(spec?.signerName)),
    textColumn('Requestor', 'Who made it.', ({ spec }) => spec?.username ?? ''),
    textColumn('RequestedDuration', 'How long it should be good for.', ({ spec }) =>
      spec?.expirationSeconds === undefined ? '<none>' : humanDuration(spec.expirationSeconds * 1000),
    ),
    textColumn('Condition', 'What has become of it.', conditionText),
  ],
  validateName: () => [],
  prepareForCreate(request) {
    request.status = {};
  },
  prepareForUpdate(request, old) {
    carryOver(request, old, 'spec');
    carryOver(request, old, 'status');
  },
  prepareForStatusUpdate(request, old) {
    carryOver(request, old, 'spec');
    keepDecisions(request, old);
  },
  prepareForSubresourceUpdate(_subresource, request, old) {
    const { conditions } = request.status ?? {};
    carryOver(request, old, 'spec');
    request.status = { ...old.status };
    if (conditions === undefined) delete request.status.conditions;
    else request.status.conditions = conditions;
  },
  validate: validateRequest,
  validateUpdate: validateMainUpdate,
  validateStatusUpdate,
  validateSubresourceUpdate: (_subresource, request, old) => validateApproval(request, old),
});
