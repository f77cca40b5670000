import type { KubeObject } from '#api/kind.ts';
import { addResourceLists, maskResourceList } from '#api/meta/resource-list.ts';
import { claimEvaluator } from './claims.ts';
import { type Quota, type QuotaEvaluator, isInScope, objectCount, scopesOf } from './evaluator.ts';
import { podEvaluator } from './pods.ts';
import { serviceEvaluator } from './services.ts';

const COUNT = 'count/';

/** Resources that count for more than their number, or under another name too. */
const SPECIAL: ReadonlyMap<string, QuotaEvaluator> = new Map([
  ['pods', podEvaluator],
  ['services', serviceEvaluator],
  ['persistentvolumeclaims', claimEvaluator],
  ...['configmaps', 'resourcequotas', 'replicationcontrollers', 'secrets'].map((resource): [string, QuotaEvaluator] => [
    resource,
    objectCount(resource, resource),
  ]),
]);

/** How objects of a resource (`pods`, `deployments.apps`) count; undefined for Events, which no quota counts. */
export const evaluatorOf = (resource: string): QuotaEvaluator | undefined =>
  resource === 'events' ? undefined : (SPECIAL.get(resource) ?? objectCount(resource));

/** The resources that a quota with these names counts. */
function resourcesCounted(names: readonly string[]): string[] {
  const special = [...SPECIAL].filter(([, one]) => one.matching(names).length > 0).map(([resource]) => resource);
  const counted = names.filter((name) => name.startsWith(COUNT)).map((name) => name.slice(COUNT.length));
  return [...new Set([...special, ...counted])].filter((resource) => evaluatorOf(resource) !== undefined);
}

/** The objects in the quota's namespace. */
export interface Countable {
  /** How many of a resource there are. */
  count(resource: string): number;
  list(resource: string): readonly KubeObject[];
}

/** What is used of all that a quota limits, counted anew. What nothing is known of is left out. */
export function recount(quota: Quota, objects: Countable, nowMs: number): Record<string, string> {
  const names = Object.keys(quota.spec?.hard ?? {});
  let used: Record<string, string> = {};
  for (const resource of resourcesCounted(names)) {
    const evaluator = evaluatorOf(resource);
    const matching = evaluator?.matching(names) ?? [];
    if (evaluator === undefined || matching.length === 0) continue;
    used = addResourceLists(used, Object.fromEntries(matching.map((name) => [name, '0'])));
    if (matching.every((name) => name.startsWith(COUNT) || name === resource) && resource !== 'pods') {
      // Only the number is asked for: no object need be looked at.
      const total = scopesOf(quota).length === 0 ? objects.count(resource) : 0;
      used = addResourceLists(used, Object.fromEntries(matching.map((name) => [name, `${total}`])));
      continue;
    }
    for (const object of objects.list(resource))
      if (isInScope(quota, evaluator, object)) used = addResourceLists(used, evaluator.usage(object, nowMs));
  }
  return maskResourceList(used, names);
}
