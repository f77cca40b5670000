import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Metrics } from '#base/metrics.ts';
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
}

/** What one controller gets: the same, under its own user name, with a recorder of its own. */
export interface ControllerContext extends ControllerDeps {
  readonly events: EventRecorder;
}
