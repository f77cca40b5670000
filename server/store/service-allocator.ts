import type { KubeObject } from '#api/kind.ts';
import { needsClusterIP, needsHealthCheckNodePort, needsNodePorts } from '#api/kinds/core/service-allocation.ts';
import { type Service, serviceKind } from '#api/kinds/core/service.ts';
import { type FieldError, invalid } from '#api/meta/field-error.ts';
import { StatusError, invalidError } from '#api/meta/status.ts';
import type { AllocationScope, AllocationTable, Holder } from '#db/allocations.ts';
import { conditionOf } from '#db/errors.ts';
import { type AddressRange, formatAddress, parseAddress, parseRange } from './address-range.ts';
import { type Allocation, type Allocator, NO_ALLOCATION } from './allocator.ts';
import type { ObjectStore } from './object-store.ts';

/** Node ports, as in upstream's default. */
const PORTS = { first: 30_000, last: 32_767 } as const;
/** A row whose holder is no Service (its create failed half-way, or its server died) is free after this long. */
const ABANDONED_SECONDS = 60;
/** What a dry run shows in place of a node port (apiserver: portallocator). */
const FIRST_DRY_RUN_PORT = 32_769;

/** What the allocator needs. */
export interface ServiceAllocatorOptions {
  readonly store: ObjectStore;
  readonly table: Pick<AllocationTable, 'take' | 'release'>;
  /** E.g. `10.43.0.0/16`. */
  readonly serviceCidr: string;
  /** Addresses that only their own Service asks for, by offset in the range; default 1 (kubernetes) and 10 (DNS). */
  readonly reservedOffsets?: readonly number[];
}

/** Who holds what, of one scope. */
type Held = Map<string, string>;

/**
 * Gives Services their cluster IPs and node ports. What is given out is known from the Services in memory, so it survives anything; the unique
 * table keeps two servers from giving out the same at once.
 */
export class ServiceAllocator implements Allocator {
  readonly #options: ServiceAllocatorOptions;
  readonly #range: AddressRange;
  readonly #reserved: ReadonlySet<string>;
  readonly #held: Readonly<Record<AllocationScope, Held>> = { clusterip: new Map(), nodeport: new Map() };
  readonly #services = new Set<string>();
  readonly #unsubscribe: () => void;
  /** Rows that are being given back. */
  #releases: Promise<unknown> = Promise.resolve();

