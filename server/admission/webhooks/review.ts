import type { Kind, KubeObject } from '#api/kind.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import { namespaceOf, objectsIn, requestedKind } from '../matching/request-matcher.ts';

/** What a webhook answers, checked. */
export interface ReviewAnswer {
  readonly allowed: boolean;
  /** A meta.v1.Status, as far as the webhook filled it in. */
  readonly result: Readonly<Record<string, unknown>> | undefined;
  readonly warnings: readonly string[];
  /** A JSON patch. */
  readonly patch: string | undefined;
  readonly patchType: string | undefined;
}

const VERSIONS = ['v1', 'v1beta1'];

const groupVersionKind = ({ group, version, kind }: Pick<Kind, 'group' | 'version' | 'kind'>) => ({
  group,
  version,
  kind,
});
const groupVersionResource = ({ group, version, plural }: Kind) => ({ group, version, resource: plural });

/** The fields of an AdmissionReview's request but for its uid and the objects; expressions see it as `request`. */
export function reviewRequest(request: AdmissionRequest, kind: Kind): Readonly<Record<string, unknown>> {
  const { operation, subresource, name, context, objectKind } = request;
  const own = requestedKind(request);
  const { user, dryRun, fieldManager } = context;
  const options = `${operation.charAt(0)}${operation.slice(1).toLowerCase()}Options`;
  return {
    kind: groupVersionKind(objectKind ?? kind),
    resource: groupVersionResource(kind),
    ...(subresource === '' ? {} : { subResource: subresource }),
    requestKind: groupVersionKind(objectKind ?? own),
    requestResource: groupVersionResource(own),
    ...(subresource === '' ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(namespaceOf(request) === '' ? {} : { namespace: namespaceOf(request) }),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid === undefined || user.uid === '' ? {} : { uid: user.uid }),
      groups: [...user.groups],
      ...(user.extra === undefined ? {} : { extra: user.extra }),
    },
    dryRun,
    options:
      operation === 'CONNECT'
        ? null
        : {
            kind: options,
            apiVersion: 'meta.k8s.io/v1',
            ...(dryRun ? { dryRun: ['All'] } : {}),
            ...(operation === 'DELETE' || fieldManager === '' ? {} : { fieldManager }),
          },
  };
}

/** The review that a webhook is asked with. Throws when it understands no version of reviews that there is. */
export async function reviewOf(
  request: AdmissionRequest,
  kind: Kind,
  versions: readonly string[],
): Promise<{ readonly uid: string; readonly apiVersion: string; readonly body: unknown }> {
  const version = versions.find((one) => VERSIONS.includes(one));
  if (version === undefined)
    throw new Error(
      'could not create admission objects: webhook does not accept known AdmissionReview versions (v1, v1beta1)',
    );
  const uid = crypto.randomUUID();
  const apiVersion = `admission.k8s.io/${version}`;
  const [object, oldObject] = await objectsIn(kind, request);
  const body = {
    kind: 'AdmissionReview',
    apiVersion,
    request: { uid, ...reviewRequest(request, kind), object: shown(object), oldObject: shown(oldObject) },
  };
  return { uid, apiVersion, body };
}

const shown = (object: KubeObject | undefined): KubeObject | null => object ?? null;

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** Reads a webhook's answer. Throws when it breaks the rules of reviews (upstream: VerifyAdmissionResponse). */
export function readAnswer(
  answer: unknown,
  { uid, apiVersion }: { readonly uid: string; readonly apiVersion: string },
  mutating: boolean,
): ReviewAnswer {
  const review = fieldsOf(answer);
  const response = fieldsOf(review?.['response']);
  if (response === undefined) throw new Error('webhook response was absent');
  const { patch, patchType } = response;
  const hasPatch = typeof patch === 'string' && patch !== '';
  if (apiVersion.endsWith('/v1')) {
    const found = typeof response['uid'] === 'string' ? response['uid'] : '';
    if (found !== uid) throw new Error(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(found)}`);
    const [group, kind] = [textOf(review?.['apiVersion']), textOf(review?.['kind'])];
    if (group !== apiVersion || kind !== 'AdmissionReview')
      throw new Error(
        `expected webhook response of ${apiVersion}, Kind=AdmissionReview, got ${group === '' ? '/' : group}, Kind=${kind}`,
      );
    if (!mutating && hasPatch) throw new Error('validating webhook may not return response.patch');
    if (!mutating && patchType !== undefined) throw new Error('validating webhook may not return response.patchType');
    if (hasPatch && patchType === undefined)
      throw new Error('webhook returned response.patch but not response.patchType');
    if (!hasPatch && patchType !== undefined)
      throw new Error('webhook returned response.patchType but not response.patch');
    if (patchType === '') throw new Error('webhook returned invalid response.patchType of ""');
  }
  const warnings = Array.isArray(response['warnings']) ? response['warnings'].map(String) : [];
  return {
    allowed: response['allowed'] === true,
    result: fieldsOf(response['status']),
    warnings,
    patch: mutating && hasPatch ? patch : undefined,
    patchType: hasPatch ? (typeof patchType === 'string' ? patchType : 'JSONPatch') : undefined,
  };
}
