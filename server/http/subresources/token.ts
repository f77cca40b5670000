import {
  type BoundObjectReference,
  type TokenRequest,
  tokenRequestKind,
} from '#api/kinds/authentication/tokenrequest.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { secretKind } from '#api/kinds/core/secret.ts';
import { serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import { type FieldError, invalid, notSupported } from '#api/meta/field-error.ts';
import { conflict, invalidError } from '#api/meta/status.ts';
import { formatTime } from '#api/meta/time.ts';
import { jsonResponse } from '../status-response.ts';
import { type SubresourceParts, readPost } from './request.ts';
import type { Subresource } from './subresource.ts';

const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;

/** serviceaccounts/token: a token for a service account, bound to a pod if the request says so. `defaultAudience` is the API server's own. */
export const tokenSubresource = (
  { kinds, registry, tokens }: SubresourceParts,
  defaultAudience = 'https://kubernetes.default.svc',
): Subresource => ({
  resource: 'serviceaccounts',
  name: 'token',
  methods: ['POST'],
  verbs: ['create'],
  shows: tokenRequestKind,
  async handle(request) {
    const { body } = await readPost(request, kinds, tokenRequestKind);
    const { namespace, name } = request;
    const account = registry.get(serviceAccountKind, namespace, name).object;
    const { expirationSeconds = DEFAULT_SECONDS, boundObjectRef, audiences = [] } = body.spec ?? {};
    const errors = faults(expirationSeconds, boundObjectRef?.kind);
    if (errors.length > 0) throw invalidError('authentication.k8s.io', 'TokenRequest', '', errors);
    const pod = boundPod({ registry }, namespace, boundObjectRef);
    const made = await tokens.serviceAccountToken({
      namespace,
      name,
      uid: account.metadata.uid ?? '',
      audiences,
      expirationSeconds,
      ...(pod === undefined ? {} : { pod }),
    });
    const answer: TokenRequest = {
      kind: tokenRequestKind.kind,
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, creationTimestamp: formatTime(new Date()) },
      spec: {
        audiences: audiences.length === 0 ? [defaultAudience] : audiences,
        expirationSeconds,
        ...(boundObjectRef === undefined ? {} : { boundObjectRef }),
      },
      status: { token: made.token, expirationTimestamp: made.expirationTimestamp },
    };
    return jsonResponse(JSON.stringify(answer), 201);
  },
});

function faults(seconds: number, boundKind: string | undefined): FieldError[] {
  const errors: FieldError[] = [];
  if (seconds < MIN_SECONDS)
    errors.push(invalid('spec.expirationSeconds', seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > MAX_SECONDS)
    errors.push(invalid('spec.expirationSeconds', seconds, 'may not specify a duration larger than 2^32 seconds'));
  if (boundKind !== undefined && boundKind !== 'Pod' && boundKind !== 'Secret')
    errors.push(notSupported('spec.boundObjectRef.kind', boundKind, ['Pod', 'Secret']));
  return errors;
}

/** The pod that the token is bound to. Throws 404 when what is named is not there, 409 when it is another one of that name. */
function boundPod(
  { registry }: Pick<SubresourceParts, 'registry'>,
  namespace: string,
  reference: BoundObjectReference | undefined,
): { name: string; uid: string } | undefined {
  if (reference === undefined) return undefined;
  const { kind, name = '', uid = '' } = reference;
  const bound = kind === 'Secret' ? registry.get(secretKind, namespace, name) : registry.get(podKind, namespace, name);
  const found = bound.object.metadata.uid ?? '';
  if (uid !== '' && uid !== found)
    throw conflict(
      { group: '', plural: kind === 'Secret' ? 'secrets' : 'pods' },
      name,
      `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
    );
  return kind === 'Pod' ? { name, uid: found } : undefined;
}