  constructor(options: ServiceAllocatorOptions) {
    this.#options = options;
    this.#range = parseRange(options.serviceCidr);
    const offsets = options.reservedOffsets ?? [1, 10];
    this.#reserved = new Set(offsets.map((offset) => formatAddress(this.#range.first + offset)));
    const { store } = options;
    for (const { object } of store.list('services')) this.#note(object as Service, undefined);
    this.#unsubscribe = store.subscribe('services', store.revision(), {
      event: ({ type, stored, previous }) => {
        const old = previous?.object as Service | undefined;
        if (type === 'DELETED') this.#forget(stored.object as Service);
        else this.#note(stored.object as Service, old);
      },
    });
  }

  /** Ends the watch on Services. */
  stop(): void {
    this.#unsubscribe();
  }

  async allocate(object: KubeObject, old: KubeObject | undefined, dryRun: boolean): Promise<Allocation> {
    const service = object as Service;
    if (service.spec === undefined) return NO_ALLOCATION;
    const taken = new Taken(service.metadata.uid ?? '', this.#options.table, this.#held);
    try {
      await this.#allocateAddress(service, old as Service | undefined, dryRun, taken);
      await this.#allocatePorts(service, old as Service | undefined, dryRun, taken);
    } catch (error) {
      await taken.undo();
      throw error;
    }
    return { done: () => undefined, undo: () => taken.undo() };
  }

  async #allocateAddress(service: Service, old: Service | undefined, dryRun: boolean, taken: Taken): Promise<void> {
    const { spec } = service;
    if (spec === undefined || !needsClusterIP(spec)) return;
    const wanted = spec.clusterIP ?? spec.clusterIPs?.[0] ?? '';
    if (wanted === 'None') return;
    if (wanted !== '' && wanted === old?.spec?.clusterIP) return;
    const address =
      wanted === '' ? await this.#freeAddress(dryRun, taken) : await this.#thisAddress(service, wanted, dryRun, taken);
    spec.clusterIP = address;
    spec.clusterIPs = [address];
  }

  async #thisAddress(service: Service, wanted: string, dryRun: boolean, taken: Taken): Promise<string> {
    const refuse = (why: string): Error =>
      fault(service, {
        ...invalid('spec.clusterIPs', '', ''),
        detail: `Invalid value: []string{${JSON.stringify(wanted)}}: failed to allocate IP ${wanted}: ${why}`,
      });
    const offset = (parseAddress(wanted) ?? -1) - this.#range.first;
    if (offset <= 0 || offset >= this.#range.size - 1)
      throw refuse(
        `the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${this.#range.text}`,
      );
    const isFree = dryRun ? !this.#held.clusterip.has(wanted) : await this.#take('clusterip', wanted, taken);
    if (!isFree) throw refuse('provided IP is already allocated');
    return wanted;
  }

  async #freeAddress(dryRun: boolean, taken: Taken): Promise<string> {
    const usable = this.#range.size - 2;
    const start = Math.floor(Math.random() * usable);
    for (let step = 0; step < usable; step++) {
      const address = formatAddress(this.#range.first + 1 + ((start + step) % usable));
      if (this.#reserved.has(address) || this.#held.clusterip.has(address)) continue;
      if (dryRun || (await this.#take('clusterip', address, taken))) return address;
    }
    throw new Error(`Cannot allocate a ClusterIP: ${this.#range.text} has 0 free of ${usable}`);
  }

  async #allocatePorts(service: Service, old: Service | undefined, dryRun: boolean, taken: Taken): Promise<void> {
    const { spec } = service;
    if (spec === undefined || !needsNodePorts(spec)) return;
    const had = new Set(portsOf(old).map(String));
    let shown = FIRST_DRY_RUN_PORT;
    const own = new Map<number, string>();
    for (const [index, port] of (spec.ports ?? []).entries()) {
      const wanted = port.nodePort ?? 0;
      if (wanted === 0) port.nodePort = dryRun ? shown++ : await this.#freePort(taken);
      // One number may serve one Service over several protocols.
      else if (!dryRun && !had.has(String(wanted)) && (own.get(wanted) ?? port.protocol) === port.protocol)
        await this.#thisPort(service, `spec.ports[${index}].nodePort`, wanted, taken);
      own.set(port.nodePort ?? 0, port.protocol ?? 'TCP');
    }
    if (!needsHealthCheckNodePort(spec)) return;
    const wanted = spec.healthCheckNodePort ?? 0;
    if (wanted === 0) spec.healthCheckNodePort = dryRun ? shown : await this.#freePort(taken);
    else if (!dryRun && !had.has(String(wanted)))
      await this.#thisPort(service, 'spec.healthCheckNodePort', wanted, taken);
  }

  async #thisPort(service: Service, field: string, port: number, taken: Taken): Promise<void> {
    if (port < PORTS.first || port > PORTS.last) {
      const why = `provided port is not in the valid range. The range of valid ports is ${PORTS.first}-${PORTS.last}`;
      throw fault(service, invalid(field, port, why));
    }
    if (!(await this.#take('nodeport', String(port), taken)))
      throw fault(service, invalid(field, port, 'provided port is already allocated'));
  }

  async #freePort(taken: Taken): Promise<number> {
    const size = PORTS.last - PORTS.first + 1;
    const start = Math.floor(Math.random() * size);
    for (let step = 0; step < size; step++) {
      const port = PORTS.first + ((start + step) % size);
      if (!this.#held.nodeport.has(String(port)) && (await this.#take('nodeport', String(port), taken))) return port;
    }
    throw new Error(`Cannot allocate a node port: ${PORTS.first}-${PORTS.last} has 0 free of ${size}`);
  }

  async #take(scope: AllocationScope, value: string, taken: Taken): Promise<boolean> {
    if (this.#held[scope].has(value)) return false;
    // Held at once, so that a second request meanwhile looks elsewhere.
    this.#held[scope].set(value, taken.holder);
    const { table } = this.#options;
    let owner = await this.#ask(scope, value, taken);
    if (owner.holder !== taken.holder) {
      await this.#releases;
      owner = await table.take(scope, value, taken.holder);
    }
    if (owner.holder !== taken.holder && owner.ageSeconds > ABANDONED_SECONDS && !this.#services.has(owner.holder)) {
      await table.release(owner.holder, [value]);
      owner = await table.take(scope, value, taken.holder);
    }
    if (owner.holder === taken.holder) taken.add(scope, value);
    else this.#held[scope].delete(value);
    return owner.holder === taken.holder;
  }

  /** The first question of a request to the database, which may be away. */
  async #ask(scope: AllocationScope, value: string, taken: Taken): Promise<Holder> {
    try {
      return await this.#options.table.take(scope, value, taken.holder);
    } catch (error) {
      this.#held[scope].delete(value);
      if (conditionOf(error) === 'other') throw error;
      throw Object.assign(
        new StatusError('ServiceUnavailable', 'Cannot allocate: the database does not answer; try again', {
          retryAfterSeconds: 1,
        }),
        { cause: error },
      );
    }
  }

  #note(service: Service, old: Service | undefined): void {
    const uid = service.metadata.uid ?? '';
    this.#services.add(uid);
    const now = values(service);
    for (const [scope, value] of now) this.#held[scope].set(value, uid);
    const dropped =
      old === undefined
        ? []
        : values(old).filter(([scope, value]) => !now.some(([s, v]) => s === scope && v === value));
    this.#release(uid, dropped);
  }

  #forget(service: Service): void {
    const uid = service.metadata.uid ?? '';
    this.#services.delete(uid);
    this.#release(uid, values(service));
  }

  /** The row of the table may stay a while when the database is away: it is then abandoned, and free later. */
  #release(uid: string, dropped: readonly (readonly [AllocationScope, string])[]): void {
    for (const [scope, value] of dropped) if (this.#held[scope].get(value) === uid) this.#held[scope].delete(value);
    if (dropped.length === 0) return;
    const gone = this.#options.table
      .release(
        uid,
        dropped.map(([, value]) => value),
      )
      .catch(() => undefined);
    this.#releases = Promise.all([this.#releases, gone]);
  }
}

