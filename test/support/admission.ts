import type { Kind, KubeObject } from '#api/kind.ts';
import type { StoredObject } from '#server/store/object-store.ts';
import type { AdmissionPlugin } from '#server/admission/chain.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import { StatusError } from '#api/meta/status.ts';

/** What lies in the store, by resource: `pods`, `limitranges`. */
export type Objects = Readonly<Record<string, readonly unknown[]>>;

/** The reading half of an object store over a few objects, for tests of admission plugins. */
export const storeOf = (
  objects: Objects,
): {
  get(resource: string, namespace: string, name: string): StoredObject | undefined;
  list(resource: string, namespace?: string): readonly StoredObject[];
} => {
  const list = (resource: string, namespace?: string): readonly StoredObject[] =>
    (objects[resource] ?? [])
      .map((one) => one as KubeObject)
      .filter(({ metadata }) => namespace === undefined || (metadata.namespace ?? '') === namespace)
      .map((object) => ({
        resource,
        namespace: object.metadata.namespace ?? '',
        name: object.metadata.name ?? '',
        revision: 1,
        object,
        text: JSON.stringify(object),
      }));
  return { list, get: (resource, namespace, name) => list(resource, namespace).find((one) => one.name === name) };
};

/** A request as the registry hands it to admission; default: a create by an administrator. */
export const requestOf = (
  kind: Pick<Kind, 'group' | 'kind' | 'plural'>,
  object: unknown,
  more: Partial<AdmissionRequest> = {},
): AdmissionRequest => {
  const given = object as KubeObject;
  return {
    operation: 'CREATE',
    kind: { ...kind, scope: 'Namespaced' } as Kind,
    subresource: '',
    namespace: given.metadata.namespace ?? '',
    name: given.metadata.name ?? '',
    object: given,
    old: undefined,
    context: {
      user: { name: 'admin', groups: ['system:masters'] },
      dryRun: false,
      fieldManager: 'test',
      warnings: [],
    },
    ...more,
  };
};

/** Runs both halves of a plugin; answers the text of its refusal, or `admitted`. */
export async function admit(plugin: AdmissionPlugin, request: AdmissionRequest): Promise<string> {
  try {
    await plugin.mutate?.(request);
    await plugin.validate?.(request);
    return 'admitted';
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return `${error.code} ${error.message}`;
  }
}
