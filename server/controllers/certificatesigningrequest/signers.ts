import type { RequestedCertificate } from '#server/reconcile/controller-deps.ts';

/** Why a signer will not sign a request; undefined when it will. */
type Rule = (request: RequestedCertificate, usages: readonly string[]) => string | undefined;

/** Certificates of nodes, for the API. */
export const KUBELET_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet';

const NODES = 'system:nodes';
const NODE_PREFIX = 'system:node:';
const SIGNATURE = 'digital signature';
const ENCIPHERMENT = 'key encipherment';

/** The signers of this cluster (upstream: signer.go, apis/certificates helpers.go), and what each insists on. */
export const SIGNERS: ReadonlyMap<string, Rule> = new Map([
  ['kubernetes.io/kube-apiserver-client', apiClient],
  [KUBELET_CLIENT_SIGNER, kubeletClient],
  ['kubernetes.io/kubelet-serving', kubeletServing],
  ['kubernetes.io/legacy-unknown', () => undefined],
]);

function apiClient(_: RequestedCertificate, usages: readonly string[]): string | undefined {
  const strange = usages.find((usage) => usage !== SIGNATURE && usage !== ENCIPHERMENT && usage !== 'client auth');
  if (strange !== undefined) return `invalid usage for client certificate: ${strange}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}

function kubeletClient(request: RequestedCertificate, usages: readonly string[]): string | undefined {
  if (!isOfNodes(request)) return 'subject organization is not system:nodes';
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (request.emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.addresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return nameFault(request) ?? usagesFault(usages, 'client auth');
}

function kubeletServing(request: RequestedCertificate, usages: readonly string[]): string | undefined {
  if (!isOfNodes(request)) return 'subject organization is not system:nodes';
  if (request.dnsNames.length + request.addresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (request.emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return usagesFault(usages, 'server auth') ?? nameFault(request);
}

const isOfNodes = ({ organizations }: RequestedCertificate): boolean =>
  organizations.length === 1 && organizations[0] === NODES;

const nameFault = ({ commonName }: RequestedCertificate): string | undefined =>
  commonName.startsWith(NODE_PREFIX) ? undefined : 'subject common name does not begin with system:node:';

/** All of them, where keys that cannot encipher may leave that one out. */
function usagesFault(usages: readonly string[], purpose: string): string | undefined {
  const given = new Set(usages);
  const isWhole = given.has(SIGNATURE) && given.has(purpose) && given.size === (given.has(ENCIPHERMENT) ? 3 : 2);
  if (isWhole) return undefined;
  return `usages did not match [${[SIGNATURE, ENCIPHERMENT, purpose].sort().join(' ')}]`;
}
