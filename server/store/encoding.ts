import type { KubeObject } from '#api/kind.ts';

/** Where the revision goes. JSON strings escape quotes, so the first match in a stored text is the field itself: only strings come before it. */
const PLACEHOLDER = '"resourceVersion":""';
const BRACE = 0x7b;
const BEFORE_NUMBER = '"resourceVersion":"'.length;

/**
 * The JSON of an object as Postgres keeps it: kind and apiVersion first, metadata next, its resourceVersion empty and before anything that a
 * client could choose the keys of.
 */
export function encode(object: KubeObject): string {
  const { kind, apiVersion, metadata, ...rest } = object;
  const { name, generateName, namespace, selfLink, uid, resourceVersion: _, ...others } = metadata;
  return JSON.stringify({
    kind,
    apiVersion,
    metadata: { name, generateName, namespace, selfLink, uid, resourceVersion: '', ...others },
    ...rest,
  });
}

/** The text that clients get: what `encode` made, with its revision. */
export function withRevision(encoded: string, revision: number): string {
  const at = encoded.indexOf(PLACEHOLDER);
  if (at < 0) throw new Error('Cannot read a stored object: it has no place for its resourceVersion');
  const text = encoded.slice(0, at + BEFORE_NUMBER) + String(revision) + encoded.slice(at + BEFORE_NUMBER);
  // The engine keeps such a text as a tree of six strings until somebody looks into it, which for most objects nobody ever does.
  if (text.codePointAt(0) !== BRACE) throw new Error('Cannot read a stored object: it is no JSON object');
  return text;
}

/** A text that `withRevision` made, with another revision. */
export function replaceRevision(text: string, from: number, to: number): string {
  const old = `"resourceVersion":"${from}"`;
  const at = text.indexOf(old);
  return `${text.slice(0, at)}"resourceVersion":"${to}"${text.slice(at + old.length)}`;
}

/** The group and plural that a store name such as `deployments.apps` stands for. */
export function resourceName(resource: string): { readonly group: string; readonly plural: string } {
  const dot = resource.indexOf('.');
  return dot < 0 ? { group: '', plural: resource } : { group: resource.slice(dot + 1), plural: resource.slice(0, dot) };
}
