import { expect, test } from 'bun:test';
import { compressed } from './compress.ts';

const answer = (text: string, accepted?: string): Response => {
  const headers: Record<string, string> = accepted === undefined ? {} : { 'accept-encoding': accepted };
  const response = new Response(text, { headers: { 'content-type': 'application/json' } });
  return compressed(new Request('http://localhost/', { headers }), text, response);
};
const LARGE = JSON.stringify('ü'.repeat(128 * 1024));

test('a large answer is compressed for a client that accepts it, and reads the same', async () => {
  const response = answer(LARGE, 'br, gzip;q=0.5');
  expect(response.headers.get('content-encoding')).toBe('gzip');
  expect(response.headers.get('content-type')).toBe('application/json');
  const body = await response.bytes();
  expect(body.length).toBeLessThan(LARGE.length / 10);
  expect(new TextDecoder().decode(Bun.gunzipSync(Uint8Array.from(body)))).toBe(LARGE);
});

test.each([
  ['small', 'gzip'],
  [LARGE, undefined],
  [LARGE, 'br'],
  [LARGE, 'gzip;q=0'],
])('%# an answer that is small, or not accepted so, is left alone', async (text, accepted) => {
  const response = answer(text, accepted);
  expect(response.headers.get('content-encoding')).toBeNull();
  expect(await response.text()).toBe(text);
});
