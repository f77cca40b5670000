import { type KubeObject, resourceOf } from '#api/kind.ts';
import { SYSTEM_PRIORITY_CLASSES } from '#api/kinds/scheduling/priorityclass.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { forbiddenError } from '#api/meta/status.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import { createdPod } from './pod-request.ts';

/** What a PriorityClass says. */
interface PriorityClass extends KubeObject {
  readonly value?: number;
  readonly globalDefault?: boolean;
  readonly preemptionPolicy?: string;
}

const RESOURCE = 'priorityclasses.scheduling.k8s.io';
const PREEMPTS = 'PreemptLowerPriority';

/** Puts the number behind a pod's priority class into its spec, and lets only one class be everybody's. */
export class PriorityAdmission implements AdmissionPlugin {
  readonly name = 'Priority';
  readonly #store: Pick<ObjectStore, 'get' | 'list'>;

  constructor(store: Pick<ObjectStore, 'get' | 'list'>) {
    this.#store = store;
  }

  mutate(request: AdmissionRequest): void {
    if (request.kind.group === '' && request.kind.plural === 'pods' && request.operation === 'UPDATE')
      return keepPriority(request);
    const spec = createdPod(request)?.spec;
    if (spec === undefined) return;
    const refuse = (why: string): Error => forbiddenError(request.kind, request.name, why);
    const found = this.#class(spec.priorityClassName ?? '');
    if (found === undefined) throw refuse(`no PriorityClass with name ${spec.priorityClassName ?? ''} was found`);
    const { name, value, policy } = found;
    const from = 'priority admission controller computed';
    if (spec.priority !== undefined && spec.priority !== value)
      throw refuse(
        `the integer value of priority (${spec.priority}) must not be provided in pod spec; ${from} ${value} from the given PriorityClass name`,
      );
    if (spec.preemptionPolicy !== undefined && spec.preemptionPolicy !== policy)
      throw refuse(
        `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; ${from} ${policy} from the given PriorityClass name`,
      );
    if (name !== '') spec.priorityClassName = name;
    spec.priority = value;
    spec.preemptionPolicy = policy;
  }

  validate({ kind, operation, subresource, object, name: deleted }: AdmissionRequest): void {
    if (
      operation === 'DELETE' &&
      resourceOf(kind) === RESOURCE &&
      SYSTEM_PRIORITY_CLASSES.some(({ name }) => name === deleted)
    )
      throw forbiddenError(kind, deleted, 'this is a system priority class and cannot be deleted');
    const isWrite = operation === 'CREATE' || operation === 'UPDATE';
    if (!isWrite || subresource !== '' || resourceOf(kind) !== RESOURCE) return;
    const { metadata, globalDefault } = object as PriorityClass;
    const before = globalDefault === true ? this.#default()?.metadata.name : undefined;
    if (before === undefined || (operation === 'UPDATE' && before === metadata.name)) return;
    throw forbiddenError(
      kind,
      metadata.name ?? '',
      `PriorityClass ${before} is already marked as default. Only one default can exist`,
    );
  }

  #class(name: string): { readonly name: string; readonly value: number; readonly policy: string } | undefined {
    const system = SYSTEM_PRIORITY_CLASSES.find((one) => one.name === name);
    if (system !== undefined) return { name, value: system.value, policy: PREEMPTS };
    const stored = name === '' ? this.#default() : this.#store.get(RESOURCE, '', name)?.object;
    if (stored === undefined) return name === '' ? { name, value: 0, policy: PREEMPTS } : undefined;
    const { metadata, value = 0, preemptionPolicy = PREEMPTS } = stored as PriorityClass;
    return { name: metadata.name ?? '', value, policy: preemptionPolicy };
  }

  /** Two servers may each have let one through: then it is the lower one. */
  #default(): PriorityClass | undefined {
    const classes = this.#store.list(RESOURCE).map(({ object }) => object as PriorityClass);
    return classes
      .filter((one) => one.globalDefault === true)
      .reduce<PriorityClass | undefined>(
        (least, one) => (least === undefined || (one.value ?? 0) < (least.value ?? 0) ? one : least),
        undefined,
      );
  }
}

/** An update that leaves out what was computed means no change. */
function keepPriority({ subresource, object, old }: AdmissionRequest): void {
  if (subresource !== '') return;
  const spec = (object as Pod).spec;
  const before = (old as Pod).spec;
  if (spec === undefined) return;
  if (spec.priority === undefined && before?.priority !== undefined) spec.priority = before.priority;
  if (spec.preemptionPolicy === undefined && before?.preemptionPolicy !== undefined)
    spec.preemptionPolicy = before.preemptionPolicy;
}
