import { qualified } from '#api/meta/status.ts';
import type { ApiClient } from './api-client.ts';

/** A kind that the server serves, as a command needs it. */
export interface ServedResource {
  /** `deployments.apps`. */
  readonly resource: string;
  /** `/apis/apps/v1`. */
  readonly root: string;
  /** `deployments`. */
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

interface DiscoveryList {
  readonly items: readonly {
    readonly metadata: { readonly name?: string };
    readonly versions: readonly {
      readonly version: string;
      readonly resources?: readonly {
        readonly resource: string;
        readonly responseKind: { readonly kind: string };
        readonly scope: string;
        readonly singularResource?: string;
        readonly shortNames?: readonly string[];
      }[];
    }[];
  }[];
}

const DISCOVERY = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

/**
 * Finds a kind by what a person calls it: `deployment`, `deployments`, `deploy`, `Deployment`, `deployments.apps`.
 *
 * @throws Error when the server serves no such kind.
 */
export async function findResource(client: ApiClient, called: string): Promise<ServedResource> {
  const word = called.toLowerCase();
  for (const path of ['/api', '/apis']) {
    const { items } = await client.call<DiscoveryList>('GET', path, undefined, DISCOVERY);
    for (const { metadata, versions } of items) {
      const group = metadata.name ?? '';
      // The first version is the one that the server prefers.
      for (const { version, resources = [] } of versions) {
        for (const one of resources) {
          const names = [
            one.resource,
            one.singularResource,
            one.responseKind.kind.toLowerCase(),
            ...(one.shortNames ?? []),
          ];
          const found = names.some((name) => name === word || (group !== '' && `${name}.${group}` === word));
          if (!found) continue;
          return {
            resource: qualified({ group, plural: one.resource }),
            root: group === '' ? `/api/${version}` : `/apis/${group}/${version}`,
            plural: one.resource,
            kind: one.responseKind.kind,
            namespaced: one.scope === 'Namespaced',
          };
        }
      }
    }
  }
  throw new Error(`The server knows no kind called ${called}; 'kubectl api-resources' lists them`);
}

/** The API's path of an object; `namespace` counts only for a namespaced kind. */
export const objectPath = ({ root, plural, namespaced }: ServedResource, namespace: string, name: string): string =>
  `${root}${namespaced ? `/namespaces/${encodeURIComponent(namespace)}` : ''}/${plural}/${encodeURIComponent(name)}`;
