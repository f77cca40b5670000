import { chmod, mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import { namespaceKind } from '#api/kinds/core/namespace.ts';
import { StatusError } from '#api/meta/status.ts';
import { systemClock } from '#base/clock.ts';
import { hostAddress } from '#base/host-address.ts';
import type { Logger } from '#base/logger.ts';
import { Metrics, observeProcess } from '#base/metrics.ts';
import type { Service } from '#base/service.ts';
import { GIT_VERSION } from '#base/version.ts';
import { AllocationTable } from '#db/allocations.ts';
import { NodeLinkTable } from '#db/node-links.ts';
import { ensureSystemPriorityClasses } from './admission/system-priority-classes.ts';
import { Authorization } from './authorization/authorization.ts';
import { ensureDefaultRoles } from './authorization/defaults/ensure-defaults.ts';
import { AdmissionChain } from './admission/chain.ts';
import { admissionPlugins } from './admission/index.ts';
import type { ServerConfig } from './config.ts';
import { serveDefinitions } from './controllers/customresourcedefinition/serve-definitions.ts';
import { createControllers } from './controllers/index.ts';
import { openHubDatabase } from './hub-database.ts';
import { Aggregation } from './http/aggregation.ts';
import { createApi } from './http/api.ts';
import { Drain } from './http/drain.ts';
import { serverChecks } from './http/server-checks.ts';
import { CertificateSigner } from './identity/certificate-signer.ts';
import { type Authority, loadAuthority } from './identity/authority.ts';
import { writeKubeconfig } from './identity/kubeconfig.ts';
import { loadTokenKeys, Tokens } from './identity/tokens.ts';
import { nodeSubresources } from './http/subresources/node-streams.ts';
import { proxySubresources } from './http/subresources/proxy.ts';
import { NodeGateway } from './nodes/gateway.ts';
import { NodePaths } from './nodes/node-paths.ts';
import { NodeUsages } from './nodes/node-usages.ts';
import { ResourceMetrics } from './nodes/resource-metrics.ts';
import { PeerGateway } from './nodes/peer-gateway.ts';
import { Presence } from './nodes/presence.ts';
import { NodeMonitor } from './nodes/node-monitor.ts';
import { createDialer } from './proxy/dialer.ts';
import { createWebhookClient } from './proxy/webhook-client.ts';
import type { ClusterCertificates } from './reconcile/controller-deps.ts';
import { Manager } from './reconcile/manager.ts';
import { createScheduler } from './scheduler/scheduler.ts';
import type { Client } from './store/client.ts';
import { Kinds } from './store/kinds.ts';
import { formatAddress, parseRange } from './store/address-range.ts';
import { ServiceAllocator } from './store/service-allocator.ts';
import { openStore } from './store/store.ts';
import { observeStore } from './store/store-metrics.ts';
import { createClient } from './store/store-client.ts';
import { StoreRegistry } from './store/store-registry.ts';
import { Sweeper } from './store/sweeper.ts';

/** The namespaces that are there from the start and may not be deleted. */
const SYSTEM_NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

const CLUSTER_DOMAIN = 'cluster.local';
/** The cluster's DNS answers at this address of the Services' network. */
const DNS_OFFSET = 10;

/** A server that stops waits so long for the requests under way. */
const DRAIN_MS = 5_000;

/** A server that answers. */
export interface Hub extends Service {
  /** `https://127.0.0.1:PORT`: how this host reaches it. */
  readonly url: string;
  readonly kubeconfigPath: string;
  readonly authority: Authority;
  /** A credential for a node of this same host, so that `skep up` needs no join token. */
  nodeToken(nodeName: string): Promise<string>;
}

/** What a hub is started with. `say` gets one line for each long step. */
export interface HubOptions {
  readonly config: ServerConfig;
  readonly log: Logger;
  readonly say: (line: string) => void;
  /** A directory with Postgres' `bin/`, `lib/`, `share/`, when the embedded one is not where db/ looks by itself. */
  readonly postgresFiles?: string | undefined;
}

/**
 * Starts the server: database, store, controllers, scheduler, API; resolves when the API answers. In this order, so that each part finds those
 * below it running; `stop` goes the other way.
 *
 * @throws when a part cannot start; what had been started is stopped again.
 */
export async function startHub(options: HubOptions): Promise<Hub> {
  const started: (() => Promise<void>)[] = [];
  const stop = once(async () => {
    for (const end of started.toReversed()) await end();
  });
  try {
    return await assemble(options, started, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function assemble(
  { config, log, say, postgresFiles }: HubOptions,
  started: (() => Promise<void>)[],
  stop: () => Promise<void>,
): Promise<Hub> {
  const clock = systemClock;
  const advertised = config.advertiseAddress ?? (isOwnAddress(config.listen.host) ? config.listen.host : hostAddress());
  // Postgres' own user must get through to its files below; what is secret has mode 0700 or 0600 itself.
  await mkdir(config.dataDir, { recursive: true, mode: 0o755 });
  await chmod(config.dataDir, 0o755);
  const { database, membership, leader, session } = await openHubDatabase({ config, log, say, postgresFiles }, started);
  const identityDir = join(config.dataDir, 'identity');
  const authority = await loadAuthority(identityDir, certificateHosts(config, advertised));
  const keys = await loadTokenKeys(identityDir);

  const services: Service[] = [];
  const store = await openStore({
    database,
    membership,
    retention: { seconds: config.logRetentionSeconds, bytes: config.logSizeBytes },
    log: log.child({ part: 'store' }),
  });
  started.push(() => store.stop());
  services.push(store);
  const metrics = new Metrics();
  observeProcess(metrics);
  observeStore(metrics, store);
  say(`store: at revision ${store.revision()}`);

  const kinds = new Kinds(BUILT_IN_KINDS);
  const allocator = new ServiceAllocator({
    store,
    table: new AllocationTable(database.orm),
    serviceCidr: config.serviceCIDR,
  });
  started.push(async () => allocator.stop());
  const dialer = createDialer({ client: () => client, nodes: { find: (nodeName) => nodes.find(nodeName) } });
  const webhooks = createWebhookClient(dialer);
  const authorization = new Authorization();
  const registry = new StoreRegistry({
    store,
    admission: new AdmissionChain([
      ...admissionPlugins(store, { outside: { kinds, webhooks, authorizer: authorization.authorizer } }),
      ...authorization.plugins,
    ]),
    allocators: { services: allocator },
    kindOf: (apiVersion, name) => kinds.ofObject(apiVersion, name),
  });
  const client = createClient(registry, store);
  const tokens = new Tokens(keys, client, () => store.current());
  await makeSystemNamespaces(client);
  await ensureDefaultRoles(client);
  await ensureSystemPriorityClasses(client);
  authorization.start(client);
  started.push(async () => authorization.stop());

  const stopServing = serveDefinitions({ client, kinds, webhooks });
  started.push(async () => stopServing());

  const links = session === undefined ? undefined : new NodeLinkTable(database.orm, session);
  const usages = new NodeUsages({
    nodes: { find: (nodeName) => nodes.find(nodeName) },
    clock,
    log: log.child({ part: 'nodes' }),
  });
  const resourceMetrics = new ResourceMetrics(usages, clock);
  const deps = {
    client,
    kinds,
    log,
    clock,
    metrics,
    config: {
      clusterCIDR: config.clusterCIDR,
      serviceCIDR: config.serviceCIDR,
      apiAddress: advertised,
      apiPort: config.listen.port,
      rootCA: authority.caCertificate,
    },
    certificates: clusterCertificates(identityDir, authorization),
    tokens,
    otherServers: links === undefined ? undefined : () => links.otherServers(),
    webhooks,
    dialer,
    resourceMetrics,
  };
  const nodesLog = log.child({ part: 'nodes' });
  const graceMs = config.nodeMonitorGraceSeconds * 1000;
  const gateway = new NodeGateway({
    client: client.as('system:nodes'),
    authenticator: tokens,
    issuer: tokens,
    clock,
    log: nodesLog,
    metrics,
    serverVersion: GIT_VERSION,
    cluster: {
      clusterCIDR: config.clusterCIDR,
      serviceCIDR: config.serviceCIDR,
      clusterDNS: addressInRange(config.serviceCIDR, DNS_OFFSET),
      clusterDomain: CLUSTER_DOMAIN,
    },
    graceMs,
    linkedElsewhere: async (node) => (await presence.elsewhere()).has(node),
  });
  const presence = new Presence({
    sessions: gateway.sessions,
    links,
    address: `${config.advertiseAddress ?? (isAnyAddress(config.listen.host) ? advertised : config.listen.host)}:${config.listen.port}`,
    clock,
    log: nodesLog,
    graceMs,
  });
  services.push(presence);
  gateway.start();
  started.push(async () => gateway.stop());
  const roles = [
    createControllers({ ...deps, log: log.child({ part: 'controllers' }) }, leader),
    createScheduler({ ...deps, log: log.child({ part: 'scheduler' }) }, leader),
    new Manager({
      name: 'upkeep',
      leader,
      log,
      metrics,
      start: () => [
        new NodeMonitor({
          client: client.as('system:node-monitor'),
          sessions: gateway.sessions,
          clock,
          log: nodesLog,
          graceMs,
          elsewhere: () => presence.elsewhere(),
        }),
        new Sweeper({ database, store, kinds, log: log.child({ part: 'sweeper' }) }),
      ],
    }),
  ];
  services.push(...roles);

  const nodes = new NodePaths(gateway.sessions, {
    elsewhere: () => presence.elsewhere(),
    caCertificate: authority.caCertificate,
    serverToken: () => tokens.serverToken(),
  });
  const stopping = new AbortController();
  const drain = new Drain();
  const app = createApi({
    kinds,
    registry,
    store,
    authenticator: tokens,
    authorization,
    tokens,
    log: log.child({ part: 'http' }),
    serverAddress: `${advertised}:${config.listen.port}`,
    caCertificate: authority.caCertificate,
    resourceMetrics,
    aggregation: new Aggregation({ client, dialer, log: log.child({ part: 'http' }) }),
    subresources: [...nodeSubresources({ client, nodes, usages }), ...proxySubresources({ client, dialer })],
    tls: { cert: authority.servingCertificate, key: authority.servingKey },
    stopping: stopping.signal,
    limits: { reads: config.maxReads, writes: config.maxWrites, longRunning: config.maxLongRunning },
    drain,
    metrics,
    checks: serverChecks({ store, roles, stopping: stopping.signal }),
  });
  app.use(gateway.routes());
  if (session !== undefined) {
    const isServerToken = (token: string): Promise<boolean> => tokens.isServerToken(token);
    app.use(new PeerGateway({ sessions: gateway.sessions, isServerToken, metrics }).routes());
  }
  const failed = Promise.withResolvers<void>();
  for (const service of services) {
    service.run().catch((error: unknown) => failed.reject(new Error(`${service.name} ended`, { cause: error })));
    if (service !== store) started.push(() => service.stop());
  }
  app.listen({ hostname: config.listen.host, port: config.listen.port });
  started.push(async () => {
    stopping.abort();
    // What has begun is answered; what comes now finds no one who listens, and goes to another server.
    void app.server?.stop(false);
    await drain.empty(DRAIN_MS);
    await app.server?.stop(true);
  });

  const local = isAnyAddress(config.listen.host) ? '127.0.0.1' : config.listen.host;
  const url = `https://${local.includes(':') ? `[${local}]` : local}:${config.listen.port}`;
  const kubeconfigPath = join(config.dataDir, 'kubeconfig');
  await writeKubeconfig(kubeconfigPath, {
    server: url,
    caCertificate: authority.caCertificate,
    token: keys.adminToken,
  });
  say(`api: answers at ${url}; kubeconfig in ${kubeconfigPath}`);
  const stopped = Promise.withResolvers<void>();
  return {
    name: 'server',
    url,
    kubeconfigPath,
    authority,
    nodeToken: (nodeName) => tokens.nodeToken(nodeName),
    run: () => Promise.race([stopped.promise, failed.promise]),
    async stop() {
      await stop();
      stopped.resolve();
    },
  };
}

/** The CA for controllers, who approve by what the requester may. */
function clusterCertificates(identityDir: string, { authorizer }: Authorization): ClusterCertificates {
  const signer = new CertificateSigner(identityDir);
  return {
    inspect: (request) => signer.inspect(request),
    sign: (request, options) => signer.sign(request, options),
    mayCreate: ({ username = '', groups = [] }, subresource) =>
      authorizer.authorize(
        { name: username, groups },
        {
          isResourceRequest: true,
          verb: 'create',
          path: '',
          group: 'certificates.k8s.io',
          namespace: '',
          resource: 'certificatesigningrequests',
          name: '',
          subresource,
        },
      ).allowed,
  };
}

async function makeSystemNamespaces(client: Client): Promise<void> {
  for (const name of SYSTEM_NAMESPACES) {
    if (client.get(namespaceKind, '', name) !== undefined) continue;
    try {
      await client.create(namespaceKind, { kind: 'Namespace', apiVersion: 'v1', metadata: { name } });
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'AlreadyExists')) throw error; // another server was first
    }
  }
}

const isAnyAddress = (host: string): boolean => host === '0.0.0.0' || host === '::';
/** One address that others can reach: neither all of them nor loopback, which Endpoints may not hold. */
const isOwnAddress = (host: string): boolean => isIP(host) === 4 && !isAnyAddress(host) && !host.startsWith('127.');

/** Every name by which a client may call this server. */
function certificateHosts(config: ServerConfig, advertised: string): string[] {
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];
  const addresses = ['127.0.0.1', '::1', advertised, addressInRange(config.serviceCIDR, 1)];
  if (!isAnyAddress(config.listen.host)) addresses.push(config.listen.host);
  return [...new Set([...names, 'localhost', ...addresses, ...(config.tlsSan ?? [])])];
}

/** The address `offset` places into a network, e.g. (`10.43.0.0/16`, 10) → `10.43.0.10`. */
const addressInRange = (range: string, offset: number): string => formatAddress(parseRange(range).first + offset);

function once(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= task());
}
