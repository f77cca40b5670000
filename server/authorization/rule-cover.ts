import type { PolicyRule } from '#api/kinds/rbac/rules.ts';

const ALL = '*';
const has = (list: readonly string[] | undefined, one: string): boolean =>
  list !== undefined && (list.includes(one) || list.includes(ALL));

/** What is left of `wanted` when all that `owned` allows is taken away: rules of one verb, one resource and one name (or path) each. */
export function uncoveredRules(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): PolicyRule[] {
  return wanted.flatMap(atoms).filter((atom) => !owned.some((rule) => covers(rule, atom)));
}

/** The rule taken apart into the smallest rules that together say the same. */
function atoms({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule) {
  const found: PolicyRule[] = [];
  for (const group of apiGroups)
    for (const resource of resources)
      for (const verb of verbs) {
        const atom: PolicyRule = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (resourceNames.length === 0) found.push(atom);
        else for (const name of resourceNames) found.push({ ...atom, resourceNames: [name] });
      }
  for (const path of nonResourceURLs) for (const verb of verbs) found.push({ verbs: [verb], nonResourceURLs: [path] });
  return found;
}

function covers(owned: PolicyRule, atom: PolicyRule): boolean {
  const [verb = ''] = atom.verbs;
  if (!has(owned.verbs, verb)) return false;
  const path = atom.nonResourceURLs?.[0];
  if (path !== undefined) return (owned.nonResourceURLs ?? []).some((pattern) => pathCovers(pattern, path));
  if (!has(owned.apiGroups, atom.apiGroups?.[0] ?? '')) return false;
  if (!resourceCovers(owned.resources ?? [], atom.resources?.[0] ?? '')) return false;
  const names = owned.resourceNames ?? [];
  const name = atom.resourceNames?.[0];
  return names.length === 0 || (name !== undefined && names.includes(name));
}

function resourceCovers(owned: readonly string[], resource: string): boolean {
  if (has(owned, resource)) return true;
  const slash = resource.indexOf('/');
  return slash >= 0 && owned.includes(`${ALL}${resource.slice(slash)}`);
}

const pathCovers = (pattern: string, path: string): boolean =>
  pattern === path || (pattern.endsWith(ALL) && path.startsWith(pattern.replace(/\*+$/, '')));

/** Joins the verbs of rules about the same one resource (upstream: CompactRules), in the order in which they first come. */
export function compactRules(rules: readonly PolicyRule[]): PolicyRule[] {
  const found: PolicyRule[] = [];
  const byResource = new Map<string, PolicyRule>();
  for (const rule of rules) {
    const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
    const isSimple =
      apiGroups.length === 1 && resources.length === 1 && nonResourceURLs.length === 0 && resourceNames.length <= 1;
    const key = JSON.stringify([apiGroups, resources, resourceNames]);
    const same = isSimple ? byResource.get(key) : undefined;
    if (same !== undefined) {
      same.verbs.push(...verbs);
      continue;
    }
    const copy = { ...rule, verbs: [...verbs] };
    found.push(copy);
    if (isSimple) byResource.set(key, copy);
  }
  return found;
}

/** A rule as upstream's refusals show it: `{APIGroups:["apps"], Resources:["pods"], Verbs:["get"]}`. */
export function ruleText({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): string {
  const parts: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['APIGroups', apiGroups],
    ['Resources', resources],
    ['NonResourceURLs', nonResourceURLs],
    ['ResourceNames', resourceNames],
    ['Verbs', verbs],
  ];
  const shown = parts
    .filter(([, values]) => values !== undefined && values.length > 0)
    .map(([name, values = []]) => `${name}:${quotedList(values)}`);
  return `{${shown.join(', ')}}`;
}

/** `["a" "b"]`, as Go prints a list of strings. */
export const quotedList = (values: readonly string[]): string =>
  `[${values.map((one) => JSON.stringify(one)).join(' ')}]`;
