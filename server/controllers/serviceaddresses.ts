import { serviceKind } from '#api/kinds/core/service.ts';
import { type IPAddress, ipAddressKind } from '#api/kinds/networking/ipaddress.ts';
import { type ServiceCIDR, serviceCIDRKind } from '#api/kinds/networking/servicecidr.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { isIP } from '#api/meta/ip.ts';
import { formatTime } from '#api/meta/time.ts';
import type { ControllerContext } from '#server/reconcile/controller-deps.ts';
import { createUnlessThere } from '#server/reconcile/create.ts';
import { endAll, watchEach } from '#server/reconcile/informers.ts';
import { type Controller, DONE, splitKey } from '#server/reconcile/reconciler.ts';
import { writeStatus } from '#server/reconcile/status.ts';

/** The ServiceCIDR of the network that the server was started with. */
const DEFAULT_NAME = 'kubernetes';
const FAMILY = 'ipaddress.kubernetes.io/ip-family';
const MANAGED_BY = 'ipaddress.kubernetes.io/managed-by';
const ALLOCATOR = 'ipallocator.k8s.io';

/**
 * Shows which addresses Services have: an IPAddress each, and the network they come from. Addresses are given out by the allocator, out of
 * its own table: these objects follow the Services (upstream allocates by making them). A key is `address/` and the address, or
 * the name of the ServiceCIDR.
 */
export function serviceAddressesController({ client, clock, config }: ControllerContext): Controller {
  /** Who has an address, as far as is known. */
  const holders = new Map<string, { readonly namespace: string; readonly name: string }>();
  return {
    workers: 1,
    watch(queue) {
      queue.add(DEFAULT_NAME);
      return endAll(
        watchEach(client, serviceKind, ({ metadata, spec }) => {
          const { namespace = '', name = '' } = metadata;
          for (const address of (spec?.clusterIPs ?? []).filter(isIP)) {
            holders.set(address, { namespace, name });
            queue.add(`address/${address}`);
          }
        }),
        watchEach(client, ipAddressKind, ({ metadata }) => {
          if (metadata.labels?.[MANAGED_BY] === ALLOCATOR) queue.add(`address/${metadata.name ?? ''}`);
        }),
        watchEach(client, serviceCIDRKind, ({ metadata }) => {
          if (metadata.name === DEFAULT_NAME) queue.add(DEFAULT_NAME);
        }),
      );
    },
    async reconcile(key) {
      if (key === DEFAULT_NAME) {
        const found = client.get(serviceCIDRKind, '', DEFAULT_NAME);
        if (found === undefined) await createUnlessThere(client, serviceCIDRKind, defaultNetwork(config.serviceCIDR));
        else {
          const now = formatTime(new Date(clock.now()));
          await writeStatus(client, serviceCIDRKind, found, ({ status }) => ready(status, now));
        }
        return DONE;
      }
      const address = splitKey(key).name;
      const holder = holders.get(address);
      const service = holder && client.get(serviceKind, holder.namespace, holder.name);
      const isHeld = service?.spec?.clusterIPs?.includes(address) === true;
      if (!isHeld) holders.delete(address);
      const wanted = holder !== undefined && isHeld ? addressOf(address, holder) : undefined;
      const found = client.get(ipAddressKind, '', address);
      // The parent of an address never changes: another Service's is made anew.
      const isOurs = found?.metadata.labels?.[MANAGED_BY] === ALLOCATOR;
      if (isOurs && !deepEqual(found.spec, wanted?.spec)) await client.delete(ipAddressKind, '', address);
      else if (found !== undefined) return DONE;
      if (wanted !== undefined) await createUnlessThere(client, ipAddressKind, wanted);
      return DONE;
    },
  };
}

const addressOf = (name: string, holder: { readonly namespace: string; readonly name: string }): IPAddress => ({
  kind: 'IPAddress',
  apiVersion: 'networking.k8s.io/v1',
  metadata: { name, labels: { [FAMILY]: name.includes(':') ? 'IPv6' : 'IPv4', [MANAGED_BY]: ALLOCATOR } },
  spec: { parentRef: { resource: 'services', ...holder } },
});

const defaultNetwork = (cidr: string): ServiceCIDR => ({
  kind: 'ServiceCIDR',
  apiVersion: 'networking.k8s.io/v1',
  metadata: { name: DEFAULT_NAME },
  spec: { cidrs: [cidr] },
});

function ready(status: ServiceCIDR['status'], now: string): NonNullable<ServiceCIDR['status']> {
  const conditions = status?.conditions ?? [];
  if (conditions.some(({ type }) => type === 'Ready')) return status ?? {};
  const condition = {
    type: 'Ready',
    status: 'True',
    lastTransitionTime: now,
    reason: '',
    message: 'Kubernetes default Service CIDR is ready',
  };
  return { ...status, conditions: [...conditions, condition] };
}