/** What one request has taken so far. */
class Taken {
  readonly holder: string;
  readonly #table: Pick<AllocationTable, 'release'>;
  readonly #held: Readonly<Record<AllocationScope, Held>>;
  readonly #values: [AllocationScope, string][] = [];

  constructor(holder: string, table: Pick<AllocationTable, 'release'>, held: Readonly<Record<AllocationScope, Held>>) {
    this.holder = holder;
    this.#table = table;
    this.#held = held;
  }

  add(scope: AllocationScope, value: string): void {
    this.#values.push([scope, value]);
  }

  async undo(): Promise<void> {
    for (const [scope, value] of this.#values) this.#held[scope].delete(value);
    await this.#table
      .release(
        this.holder,
        this.#values.map(([, value]) => value),
      )
      .catch(() => undefined);
  }
}

const fault = (service: Service, error: FieldError): Error =>
  invalidError(serviceKind.group, serviceKind.kind, service.metadata.name ?? '', [error]);

const portsOf = (service: Service | undefined): number[] =>
  [...(service?.spec?.ports ?? []).map((port) => port.nodePort ?? 0), service?.spec?.healthCheckNodePort ?? 0].filter(
    (port) => port !== 0,
  );

function values(service: Service): [AllocationScope, string][] {
  const address = service.spec?.clusterIP ?? '';
  return [
    ...(address === '' || address === 'None' ? [] : [['clusterip', address] as [AllocationScope, string]]),
    ...portsOf(service).map((port): [AllocationScope, string] => ['nodeport', String(port)]),
  ];
}
