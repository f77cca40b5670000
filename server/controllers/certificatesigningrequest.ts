import {
  type CertificateSigningRequest,
  type CertificateSigningRequestCondition,
  certificateSigningRequestKind,
} from '#api/kinds/certificates/certificatesigningrequest.ts';
import { formatTime } from '#api/meta/time.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { watchEach } from '#server/reconcile/informers.ts';
import { type Controller, DONE, type Result, againAfter, keyOf } from '#server/reconcile/reconciler.ts';
import { KUBELET_CLIENT_SIGNER, SIGNERS } from './certificatesigningrequest/signers.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Upstream: csrcleaner. */
const DECIDED_LIFE_MS = HOUR_MS;
const PENDING_LIFE_MS = 24 * HOUR_MS;
/** Upstream: --cluster-signing-duration, and the signer's own bounds. */
const LONGEST_SECONDS = 365 * 24 * 3600;
const SHORTEST_SECONDS = 600;
const BACKDATE_MS = 5 * MINUTE_MS;

type Condition = CertificateSigningRequestCondition;

/**
 * Certificate requests. Pending → approved (here only where a node asks for its own client certificate and may) or denied → signed, or failed
 * → gone when it is old. Upstream has a controller for each step: csrapproving, csrsigning, csrcleaner.
 */
export function certificateSigningRequestController({ client, clock, certificates }: ControllerContext): Controller {
  const write = (name: string, condition: Omit<Condition, 'status'>, through: 'approval' | 'status') =>
    client.updateSubresource(certificateSigningRequestKind, '', name, through, (copy) => {
      const added = { ...condition, status: 'True', lastUpdateTime: formatTime(new Date(clock.now())) };
      copy.status = { ...copy.status, conditions: [...(copy.status?.conditions ?? []), added] };
    });

  async function decide(request: CertificateSigningRequest, name: string): Promise<void> {
    if (certificates === undefined) return;
    const { signerName, usages = [] } = request.spec;
    const wanted = await certificates.inspect(pemOf(request));
    if (SIGNERS.get(signerName)?.(wanted, usages) !== undefined) return;
    const isSelf = wanted.commonName === request.spec.username;
    for (const [applies, subresource, message] of [
      [isSelf, 'selfnodeclient', 'Auto approving self kubelet client certificate after SubjectAccessReview.'],
      [true, 'nodeclient', 'Auto approving kubelet client certificate after SubjectAccessReview.'],
    ] as const) {
      if (!applies || !certificates.mayCreate(request.spec, subresource)) continue;
      await write(name, { type: 'Approved', reason: 'AutoApproved', message }, 'approval');
      return;
    }
  }

  async function sign(request: CertificateSigningRequest, name: string): Promise<void> {
    const { signerName, usages = [], expirationSeconds = LONGEST_SECONDS } = request.spec;
    const rule = SIGNERS.get(signerName);
    if (rule === undefined || certificates === undefined) return;
    const pem = pemOf(request);
    const message = rule(await certificates.inspect(pem), usages);
    if (message !== undefined) {
      await write(name, { type: 'Failed', reason: 'SignerValidationFailure', message }, 'status');
      return;
    }
    const now = clock.now();
    const lifeMs = Math.min(Math.max(expirationSeconds, SHORTEST_SECONDS), LONGEST_SECONDS) * 1000;
    const certificate = await certificates.sign(pem, {
      usages,
      notBefore: new Date(now - BACKDATE_MS),
      notAfter: new Date(now - BACKDATE_MS + lifeMs),
    });
    await client.updateStatus(certificateSigningRequestKind, '', name, (copy) => {
      copy.status = { ...copy.status, certificate: Buffer.from(certificate).toString('base64') };
    });
  }

  return {
    workers: 1,
    watch: (queue) => watchEach(client, certificateSigningRequestKind, (request) => queue.add(keyOf(request))),
    async reconcile(name): Promise<Result> {
      const request = client.get(certificateSigningRequestKind, '', name);
      if (request === undefined || request.metadata.deletionTimestamp !== undefined) return DONE;
      const leftMs = endOf(request) - clock.now();
      if (leftMs <= 0) {
        await client.delete(certificateSigningRequestKind, '', name, {
          preconditions: { uid: request.metadata.uid ?? '' },
        });
        return DONE;
      }
      const isPending = find(request, 'Approved') === undefined && find(request, 'Denied') === undefined;
      if (isPending && request.spec.signerName === KUBELET_CLIENT_SIGNER) await decide(request, name);
      else if (isReadyToSign(request)) await sign(request, name);
      return againAfter(Math.min(leftMs, HOUR_MS));
    },
  };
}

const find = ({ status }: CertificateSigningRequest, type: string): Condition | undefined =>
  (status?.conditions ?? []).find((one) => one.type === type);

const isReadyToSign = (request: CertificateSigningRequest): boolean =>
  find(request, 'Approved') !== undefined &&
  find(request, 'Denied') === undefined &&
  find(request, 'Failed') === undefined &&
  (request.status?.certificate ?? '') === '';

/** When a request has served its time; milliseconds. A decided one goes an hour after the decision, a pending one after a day. */
function endOf(request: CertificateSigningRequest): number {
  const decided = find(request, 'Denied') ?? find(request, 'Failed') ?? find(request, 'Approved');
  const isOver = decided !== undefined && (decided.type !== 'Approved' || (request.status?.certificate ?? '') !== '');
  const created = Date.parse(request.metadata.creationTimestamp ?? '');
  if (!isOver) return created + PENDING_LIFE_MS;
  return (Date.parse(decided.lastUpdateTime ?? '') || created) + DECIDED_LIFE_MS;
}

const pemOf = ({ spec }: CertificateSigningRequest): string => Buffer.from(spec.request, 'base64').toString();
