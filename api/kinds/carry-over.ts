import type { KubeObject } from '#api/kind.ts';

/** Makes `field` of `object` what it is in `old`, absent when it is absent there. */
export function carryOver<T extends KubeObject, K extends Exclude<keyof T, keyof KubeObject>>(
  object: T,
  old: T,
  field: K,
): void {
  if (old[field] === undefined) delete object[field];
  else object[field] = old[field];
}
