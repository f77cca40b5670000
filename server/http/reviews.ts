import { type Kind, type KubeObject, resourceOf } from '#api/kind.ts';
import { type TokenReview, tokenReviewKind } from '#api/kinds/authentication/tokenreview.ts';
import type { Authenticator } from '#server/identity/identity.ts';
import type { ResourceRequest } from './api-context.ts';
import { readBody } from './body.ts';
import { decodeBody, parseBody } from './decode-body.ts';
import { readWriteOptions } from './options.ts';
import { textResponse } from './render.ts';

/** The kinds that are asked and answered, never stored. */
export const REVIEW_KINDS: readonly Kind[] = [tokenReviewKind];

/** POST of a review: the same object, its status filled in. */
export async function review(request: ResourceRequest): Promise<Response> {
  const { api, kind } = request;
  const options = readWriteOptions(request.request, request.url, 'CreateOptions');
  const body = parseBody(request.request, await readBody(request.request), kind, api.kinds);
  const given = decodeBody<KubeObject>(api.kinds, kind, body, { ...options, warnings: request.warnings });
  const answer = ANSWERS[resourceOf(kind)];
  return textResponse(request, JSON.stringify(await answer?.(given, api.authenticator)), 201);
}

const ANSWERS: Readonly<Record<string, (given: KubeObject, authenticator: Authenticator) => Promise<KubeObject>>> = {
  'tokenreviews.authentication.k8s.io': (given, authenticator) => tokenReview(given as TokenReview, authenticator),
};

async function tokenReview(given: TokenReview, authenticator: Authenticator): Promise<TokenReview> {
  const user = await authenticator.authenticate(given.spec.token);
  if (user === undefined) return { ...given, status: { user: {}, error: 'invalid bearer token' } };
  const extra = Object.entries(user.extra ?? {}).map(([key, values]): [string, string[]] => [key, [...values]]);
  const groups = user.groups.includes('system:authenticated') ? user.groups : [...user.groups, 'system:authenticated'];
  return {
    ...given,
    status: {
      authenticated: true,
      user: {
        username: user.name,
        ...(user.uid === undefined ? {} : { uid: user.uid }),
        groups: [...groups],
        ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
      },
      ...(given.spec.audiences === undefined ? {} : { audiences: given.spec.audiences }),
    },
  };
}
