import type { Node } from '#api/kinds/core/node.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { NodeMetrics } from '#api/kinds/metrics/nodemetrics.ts';
import type { PodMetrics } from '#api/kinds/metrics/podmetrics.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Metrics } from '#base/metrics.ts';
import type { Dialer } from '#server/proxy/dialer.ts';
import type { WebhookClient } from '#server/proxy/webhook-client.ts';
import type { Client } from '#server/store/client.ts';
import type { Kinds } from '#server/store/kinds.ts';
import type { EventRecorder } from './event-recorder.ts';

/** What controllers know of the cluster. */
export interface ClusterConfig {
  /** The pod network, e.g. `10.42.0.0/16`; each node gets a /24 of it. */
  readonly clusterCIDR: string;
  /** The Services' network, e.g. `10.43.0.0/16`; its first address is the Service `kubernetes`. */
  readonly serviceCIDR: string;
  /** Where pods reach this API server: an IPv4 address and a port. */
  readonly apiAddress: string;
  readonly apiPort: number;
  /** The CA certificate of the API server, in PEM. */
  readonly rootCA: string;
}

/** What a certificate request asks for. */
export interface RequestedCertificate {
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  readonly emails: readonly string[];
  readonly uris: readonly string[];
}

/** The cluster's CA, as controllers use it. Requests are PKCS#10 in PEM. */
export interface ClusterCertificates {
  /** Rejects when the request cannot be read. */
  inspect(request: string): Promise<RequestedCertificate>;
  /** The certificate, in PEM. */
  sign(
    request: string,
    options: { readonly usages: readonly string[]; readonly notBefore: Date; readonly notAfter: Date },
  ): Promise<string>;
  /** May who made the request create `certificatesigningrequests/<subresource>`: that is the right to have it approved at once. */
  mayCreate(
    requester: { readonly username?: string; readonly groups?: readonly string[] },
    subresource: string,
  ): boolean;
}

/** What nodes and pods use now (metrics.k8s.io). Agents are asked, at most every 15 s; what is not known is left out. */
export interface ResourceUsage {
  nodes(nodes: readonly Node[]): Promise<readonly NodeMetrics[]>;
  pods(pods: readonly Pod[]): Promise<readonly PodMetrics[]>;
}

/** Makes the tokens that Secrets hold. */
export interface SecretTokens {
  /** A token of the account, which has no end but that of its Secret and of the account (upstream: LegacyClaims). */
  secretToken(account: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    readonly secretName: string;
  }): Promise<string>;
}

/** What `createControllers` and `createScheduler` need. */
export interface ControllerDeps {
  readonly client: Client;
  readonly kinds: Kinds;
  readonly log: Logger;
  readonly clock: Clock;
  /** Where queues and the like are seen; default: nowhere. */
  readonly metrics?: Metrics | undefined;
  readonly config: ClusterConfig;
  /** Where the other servers that live answer (HOST:PORT). Default: there can be none. Rejects when that cannot be told now. */
  readonly otherServers?: (() => Promise<readonly string[]>) | undefined;
  /** Asks webhooks. Default: none can be reached. */
  readonly webhooks?: WebhookClient | undefined;
  /** Connects to what runs in the cluster. Default: nothing can be reached. */
  readonly dialer?: Dialer | undefined;
  /** Default: nothing is known. */
  readonly resourceMetrics?: ResourceUsage | undefined;
  /** Default: certificate requests are neither approved nor signed. */
  readonly certificates?: ClusterCertificates | undefined;
  /** Default: Secrets that ask for a token of a ServiceAccount stay as they are. */
  readonly tokens?: SecretTokens | undefined;
}

/** What one controller gets: the same, under its own user name, with a recorder of its own. */
export interface ControllerContext extends ControllerDeps {
  readonly events: EventRecorder;
}
