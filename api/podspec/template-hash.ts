import type { PodTemplateSpec } from '#api/podspec/pod-spec.ts';

/** Letters that make no words and no look-alikes (apimachinery: rand.SafeEncodeString). */
const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * A name for a template, stable as long as nothing in it changes: what stands after a Deployment's name in those of its
 * ReplicaSets. `collisionCount` makes another one when the name was taken by a different template.
 * Fields count in sorted order, absent and empty ones not at all, so that a round trip through JSON changes nothing.
 */
export function templateHash(template: PodTemplateSpec, collisionCount?: number): string {
  const text = canonical(template) + (collisionCount ? `#${collisionCount}` : '');
  return String(fnv1a32(text))
    .split('')
    .map((digit) => ALPHABET.charAt(digit.charCodeAt(0) % ALPHABET.length))
    .join('');
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, one]) => one !== undefined && one !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, one]) => `${JSON.stringify(key)}:${canonical(one)}`).join(',')}}`;
}

function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
