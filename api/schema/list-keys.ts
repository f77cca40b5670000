import { type JsonSchema, isObject } from './structural.ts';

/** The items of an older list by their keys. */
export interface KeyedItems {
  /** The older item with the keys of `item`. */
  find(item: unknown): unknown;
}

/** Undefined when the list is none whose items can be told apart: only maps by key can (x-kubernetes-list-type). */
export function keyedItems(old: unknown, schema: JsonSchema): KeyedItems | undefined {
  if (!Array.isArray(old) || schema['x-kubernetes-list-type'] !== 'map') return undefined;
  const keys = schema['x-kubernetes-list-map-keys'];
  if (!Array.isArray(keys)) return undefined;
  const identity = (item: unknown): string =>
    JSON.stringify(keys.map((key) => (isObject(item) ? item[String(key)] : undefined)));
  const byIdentity = new Map(old.map((item: unknown) => [identity(item), item]));
  return { find: (item) => byIdentity.get(identity(item)) };
}
