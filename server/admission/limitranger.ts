import type { KubeObject } from '#api/kind.ts';
import type { PersistentVolumeClaimSpec } from '#api/podspec/volume.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { forbiddenError } from '#api/meta/status.ts';
import { podResources } from '#api/podspec/pod-resources.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import { aggregate } from './aggregate.ts';
import type { AdmissionPlugin } from './chain.ts';
import { type LimitRange, type LimitRangeItem, limitFaults, requestFaults } from './limitranger/constraints.ts';

const RESOURCE = 'limitranges';
/** Tells what was filled in. */
const ANNOTATION = 'kubernetes.io/limit-ranger';

type PodSpec = NonNullable<Pod['spec']>;
type Container = NonNullable<PodSpec['containers']>[number];
type Claim = KubeObject & { readonly spec?: PersistentVolumeClaimSpec };

/** Fills in a pod's resources from the namespace's LimitRanges, and refuses pods and claims beyond their bounds. */
export class LimitRanger implements AdmissionPlugin {
  readonly name = 'LimitRanger';
  readonly #store: Pick<ObjectStore, 'list'>;

  constructor(store: Pick<ObjectStore, 'list'>) {
    this.#store = store;
  }

  mutate(request: AdmissionRequest): void {
    if (concerned(request) !== 'pods') return;
    for (const { spec } of this.#ranges(request)) fillIn(request.object as Pod, spec?.limits ?? []);
  }

  validate(request: AdmissionRequest): void {
    const what = concerned(request);
    if (what === undefined) return;
    for (const { spec } of this.#ranges(request)) {
      const items = spec?.limits ?? [];
      const faults =
        what === 'pods' ? podFaults(request.object as Pod, items) : claimFaults(request.object as Claim, items);
      if (faults.length > 0) throw forbiddenError(request.kind, request.name, aggregate(faults));
    }
  }

  #ranges({ namespace }: AdmissionRequest): LimitRange[] {
    return this.#store.list(RESOURCE, namespace).map(({ object }) => object as LimitRange);
  }
}

/** Pods when they are made or resized, claims when they are made or changed; nothing that is on its way out. */
function concerned({ kind, operation, subresource, object, old }: AdmissionRequest): 'pods' | 'claims' | undefined {
  if (kind.group !== '' || object === undefined || old?.metadata.deletionTimestamp !== undefined) return undefined;
  if (kind.plural === 'persistentvolumeclaims') return subresource === '' ? 'claims' : undefined;
  if (kind.plural !== 'pods') return undefined;
  return operation === 'CREATE'
    ? subresource === ''
      ? 'pods'
      : undefined
    : subresource === 'resize'
      ? 'pods'
      : undefined;
}

function fillIn(pod: Pod, items: readonly LimitRangeItem[]): void {
  const limits: Record<string, string> = {};
  const requests: Record<string, string> = {};
  for (const item of items) {
    if (item.type !== 'Container') continue;
    Object.assign(limits, item.default);
    Object.assign(requests, item.defaultRequest);
  }
  const notes = [
    ...(pod.spec?.containers ?? []).flatMap((one) => fillContainer(one, limits, requests, 'container')),
    ...(pod.spec?.initContainers ?? []).flatMap((one) => fillContainer(one, limits, requests, 'init container')),
  ];
  if (notes.length === 0) return;
  pod.metadata.annotations = {
    ...pod.metadata.annotations,
    [ANNOTATION]: `LimitRanger plugin set: ${notes.join('; ')}`,
  };
}

function fillContainer(
  container: Container,
  limits: Readonly<Record<string, string>>,
  requests: Readonly<Record<string, string>>,
  what: string,
): string[] {
  const missing = (side: 'limits' | 'requests', defaults: Readonly<Record<string, string>>): string[] => {
    const has = container.resources?.[side] ?? {};
    const names = Object.keys(defaults).filter((name) => has[name] === undefined);
    if (names.length === 0) return [];
    const added = Object.fromEntries(names.map((name) => [name, defaults[name] ?? '0']));
    container.resources = { ...container.resources, [side]: { ...has, ...added } };
    return [`${names.sort().join(', ')} ${side.slice(0, -1)} for ${what} ${container.name}`];
  };
  const notes = missing('limits', limits);
  return [...missing('requests', requests), ...notes];
}

function podFaults({ spec }: Pod, items: readonly LimitRangeItem[]): string[] {
  if (spec === undefined) return [];
  const containers: Container[] = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  return items.flatMap((item) => {
    if (item.type === 'Pod')
      return limitFaults(item, { requests: podResources(spec, 'requests'), limits: podResources(spec, 'limits') });
    if (item.type !== 'Container') return [];
    return containers.flatMap(({ resources }) =>
      limitFaults(item, { requests: resources?.requests ?? {}, limits: resources?.limits ?? {} }),
    );
  });
}

const claimFaults = ({ spec }: Claim, items: readonly LimitRangeItem[]): string[] =>
  items
    .filter(({ type }) => type === 'PersistentVolumeClaim')
    .flatMap((item) => requestFaults(item, spec?.resources?.requests ?? {}));
