import { type Kind, type KubeObject, resourceOf } from '#api/kind.ts';
import { type SelfSubjectReview, selfSubjectReviewKind } from '#api/kinds/authentication/selfsubjectreview.ts';
import { type TokenReview, type UserInfo, tokenReviewKind } from '#api/kinds/authentication/tokenreview.ts';
import { localSubjectAccessReviewKind } from '#api/kinds/authorization/localsubjectaccessreview.ts';
import { selfSubjectAccessReviewKind } from '#api/kinds/authorization/selfsubjectaccessreview.ts';
import { selfSubjectRulesReviewKind } from '#api/kinds/authorization/selfsubjectrulesreview.ts';
import { subjectAccessReviewKind } from '#api/kinds/authorization/subjectaccessreview.ts';
import { type Binding, bindingKind } from '#api/kinds/core/binding.ts';
import { badRequest } from '#api/meta/status.ts';
import { formatTime } from '#api/meta/time.ts';
import type { User } from '#server/store/registry.ts';
import { localAccessReview, rulesReview, selfAccessReview, subjectAccessReview } from './access-reviews.ts';
import { type ResourceRequest, writeContext } from './api-context.ts';
import { authenticated } from './authn.ts';
import { readBody } from './body.ts';
import { decodeBody, parseBody } from './decode-body.ts';
import { demandSameNamespace } from './object-identity.ts';
import { type WriteOptions, readWriteOptions } from './options.ts';
import { textResponse } from './render.ts';
import { bindPod } from './subresources/binding.ts';

/** Fills in the answer. Throws StatusError. */
type Answer = (given: KubeObject, request: ResourceRequest, options: WriteOptions) => unknown;

const answering = <T extends KubeObject>(
  kind: Kind<T>,
  answer: (given: T, request: ResourceRequest, options: WriteOptions) => unknown,
): readonly [Kind, Answer] => [kind as unknown as Kind, answer as unknown as Answer];

const REVIEWS: readonly (readonly [Kind, Answer])[] = [
  answering(bindingKind, binding),
  answering(tokenReviewKind, tokenReview),
  answering(selfSubjectReviewKind, selfReview),
  answering(localSubjectAccessReviewKind, localAccessReview),
  answering(selfSubjectAccessReviewKind, selfAccessReview),
  answering(selfSubjectRulesReviewKind, rulesReview),
  answering(subjectAccessReviewKind, subjectAccessReview),
];
const ANSWERS = new Map(REVIEWS.map(([kind, answer]) => [resourceOf(kind), answer]));

/** The kinds that are asked and answered, never stored. */
export const REVIEW_KINDS: readonly Kind[] = REVIEWS.map(([kind]) => kind);

/** POST of a review: the same object, its status filled in (a Binding, the old way to put a pod on a node, gets a Status). */
export async function review(request: ResourceRequest): Promise<Response> {
  const { api, kind, info } = request;
  const options = readWriteOptions(request.request, request.url, 'CreateOptions');
  const body = parseBody(request.request, await readBody(request.request), kind, api.kinds);
  const given = decodeBody<KubeObject>(api.kinds, kind, body, { ...options, warnings: request.warnings });
  demandSameNamespace(given, info);
  if (kind.scope === 'Namespaced') given.metadata.namespace = info.namespace;
  const answer = ANSWERS.get(resourceOf(kind));
  if (answer === undefined) throw new Error(`Cannot answer a ${kind.kind}: nobody knows how`);
  return textResponse(request, JSON.stringify(await answer(given, request, options)), 201);
}

async function tokenReview(given: TokenReview, { api }: ResourceRequest): Promise<TokenReview> {
  const { token, audiences = [] } = given.spec;
  if (token === '') throw badRequest('token is required for TokenReview in authentication');
  const found = await api.tokens.review(token, audiences);
  if ('error' in found) return { ...given, status: { user: {}, error: found.error } };
  const status = { authenticated: true, user: userInfo(authenticated(found.user)), audiences: [...found.audiences] };
  return { ...given, status };
}

function binding(given: Binding, request: ResourceRequest, options: WriteOptions): Promise<unknown> {
  const { namespace } = request.info;
  const context = writeContext(request, options);
  return bindPod(request.api.registry, given, { namespace, name: given.metadata.name ?? '', context });
}

function selfReview(given: SelfSubjectReview, { api, user }: ResourceRequest): SelfSubjectReview {
  const metadata = { ...given.metadata, creationTimestamp: formatTime(new Date(api.clock.now())) };
  return { ...given, metadata, status: { userInfo: userInfo(user) } };
}

function userInfo({ name, uid, groups, extra = {} }: User): UserInfo {
  const extras = Object.entries(extra).map(([key, values]): [string, string[]] => [key, [...values]]);
  return {
    username: name,
    ...(uid === undefined ? {} : { uid }),
    groups: [...groups],
    ...(extras.length === 0 ? {} : { extra: Object.fromEntries(extras) }),
  };
}
