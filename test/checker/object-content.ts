import { type Content, type Shown, keyOf } from './history.ts';

/** An object as the API answers it, as far as the checker looks into it. */
export interface ApiObject {
  readonly kind?: string;
  readonly apiVersion?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly resourceVersion: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** The annotations that bear the tokens of the last PUT and of the last PATCH since. */
export const PUT_TOKEN = 'put';
export const PATCH_TOKEN = 'patch';

/** A number for everything in an object but its resourceVersion; lists leave out `kind` and `apiVersion`, so they do not count. */
export function digestOf(object: ApiObject): string {
  const { kind: _, apiVersion: __, metadata, ...rest } = object;
  return Bun.hash(JSON.stringify({ metadata: { ...metadata, resourceVersion: '' }, ...rest })).toString(36);
}

/** An object that no client of the checker has made is known by its digest. */
export function contentOf(object: ApiObject): Content {
  const put = object.metadata.annotations?.[PUT_TOKEN];
  return put === undefined ? `#${digestOf(object)}` : `${put}/${object.metadata.annotations?.[PATCH_TOKEN] ?? ''}`;
}

/** An object of a list or an event. */
export function shownOf(resource: string, object: ApiObject): Shown {
  const { name, namespace = '', resourceVersion } = object.metadata;
  return {
    key: keyOf(resource, namespace, name),
    revision: Number(resourceVersion),
    content: contentOf(object),
    digest: digestOf(object),
  };
}
