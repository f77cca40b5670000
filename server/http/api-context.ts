import type { Kind } from '#api/kind.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Authorizer } from '#server/authorization/authorizer.ts';
import type { Rbac } from '#server/authorization/rbac.ts';
import type { Authenticator, TokenIssuer, TokenReviewer } from '#server/identity/identity.ts';
import type { ResourceMetrics } from '#server/nodes/resource-metrics.ts';
import type { Kinds } from '#server/store/kinds.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { Registry, User, WriteContext } from '#server/store/registry.ts';
import type { EventEncoder } from './event-encoder.ts';
import type { Seat } from './flow-control.ts';
import type { HealthCheck } from './health.ts';
import type { ListSnapshots } from './list-snapshots.ts';
import type { ApiMetrics } from './metrics.ts';
import type { Form } from './negotiate.ts';
import type { WriteOptions } from './options.ts';
import type { RequestInfo } from './request-info.ts';
import type { Subresource } from './subresources/subresource.ts';

/** What every request has at hand. */
export interface ApiContext {
  readonly kinds: Kinds;
  readonly registry: Registry;
  readonly store: ObjectStore;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  /** What roles give, for reviews that list rights. */
  readonly rbac: Rbac;
  readonly tokens: TokenIssuer & TokenReviewer;
  /** By resource and name: `pods/log`. */
  readonly subresources: ReadonlyMap<string, Subresource>;
  readonly log: Logger;
  readonly clock: Clock;
  readonly events: EventEncoder;
  readonly metrics: ApiMetrics;
  readonly lists: ListSnapshots;
  /** What nodes and pods use; undefined = nothing is known. */
  readonly resourceMetrics: Pick<ResourceMetrics, 'nodes' | 'pods'> | undefined;
  /** Those of /readyz. */
  readonly checks: readonly HealthCheck[];
  /** Aborts when the server stops: watches end then. */
  readonly stopping: AbortSignal;
}

/** A request on a resource, authenticated and authorized, its kind found. */
export interface ResourceRequest {
  readonly api: ApiContext;
  readonly request: Request;
  readonly url: URL;
  readonly info: RequestInfo;
  readonly kind: Kind;
  readonly user: User;
  readonly form: Form;
  /** Texts for the Warning headers, whatever the outcome. */
  readonly warnings: string[];
  /** Its seat among the requests under way. */
  readonly seat: Seat;
}

/** The program that asks, as it calls itself. */
export const userAgentOf = ({ request }: { readonly request: Request }): string =>
  request.headers.get('user-agent') ?? '';

/** The context of a write by this request. */
export const writeContext = (request: ResourceRequest, options: WriteOptions): WriteContext => ({
  user: request.user,
  userAgent: userAgentOf(request),
  dryRun: options.dryRun,
  fieldManager: options.fieldManager,
  warnings: request.warnings,
});
