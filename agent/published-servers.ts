import type { EndpointSlice } from '#api/kinds/discovery/endpointslice.ts';
import type { DesiredState } from './state/desired-state.ts';

/**
 * The cluster's servers (`https://ADDRESS:PORT`): the endpoints of the Service `kubernetes`, of which every node has a copy. Nobody is trusted
 * for standing there: a server must have a certificate of the cluster's CA.
 */
export function publishedServers(state: Pick<DesiredState, 'list'>): string[] {
  return state
    .list<EndpointSlice>('endpointslices.discovery.k8s.io')
    .filter(
      ({ metadata }) =>
        metadata.namespace === 'default' && metadata.labels?.['kubernetes.io/service-name'] === 'kubernetes',
    )
    .flatMap(({ endpoints, ports }) => {
      const port = ports?.find(({ name }) => name === 'https')?.port;
      return (endpoints ?? []).flatMap(({ addresses }) => addresses.map((address) => `https://${address}:${port}`));
    });
}
