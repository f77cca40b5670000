import { type KubeObject, resourceOf } from '#api/kind.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { forbiddenError, invalidError } from '#api/meta/status.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import { podTemplateOf } from './podsecurity/pod-template.ts';
import { printDetails, printReasons, violations } from './podsecurity/evaluate.ts';
import type { CheckedPod } from './podsecurity/check.ts';
import { type LevelVersion, compareLevels, policyOf, printLevel, sameLevel } from './podsecurity/policy.ts';

/** Of a namespace's pods so many are looked at when its level changes (upstream: defaultNamespaceMaxPodsToCheck). */
const MAX_PODS = 3000;

/** Keeps pods to the Pod Security Standards that their namespace's labels name, and warns of templates that break them. */
export class PodSecurity implements AdmissionPlugin {
  readonly name = 'PodSecurity';
  readonly #store: Pick<ObjectStore, 'get' | 'list'>;

  constructor(store: Pick<ObjectStore, 'get' | 'list'>) {
    this.#store = store;
  }

  validate(request: AdmissionRequest): void {
    const { kind, operation, object } = request;
    if (object === undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
    const resource = resourceOf(kind);
    if (resource === 'namespaces') this.#validateNamespace(request, object);
    else if (resource === 'pods') this.#validatePod(request, object as Pod);
    else this.#warnOfTemplate(request, object);
  }

  #validateNamespace({ kind, operation, subresource, object, old, context }: AdmissionRequest, next: KubeObject): void {
    if (subresource !== '' || object === undefined) return;
    const { policy, faults } = policyOf(next.metadata.labels);
    const before = policyOf(old?.metadata.labels);
    const isNew = operation === 'CREATE' || !Bun.deepEquals(faults, before.faults);
    if (faults.length > 0 && isNew) throw invalidError(kind.group, kind.kind, next.metadata.name ?? '', faults);
    if (operation === 'CREATE') return;
    const { enforce } = policy;
    const was = before.policy.enforce;
    if (sameLevel(enforce, was) || enforce.level === 'privileged') return;
    if (enforce.minor === was.minor && compareLevels(enforce.level, was.level) < 1) return;
    context.warnings.push(...this.#warningsOf(next.metadata.name ?? '', enforce));
  }

  #validatePod({ kind, operation, subresource, namespace, name, old, context }: AdmissionRequest, pod: Pod): void {
    if (!['', 'ephemeralcontainers', 'resize'].includes(subresource) || pod.spec === undefined) return;
    const { policy } = this.#policy(namespace);
    const { enforce, warn } = policy;
    if (enforce.level === 'privileged' && warn.level === 'privileged') return;
    if (operation === 'UPDATE' && !hasNewImage(pod, old as Pod)) return;
    const checked: CheckedPod = { metadata: pod.metadata, spec: pod.spec };
    const found = violations(enforce, checked);
    if (found.length > 0)
      throw forbiddenError(kind, name, `violates PodSecurity "${printLevel(enforce)}": ${printDetails(found)}`);
    warnOf(context.warnings, warn, checked);
  }

  #warnOfTemplate({ kind, subresource, namespace, context }: AdmissionRequest, object: KubeObject): void {
    if (subresource !== '') return;
    const template = podTemplateOf(resourceOf(kind), object);
    if (template === undefined) return;
    warnOf(context.warnings, this.#policy(namespace).policy.warn, template);
  }

  #policy(namespace: string): ReturnType<typeof policyOf> {
    return policyOf(this.#store.get('namespaces', '', namespace)?.object.metadata.labels);
  }

  /** What pods that are there already would violate. */
  #warningsOf(namespace: string, enforce: LevelVersion): string[] {
    const pods = replicasLast(this.#store.list('pods', namespace).map(({ object }) => object as Pod));
    const byReason = new Map<string, string[]>();
    for (const { metadata, spec } of pods.slice(0, MAX_PODS)) {
      const found = spec === undefined ? [] : violations(enforce, { metadata, spec });
      if (found.length === 0) continue;
      const reason = printReasons(found);
      byReason.set(reason, [...(byReason.get(reason) ?? []), metadata.name ?? '']);
    }
    const lines = [...byReason].map(([reason, names]) => {
      const [first = '', ...more] = names.sort();
      const others = more.length === 0 ? '' : ` (and ${more.length} other pod${more.length === 1 ? '' : 's'})`;
      return `${first}${others}: ${reason}`;
    });
    const level = printLevel(enforce);
    return [
      ...(pods.length > MAX_PODS
        ? [`new PodSecurity enforce level only checked against the first ${MAX_PODS} of ${pods.length} existing pods`]
        : []),
      ...(lines.length > 0
        ? [`existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${level}"`]
        : []),
      ...lines.sort(),
    ];
  }
}

function warnOf(warnings: string[], level: LevelVersion, pod: CheckedPod): void {
  const found = violations(level, pod);
  if (found.length > 0) warnings.push(`would violate PodSecurity "${printLevel(level)}": ${printDetails(found)}`);
}

/** One pod of each controller before the others of it. */
function replicasLast(pods: readonly Pod[]): Pod[] {
  const seen = new Set<string>();
  const first: Pod[] = [];
  const more: Pod[] = [];
  for (const pod of pods) {
    const owner = (pod.metadata.ownerReferences ?? []).find(({ controller }) => controller === true)?.uid;
    (owner === undefined || !seen.has(owner) ? first : more).push(pod);
    if (owner !== undefined) seen.add(owner);
  }
  return [...first, ...more];
}

/** Only another container or image is judged anew; all else of a pod that is against its level stays. */
function hasNewImage({ spec }: Pod, { spec: old }: Pod): boolean {
  const differ = (
    now: readonly { readonly image?: string }[] = [],
    then: readonly { readonly image?: string }[] = [],
  ): boolean => now.length !== then.length || now.some(({ image }, index) => image !== then[index]?.image);
  const { ephemeralContainers: before = [] } = old ?? {};
  return (
    differ(spec?.containers, old?.containers) ||
    differ(spec?.initContainers, old?.initContainers) ||
    (spec?.ephemeralContainers ?? []).some(
      ({ name, image }) =>
        before.find((one) => one.name === name)?.image !== image || !before.some((one) => one.name === name),
    )
  );
}
