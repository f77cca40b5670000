import type { TokenKeySet } from '#server/identity/identity.ts';

/** Where others learn how to check service account tokens (OpenID Connect Discovery 1.0). */
export const OPENID_CONFIGURATION = '/.well-known/openid-configuration';
/** Where the public keys are. */
export const OPENID_KEYS = '/openid/v1/jwks';

/** The answer at one of these two paths; `serverAddress` is `host:port`, as clients reach this server. */
export function openIdResponse(path: string, tokens: TokenKeySet, serverAddress: string): Response {
  const keys = tokens.publicKeys();
  const isKeys = path === OPENID_KEYS;
  const body = isKeys
    ? { keys }
    : {
        issuer: tokens.issuer,
        jwks_uri: `https://${serverAddress}${OPENID_KEYS}`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: [...new Set(keys.map(({ alg }) => String(alg)))],
      };
  const type = isKeys ? 'application/jwk-set+json' : 'application/json';
  return new Response(JSON.stringify(body), {
    headers: { 'content-type': type, 'cache-control': 'public, max-age=3600' },
  });
}
