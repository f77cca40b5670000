import { expect, test } from 'bun:test';
import { templateHash } from './template-hash.ts';

const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'i:1' }] } };

test('templateHash() is the same for the same template, whatever the order of its fields', () => {
  const reordered = { spec: { containers: [{ image: 'i:1', name: 'c' }] }, metadata: { labels: { app: 'a' } } };
  expect(templateHash(reordered)).toBe(templateHash(template));
  expect(templateHash(template)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]+$/);
});

test('templateHash() differs with the image and with the collision count', () => {
  const other = { ...template, spec: { containers: [{ name: 'c', image: 'i:2' }] } };
  const all = [templateHash(template), templateHash(other), templateHash(template, 1), templateHash(template, 2)];
  expect(new Set(all).size).toBe(4);
  expect(templateHash(template, 0)).toBe(templateHash(template));
});
