import type { KubeObject } from '#api/kind.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import { type ResourceList, addResourceLists } from '#api/meta/resource-list.ts';
import { hasPodLevelResources, podResourcesWithOverhead } from '#api/podspec/pod-resources.ts';
import { qosClass } from '#api/podspec/qos.ts';
import type { QuotaEvaluator, ScopeRequirement } from './evaluator.ts';

type PodSpec = NonNullable<Pod['spec']>;
type Affinity = NonNullable<NonNullable<PodSpec['affinity']>['podAffinity']>;

const COMPUTE = ['cpu', 'memory', 'ephemeral-storage'];
const NAMES = new Set([
  'count/pods',
  'pods',
  ...COMPUTE.flatMap((name) => [name, `requests.${name}`, `limits.${name}`]),
]);
/** When a quota names one of these, each container has to. */
const MUST_BE_SAID = ['cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'];

/** Pods count by number and by what they request and are limited to, while they run. */
export const podEvaluator: QuotaEvaluator = {
  handles({ operation, subresource, object, old }) {
    if (subresource === 'resize') return operation === 'UPDATE';
    if (subresource !== '') return false;
    return operation === 'CREATE' || (operation === 'UPDATE' && hasDeadline(object) !== hasDeadline(old));
  },
  matching: (names) => names.filter((name) => NAMES.has(name) || isHugePages(name) || isExtendedRequest(name)),
  matchesScope: (scope, object) => matchesScope(scope, object as Pod),
  unsaid(names, object) {
    const { spec } = object as Pod;
    if (spec === undefined || hasPodLevelResources(spec)) return undefined;
    const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
    const missing = MUST_BE_SAID.filter((name) => names.includes(name)).flatMap((name) => {
      const silent = containers
        .filter(({ resources }) => usageOf(resources?.requests ?? {}, resources?.limits ?? {})[name] === undefined)
        .map((container) => container.name);
      return silent.length === 0 ? [] : [`${name} for: ${[...new Set(silent)].sort().join(',')}`];
    });
    return missing.length === 0 ? undefined : `must specify ${missing.sort().join('; ')}`;
  },
  usage(object, nowMs) {
    const pod = object as Pod;
    const counted = { 'count/pods': '1' };
    if (pod.spec === undefined || !isCounted(pod, nowMs)) return counted;
    const requests = podResourcesWithOverhead(pod.spec, 'requests');
    return addResourceLists(counted, usageOf(requests, podResourcesWithOverhead(pod.spec, 'limits')));
  },
};

const isHugePages = (name: string): boolean => name.startsWith('hugepages-') || name.startsWith('requests.hugepages-');
/** Names of somebody's own devices: `example.com/gpu`. */
const isExtended = (name: string): boolean => name.includes('/') && !name.includes('kubernetes.io/');
const isExtendedRequest = (name: string): boolean => name.startsWith('requests.') && isExtended(name);

function usageOf(requests: ResourceList, limits: ResourceList): Record<string, string> {
  const usage: Record<string, string> = { pods: '1' };
  for (const name of COMPUTE) {
    const request = requests[name];
    const limit = limits[name];
    if (request !== undefined) Object.assign(usage, { [name]: request, [`requests.${name}`]: request });
    if (limit !== undefined) usage[`limits.${name}`] = limit;
  }
  for (const [name, amount] of Object.entries(requests)) {
    if (name.startsWith('hugepages-')) usage[name] = amount;
    if (name.startsWith('hugepages-') || isExtended(name)) usage[`requests.${name}`] = amount;
  }
  return usage;
}

/** A pod that is done uses nothing any more, nor does one whose time to end is over. */
export function isCounted({ metadata, status }: Pod, nowMs: number): boolean {
  if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return false;
  const { deletionTimestamp, deletionGracePeriodSeconds } = metadata;
  if (deletionTimestamp === undefined || deletionGracePeriodSeconds === undefined) return true;
  return nowMs <= Date.parse(deletionTimestamp) + deletionGracePeriodSeconds * 1000;
}

const hasDeadline = (object: KubeObject | undefined): boolean =>
  ((object as Pod | undefined)?.spec?.activeDeadlineSeconds ?? -1) >= 0;

function matchesScope({ scopeName, operator, values = [] }: ScopeRequirement, pod: Pod): boolean {
  switch (scopeName) {
    case 'Terminating':
      return hasDeadline(pod);
    case 'NotTerminating':
      return !hasDeadline(pod);
    case 'BestEffort':
      return qosClass(pod.spec) === 'BestEffort';
    case 'NotBestEffort':
      return qosClass(pod.spec) !== 'BestEffort';
    case 'CrossNamespacePodAffinity':
      return looksAcross(pod.spec?.affinity?.podAffinity) || looksAcross(pod.spec?.affinity?.podAntiAffinity);
    case 'PriorityClass':
      return matchesClass(operator, values, pod.spec?.priorityClassName ?? '');
    default:
      return false;
  }
}

function matchesClass(operator: string, values: readonly string[], name: string): boolean {
  if (operator === 'In') return name !== '' && values.includes(name);
  if (operator === 'NotIn') return name === '' || !values.includes(name);
  return operator === 'Exists' ? name !== '' : name === '';
}

/** Does an affinity look at pods of other namespaces. */
function looksAcross(affinity: Affinity | undefined): boolean {
  const terms = [
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ podAffinityTerm }) => podAffinityTerm),
  ];
  return terms.some(
    ({ namespaces = [], namespaceSelector }) => namespaces.length > 0 || namespaceSelector !== undefined,
  );
}
