import type { Pod } from '#api/kinds/core/pod.ts';
import { labelSelectorMatcher } from '#api/meta/selectors.ts';
import type { PodAffinityTerm } from '#api/podspec/affinity.ts';
import { type FilterPlugin, MAX_SCORE, type ScorePlugin, unresolvable, unschedulable } from '../framework.ts';
import type { NodeInfo, Snapshot } from '../snapshot.ts';

/** A term, ready to be asked about pods. */
interface Term {
  readonly topologyKey: string;
  readonly matches: (pod: Pod) => boolean;
}

/** Topology domains that hold a matching pod, as `key=value`. */
type Domains = Set<string>;

const domainOf = ({ node }: NodeInfo, topologyKey: string): string | undefined => {
  const value = node.metadata.labels?.[topologyKey];
  return value === undefined ? undefined : `${topologyKey}=${value}`;
};

/** A term of `owner`'s affinity: in which namespaces it looks, and for which labels. */
function prepareTerm(term: PodAffinityTerm, owner: Pod, snapshot: Snapshot): Term {
  const labels = labelSelectorMatcher(withLabelKeys(term, owner));
  const inNamespace = labelSelectorMatcher(term.namespaceSelector);
  const none = (term.namespaces ?? []).length === 0 && term.namespaceSelector === undefined;
  const named = new Set(none ? [owner.metadata.namespace ?? ''] : term.namespaces);
  return {
    topologyKey: term.topologyKey,
    matches: (pod) => {
      const namespace = pod.metadata.namespace ?? '';
      if (!labels(pod.metadata.labels)) return false;
      return named.has(namespace) || inNamespace(snapshot.namespaceLabels(namespace) ?? {});
    },
  };
}

function withLabelKeys(term: PodAffinityTerm, owner: Pod): PodAffinityTerm['labelSelector'] {
  const requirement = (operator: string) => (key: string) => {
    const value = owner.metadata.labels?.[key];
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  };
  const more = [
    ...(term.matchLabelKeys ?? []).flatMap(requirement('In')),
    ...(term.mismatchLabelKeys ?? []).flatMap(requirement('NotIn')),
  ];
  if (more.length === 0) return term.labelSelector;
  return { ...term.labelSelector, matchExpressions: [...(term.labelSelector?.matchExpressions ?? []), ...more] };
}

const requiredTerms = (pod: Pod, sort: 'podAffinity' | 'podAntiAffinity', snapshot: Snapshot): Term[] =>
  (pod.spec?.affinity?.[sort]?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map((term) =>
    prepareTerm(term, pod, snapshot),
  );

/** The domains, by the key of each term, of nodes with a pod for which `matches` says yes. */
function domainsWith(terms: readonly Term[], snapshot: Snapshot, matches: (term: Term, pod: Pod) => boolean): Domains {
  const found: Domains = new Set();
  for (const info of snapshot.nodes) {
    for (const { pod } of info.pods.values()) {
      for (const term of terms) {
        const domain = domainOf(info, term.topologyKey);
        if (domain !== undefined && !found.has(domain) && matches(term, pod)) found.add(domain);
      }
    }
  }
  return found;
}

/** The domains that other pods want to have without a pod like this one. */
function forbiddenDomains(pod: Pod, snapshot: Snapshot): Domains {
  const found: Domains = new Set();
  for (const info of snapshot.nodes) {
    for (const other of info.pods.values()) {
      if (!other.hasAffinity) continue;
      for (const term of requiredTerms(other.pod, 'podAntiAffinity', snapshot)) {
        const domain = domainOf(info, term.topologyKey);
        if (domain !== undefined && !found.has(domain) && term.matches(pod)) found.add(domain);
      }
    }
  }
  return found;
}

/** Required pod affinity and anti-affinity, of this pod and of the pods that are there. */
export const interPodAffinity: FilterPlugin = {
  name: 'InterPodAffinity',
  prepare({ pod }, snapshot) {
    const wanted = requiredTerms(pod, 'podAffinity', snapshot);
    const unwanted = requiredTerms(pod, 'podAntiAffinity', snapshot);
    const forbidden = forbiddenDomains(pod, snapshot);
    if (wanted.length === 0 && unwanted.length === 0 && forbidden.size === 0) return undefined;
    const present = domainsWith(wanted, snapshot, (_term, other) => wanted.every((one) => one.matches(other)));
    const avoided = domainsWith(unwanted, snapshot, (term, other) => term.matches(other));
    // The first of a group that wants its own kind beside it must be let in somewhere.
    const first = present.size === 0 && wanted.every((term) => term.matches(pod));
    return (info) => {
      const affine = wanted.every(({ topologyKey }) => {
        const domain = domainOf(info, topologyKey);
        return domain !== undefined && (first || present.has(domain));
      });
      if (!affine) return unresolvable("node(s) didn't match pod affinity rules");
      if (unwanted.some(({ topologyKey }) => avoided.has(domainOf(info, topologyKey) ?? '')))
        return unschedulable("node(s) didn't match pod anti-affinity rules");
      if (isIn(info, forbidden)) return unschedulable("node(s) didn't satisfy existing pods anti-affinity rules");
      return undefined;
    };
  },
};

const isIn = ({ node }: NodeInfo, domains: Domains): boolean =>
  domains.size > 0 && Object.entries(node.metadata.labels ?? {}).some(([key, value]) => domains.has(`${key}=${value}`));

/** Preferred pod affinity and anti-affinity of this pod, and of the pods that are there towards it. */
export const interPodAffinityScore: ScorePlugin = {
  name: 'InterPodAffinity',
  weight: 2,
  prepare({ pod }, feasible, snapshot) {
    const weights = new Map<string, number>();
    const own = weighted(pod, snapshot);
    for (const info of snapshot.nodes) {
      for (const other of info.pods.values()) {
        const add = ({ topologyKey, matches, weight }: Weighted, about: Pod): void => {
          const domain = domainOf(info, topologyKey);
          if (domain !== undefined && matches(about)) weights.set(domain, (weights.get(domain) ?? 0) + weight);
        };
        for (const term of own) add(term, other.pod);
        if (other.hasAffinity) for (const term of weighted(other.pod, snapshot)) add(term, pod);
      }
    }
    if (weights.size === 0) return undefined;
    const raw = (info: NodeInfo): number =>
      Object.entries(info.node.metadata.labels ?? {}).reduce(
        (sum, [key, value]) => sum + (weights.get(`${key}=${value}`) ?? 0),
        0,
      );
    const values = feasible.map(raw);
    const [least, most] = [Math.min(...values), Math.max(...values)];
    return most === least ? undefined : (info) => ((raw(info) - least) * MAX_SCORE) / (most - least);
  },
};

type Weighted = Term & { readonly weight: number };

function weighted(pod: Pod, snapshot: Snapshot): Weighted[] {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  const read = (terms: typeof podAffinity, sign: number): Weighted[] =>
    (terms?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(({ weight, podAffinityTerm }) => ({
      ...prepareTerm(podAffinityTerm, pod, snapshot),
      weight: weight * sign,
    }));
  return [...read(podAffinity, 1), ...read(podAntiAffinity, -1)];
}
