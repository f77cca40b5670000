import { expect, test } from 'bun:test';
import type { KubeObject } from '#api/kind.ts';
import { CachedObject } from './cached-object.ts';
import { encode } from './encoding.ts';

const KEY = { resource: 'configmaps', namespace: 'ns', name: 'a' };
const written: KubeObject = { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'a', namespace: 'ns', uid: 'u' } };

test('settled() lets go of an object that nobody looked into; it is then read from its text', () => {
  const stored = CachedObject.ofWrite(KEY, 7, encode(written), written);
  stored.settled();
  const read = stored.object;
  expect(read.metadata).not.toBe(written.metadata);
  expect(read).toEqual({ ...written, metadata: { ...written.metadata, resourceVersion: '7' } });
  stored.settled();
  expect(stored.object).toBe(read);
});

test('settled() keeps an object that somebody looked into: all see the same one', () => {
  const stored = CachedObject.ofWrite(KEY, 7, encode(written), written);
  const seen = stored.object;
  stored.settled();
  expect(stored.object).toBe(seen);
});
