import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { badRequest, notFoundError } from '#api/meta/status.ts';
import type { Client } from '#server/store/client.ts';
import type { NodePaths } from '#server/nodes/node-paths.ts';

/** What the subresources that reach a node work with. */
export interface NodeStreamParts {
  readonly client: Pick<Client, 'get'>;
  readonly nodes: Pick<NodePaths, 'find'>;
}

/** The pod of a request; NotFound when it is not there. */
export function podOf(parts: NodeStreamParts, namespace: string, name: string): Pod {
  const pod = parts.client.get(podKind, namespace, name);
  if (pod === undefined) throw notFoundError({ group: '', plural: 'pods' }, name);
  return pod;
}

/** The container that `?container=` names, or the only one (upstream: registry/core/pod validateContainer). Throws BadRequest. */
export function containerOf(pod: Pod, asked: string | null): string {
  const names = (containers: readonly { name: string }[] | undefined) => (containers ?? []).map(({ name }) => name);
  const { name = '' } = pod.metadata;
  const containers = names(pod.spec?.containers);
  const initContainers = names(pod.spec?.initContainers);
  if (asked !== null && asked !== '') {
    if ([...containers, ...initContainers, ...names(pod.spec?.ephemeralContainers)].includes(asked)) return asked;
    throw badRequest(`container ${asked} is not valid for pod ${name}`);
  }
  const [only, another] = containers;
  if (only === undefined) throw badRequest(`a container name must be specified for pod ${name}`);
  if (another === undefined) return only;
  const init = initContainers.length > 0 ? ` or one of the init containers: [${initContainers.join(' ')}]` : '';
  throw badRequest(
    `a container name must be specified for pod ${name}, choose one of: [${containers.join(' ')}]${init}`,
  );
}

/** The node that a pod runs on; BadRequest when it has none yet. */
export function nodeOf(pod: Pod): string {
  const { nodeName = '' } = pod.spec ?? {};
  if (nodeName === '') throw badRequest(`pod ${pod.metadata.name} does not have a host assigned`);
  return nodeName;
}

/** A boolean query parameter, read as Kubernetes does: absent, `0` and `false` are false, all else is true. */
export function flagOf(url: URL, name: string): boolean {
  const value = url.searchParams.get(name);
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}
