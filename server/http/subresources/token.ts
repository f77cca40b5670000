import {
  type BoundObjectReference,
  type TokenRequest,
  tokenRequestKind,
} from '#api/kinds/authentication/tokenrequest.ts';
import { nodeKind } from '#api/kinds/core/node.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import { secretKind } from '#api/kinds/core/secret.ts';
import { serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import { type FieldError, invalid } from '#api/meta/field-error.ts';
import { badRequest, conflict, invalidError } from '#api/meta/status.ts';
import { formatTime } from '#api/meta/time.ts';
import type { ServiceAccountTokenRequest } from '#server/identity/identity.ts';
import { DEFAULT_AUDIENCE } from '#server/identity/tokens.ts';
import { jsonResponse } from '../status-response.ts';
import { type SubresourceParts, admitPost, readPost } from './request.ts';
import type { Subresource } from './subresource.ts';

const DEFAULT_SECONDS = 3600;
const MIN_SECONDS = 600;
const MAX_SECONDS = 2 ** 32;
const GROUP = 'authentication.k8s.io';

/** serviceaccounts/token: a token for a service account, bound to a pod, a secret or a node if the request says so. */
export const tokenSubresource = ({ kinds, registry, tokens }: SubresourceParts): Subresource => ({
  resource: 'serviceaccounts',
  name: 'token',
  methods: ['POST'],
  verbs: ['create'],
  shows: tokenRequestKind,
  async handle(request) {
    const { body, context } = await readPost(request, kinds, tokenRequestKind);
    const { namespace, name } = request;
    demandSameName(body, namespace, name);
    await admitPost(registry, tokenRequestKind, { ...request, body, context });
    const account = registry.get(serviceAccountKind, namespace, name).object;
    const { expirationSeconds = DEFAULT_SECONDS, boundObjectRef, audiences = [] } = body.spec ?? {};
    const errors = faults(expirationSeconds);
    if (errors.length > 0) throw invalidError(GROUP, 'TokenRequest', '', errors);
    const bound = boundObjectRef === undefined ? {} : boundObject(registry, namespace, name, boundObjectRef);
    const uid = account.metadata.uid ?? '';
    const made = await tokens.serviceAccountToken({ namespace, name, uid, audiences, expirationSeconds, ...bound });
    const answer: TokenRequest = {
      kind: tokenRequestKind.kind,
      apiVersion: `${GROUP}/v1`,
      metadata: { name, namespace, creationTimestamp: formatTime(new Date()) },
      spec: {
        audiences: audiences.length === 0 ? [DEFAULT_AUDIENCE] : audiences,
        expirationSeconds,
        ...(boundObjectRef === undefined ? {} : { boundObjectRef }),
      },
      status: made,
    };
    return jsonResponse(JSON.stringify(answer), 201, context.warnings);
  },
});

function demandSameName({ metadata }: TokenRequest, namespace: string, name: string): void {
  const errors: FieldError[] = [];
  if ((metadata.name ?? '') !== '' && metadata.name !== name)
    errors.push(invalid('metadata.name', metadata.name, 'must match the service account name if specified'));
  else if ((metadata.namespace ?? '') !== '' && metadata.namespace !== namespace)
    errors.push(
      invalid('metadata.namespace', metadata.namespace, 'must match the service account namespace if specified'),
    );
  if (errors.length > 0) throw invalidError(GROUP, 'TokenRequest', name, errors);
}

function faults(seconds: number): FieldError[] {
  const wrong = (why: string): FieldError[] => [invalid('spec.expirationSeconds', seconds, why)];
  if (seconds < MIN_SECONDS) return wrong('may not specify a duration less than 10 minutes');
  return seconds > MAX_SECONDS ? wrong('may not specify a duration larger than 2^32 seconds') : [];
}

/** The object that the token is bound to. Throws 404 when it is not there, 409 when it is another one of that name. */
function boundObject(
  registry: SubresourceParts['registry'],
  namespace: string,
  account: string,
  { kind = '', apiVersion = '', name = '', uid = '' }: BoundObjectReference,
): Pick<ServiceAccountTokenRequest, 'pod' | 'secret' | 'node'> {
  const same = (found: string | undefined): { name: string; uid: string } => {
    if (uid !== '' && uid !== found)
      throw conflict(
        { group: '', plural: kind },
        name,
        `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`,
      );
    return { name, uid: found ?? '' };
  };
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  switch (group === '' ? kind : '') {
    case 'Pod': {
      const { spec, metadata } = registry.get(podKind, namespace, name).object;
      if (spec?.serviceAccountName !== account)
        throw badRequest(
          `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`,
        );
      return { pod: same(metadata.uid) };
    }
    case 'Node':
      return { node: same(registry.get(nodeKind, '', name).object.metadata.uid) };
    case 'Secret':
      return { secret: same(registry.get(secretKind, namespace, name).object.metadata.uid) };
    default:
      throw badRequest(`cannot bind token to object of type ${group ?? ''}/${version ?? ''}, Kind=${kind}`);
  }
}
