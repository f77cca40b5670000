import { expect, test } from 'bun:test';
import { OPENID_CONFIGURATION, OPENID_KEYS, openIdResponse } from './openid.ts';

const tokens = { issuer: 'https://issuer', publicKeys: () => [{ kty: 'EC', kid: 'k', use: 'sig', alg: 'ES256' }] };

test('the configuration names the issuer and leads to the keys', async () => {
  const response = openIdResponse(OPENID_CONFIGURATION, tokens, '192.0.2.1:6443');
  expect(await response.json()).toMatchObject({
    issuer: 'https://issuer',
    jwks_uri: 'https://192.0.2.1:6443/openid/v1/jwks',
    id_token_signing_alg_values_supported: ['ES256'],
  });
  const keys = openIdResponse(OPENID_KEYS, tokens, '192.0.2.1:6443');
  expect(keys.headers.get('content-type')).toBe('application/jwk-set+json');
  expect(await keys.json()).toEqual({ keys: tokens.publicKeys() });
});
