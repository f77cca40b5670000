import type { EndpointSlice } from '#api/kinds/discovery/endpointslice.ts';
import type { Node } from '#api/kinds/core/node.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { Service as KubeService } from '#api/kinds/core/service.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import type { ClusterPlace } from './cluster-place.ts';
import { DnsServer } from './dns/dns-server.ts';
import { NodeNetwork } from './network/node-network.ts';
import type { HostPort } from './proxy/ruleset.ts';
import { ServiceProxy } from './proxy/service-proxy.ts';
import type { DesiredState } from './state/desired-state.ts';

/** What NodeServices needs. */
export interface NodeServicesOptions {
  readonly place: ClusterPlace;
  readonly state: DesiredState;
  readonly nodeName: string;
  readonly nodeIP: string;
  readonly dataDir: string;
  readonly cniConfigDirectory: string;
  /** The ids of all sandboxes there are: addresses of others are free again (after a power cut nobody told the plugin). */
  readonly sandboxes: () => Promise<ReadonlySet<string>>;
  readonly log: Logger;
}

/** Changes that arrive together reach the network parts together. */
const COALESCE_MS = 5;

/**
 * The network of one node, put together: bridge and routes, the Services' ruleset, the cluster's DNS. Begins when the node's place in the cluster
 * is known; follows the desired state from then on. What pods need stands when `start` resolves; `stop` leaves it standing for those that run.
 */
export class NodeServices {
  readonly #options: NodeServicesOptions;
  readonly #parts: Service[] = [];
  readonly #ends: (() => void)[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: NodeServicesOptions) {
    this.#options = options;
  }

  /** Rejects when bridge or DNS cannot be made. `failed` hears of a part that ends later. */
  async start(failed: (error: unknown) => void): Promise<void> {
    const { place, nodeName, nodeIP, dataDir, cniConfigDirectory, state, log } = this.#options;
    const { clusterDNS: dnsAddress, podCIDR, clusterCIDR, serviceCIDR, clusterDomain } = place;
    const network = new NodeNetwork({
      nodeName,
      nodeIP,
      podCIDR,
      serviceCIDR,
      dnsAddress,
      dataDir,
      cniConfigDirectory,
      log,
    });
    await network.start();
    await network.releaseAddresses(await this.#options.sandboxes());
    const dns = new DnsServer({ address: dnsAddress, domain: clusterDomain, log });
    await dns.start();
    const { bridgeNetfilter } = network;
    const proxy = new ServiceProxy({
      nodeName,
      podCIDR,
      clusterCIDR,
      serviceCIDR,
      dnsAddress,
      dnsPort: dns.port,
      bridgeNetfilter,
      log,
    });
    this.#parts.push(network, dns, proxy);
    for (const part of this.#parts) part.run().catch(failed);
    const update = (): void => {
      const services = state.list<KubeService>('services');
      const slices = state.list<EndpointSlice>('endpointslices.discovery.k8s.io');
      network.update(state.list<Node>('nodes'));
      dns.update({ services, slices });
      proxy.update({ services, slices, hostPorts: hostPorts(state.list<Pod>('pods')) });
    };
    const changed = (): void => {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        update();
      }, COALESCE_MS);
    };
    for (const resource of ['services', 'endpointslices.discovery.k8s.io', 'nodes', 'pods'] as const) {
      this.#ends.push(state.onChange(resource, changed));
    }
    // A first ruleset from half a state would cut off Services that an earlier agent served.
    if (state.isSynced || state.list('services').length > 0) update();
    this.#ends.push(state.onSynced(changed));
  }

  /** Ends the parts. Bridge, routes and rules stay. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    for (const end of this.#ends.splice(0)) end();
    for (const part of this.#parts.splice(0).toReversed()) await part.stop();
  }
}

/** The ports of pods that have not finished, for which the host answers. */
function hostPorts(pods: readonly Pod[]): HostPort[] {
  const found: HostPort[] = [];
  for (const { spec, status } of pods) {
    if (spec?.hostNetwork === true || status?.podIP === undefined) continue;
    if (status.phase === 'Succeeded' || status.phase === 'Failed') continue;
    for (const { ports = [] } of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
      for (const { hostPort, hostIP, containerPort, protocol = 'TCP' } of ports) {
        if (hostPort === undefined || !isProtocol(protocol)) continue;
        found.push({
          protocol,
          hostPort,
          containerPort,
          podIP: status.podIP,
          ...(hostIP === undefined ? {} : { hostIP }),
        });
      }
    }
  }
  return found;
}

const isProtocol = (text: string): text is HostPort['protocol'] => text === 'TCP' || text === 'UDP' || text === 'SCTP';
