import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BUILT_IN_KINDS } from '#api/kinds/index.ts';
import { configMapKind } from '#api/kinds/core/configmap.ts';
import { namespaceKind } from '#api/kinds/core/namespace.ts';
import { serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import type { Logger } from '#base/logger.ts';
import { Metrics } from '#base/metrics.ts';
import { AllocationTable } from '#db/allocations.ts';
import type { Database } from '#db/connect.ts';
import { AdmissionChain } from '#server/admission/chain.ts';
import { admissionPlugins } from '#server/admission/index.ts';
import { Authorization } from '#server/authorization/authorization.ts';
import { ensureDefaultRoles } from '#server/authorization/defaults/ensure-defaults.ts';
import { Aggregation } from '#server/http/aggregation.ts';
import { createApi } from '#server/http/api.ts';
import { serverChecks } from '#server/http/server-checks.ts';
import { DEFAULT_LIMITS, type InFlightLimits } from '#server/http/flow-control.ts';
import type { Subresource } from '#server/http/subresources/subresource.ts';
import { loadAuthority } from '#server/identity/authority.ts';
import { Tokens, loadTokenKeys } from '#server/identity/tokens.ts';
import type { Dialer } from '#server/proxy/dialer.ts';
import type { Client } from '#server/store/client.ts';
import { Kinds } from '#server/store/kinds.ts';
import { ServiceAllocator } from '#server/store/service-allocator.ts';
import { createDialer } from '#server/proxy/dialer.ts';
import { createWebhookClient } from '#server/proxy/webhook-client.ts';
import { createClient } from '#server/store/store-client.ts';
import { StoreRegistry } from '#server/store/store-registry.ts';
import { type DatabaseStore, openStore } from '#server/store/store.ts';
import { observeStore } from '#server/store/store-metrics.ts';
import { openTestDatabase, silentLog } from './database.ts';

/** What a test may choose. */
export interface ApiServerOptions {
  /** Beyond those of the store. */
  readonly subresources?: readonly Subresource[];
  readonly log?: Logger;
  /** Reaches aggregated APIs; without it there are none. */
  readonly dialer?: Pick<Dialer, 'service'>;
  /** Default: one of its own on the Postgres that test files share. It is closed by `stop`. */
  readonly database?: Database;
  /** Listen with TLS on this port of loopback (0 = any); without it the app is only driven by `call`. */
  readonly port?: number;
  /** Make the roles and bindings that a cluster has from the start. Default: there are none, so only masters may do anything. */
  readonly defaultRoles?: boolean;
  readonly limits?: InFlightLimits;
}

/** An API server over a database of its own, without controllers, scheduler or nodes. */
export interface ApiServer {
  readonly client: Client;
  readonly store: DatabaseStore;
  readonly database: Database;
  readonly registry: StoreRegistry;
  readonly kinds: Kinds;
  readonly adminToken: string;
  /** `https://127.0.0.1:PORT`; empty when it does not listen. */
  readonly url: string;
  readonly caCertificate: string;
  /** A request as the admin, through the app without a socket. A body that is no string or bytes goes as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Response>;
  stop(): Promise<void>;
}

/**
 * Starts the API with everything that a request goes through: kinds, admission, registry, store, embedded Postgres. The namespaces `default`
 * and `kube-system` are there, and each new namespace gets its default service account and `kube-root-ca.crt` at once. Stop it in `afterAll`.
 */
export async function startApiServer({
  subresources = [],
  log = silentLog,
  dialer,
  port,
  database: given,
  defaultRoles = false,
  limits = DEFAULT_LIMITS,
}: ApiServerOptions = {}): Promise<ApiServer> {
  const database = given ?? (await openTestDatabase());
  const directory = await mkdtemp(join(tmpdir(), 'skep-api-'));
  const store = await openStore({ database, log });
  const running = store.run();
  const table = new AllocationTable(database.orm);
  const services = new ServiceAllocator({ store, table, serviceCidr: '10.43.0.0/16' });
  const authorization = new Authorization();
  const kinds = new Kinds(BUILT_IN_KINDS);
  const nodes = { find: () => Promise.reject(new Error('there are no nodes')) };
  const webhooks = createWebhookClient(createDialer({ client: () => client, nodes }));
  const outside = { kinds, webhooks, authorizer: authorization.authorizer };
  const admission = new AdmissionChain([...admissionPlugins(store, { outside }), ...authorization.plugins]);
  const kindOf = (apiVersion: string, name: string) => kinds.ofObject(apiVersion, name);
  const registry = new StoreRegistry({ store, admission, allocators: { services }, kindOf });
  const client = createClient(registry, store);
  const keys = await loadTokenKeys(directory);
  const tokens = new Tokens(keys, client);
  const authority = await loadAuthority(directory, ['127.0.0.1', 'localhost']);
  const stopping = new AbortController();
  const metrics = new Metrics();
  observeStore(metrics, store);
  const app = createApi({
    ...(dialer === undefined ? {} : { aggregation: new Aggregation({ client, dialer, log }) }),
    kinds,
    registry,
    store,
    authenticator: tokens,
    authorization,
    tokens,
    log,
    subresources,
    serverAddress: '127.0.0.1:6443',
    caCertificate: authority.caCertificate,
    tls: { cert: authority.servingCertificate, key: authority.servingKey },
    stopping: stopping.signal,
    limits,
    metrics,
    checks: serverChecks({ store, roles: [], stopping: stopping.signal }),
  });
  const endFurnishing = furnishNamespaces(client, authority.caCertificate);
  // There already, when it is another server of its database.
  for (const name of [...NAMESPACES, ...(defaultRoles ? ['kube-public'] : [])].filter(
    (one) => client.get(namespaceKind, '', one) === undefined,
  ))
    await client.create(namespaceKind, { kind: 'Namespace', apiVersion: 'v1', metadata: { name } });
  if (defaultRoles) await ensureDefaultRoles(client);
  authorization.start(client);
  if (port !== undefined) app.listen({ port, hostname: '127.0.0.1' });

  return {
    client,
    store,
    database,
    registry,
    kinds,
    adminToken: keys.adminToken,
    url: app.server === null ? '' : `https://127.0.0.1:${app.server.port}`,
    caCertificate: authority.caCertificate,
    call(method, path, body, headers = {}) {
      const json = body !== undefined && typeof body !== 'string' && !(body instanceof Uint8Array);
      return app.handle(
        new Request(`http://localhost${path}`, {
          method,
          headers: {
            authorization: `Bearer ${keys.adminToken}`,
            ...(json ? { 'content-type': 'application/json' } : {}),
            ...headers,
          },
          ...(body === undefined
            ? {}
            : { body: json ? JSON.stringify(body) : (body as string | Uint8Array<ArrayBuffer>) }),
        }),
      );
    },
    async stop() {
      stopping.abort();
      endFurnishing();
      authorization.stop();
      await app.server?.stop(true);
      services.stop();
      await store.stop();
      await running;
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

const NAMESPACES = ['default', 'kube-system'];

/** Upstream: rootcacertpublisher. */
const CA_ANNOTATIONS = {
  'kubernetes.io/description':
    'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.',
};

/** Stands in for the controllers that give each namespace its default service account and the CA. */
const furnishNamespaces = (client: Client, caCertificate: string): (() => void) =>
  client.watch(namespaceKind, {
    added({ metadata: { name: namespace = '' } }) {
      const account = { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: 'default', namespace } };
      const ca = {
        kind: 'ConfigMap',
        apiVersion: 'v1',
        metadata: { name: 'kube-root-ca.crt', namespace, annotations: CA_ANNOTATIONS },
      };
      // A namespace that went at once takes them no more.
      client.create(serviceAccountKind, account).catch(() => undefined);
      client.create(configMapKind, { ...ca, data: { 'ca.crt': caCertificate } }).catch(() => undefined);
    },
    modified: () => undefined,
    deleted: () => undefined,
  });
