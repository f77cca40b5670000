import type { PolicyRule } from '#api/kinds/rbac/rules.ts';
import type { Attributes } from './authorizer.ts';

const ALL = '*';
const has = (list: readonly string[] | undefined, one: string): boolean =>
  list !== undefined && (list.includes(one) || list.includes(ALL));

/** Does the rule allow what is asked. */
export function ruleAllows(rule: PolicyRule, asked: Attributes): boolean {
  if (!has(rule.verbs, asked.verb)) return false;
  if (!asked.isResourceRequest) return (rule.nonResourceURLs ?? []).some((pattern) => pathMatches(pattern, asked.path));
  return has(rule.apiGroups, asked.group) && resourceMatches(rule.resources, asked) && nameMatches(rule, asked.name);
}

/** `pods` allows no subresource of pods; `pods/log` allows that one, and a star in the place of pods that of all resources. */
function resourceMatches(resources: readonly string[] = [], { resource, subresource }: Attributes): boolean {
  if (subresource === '') return has(resources, resource);
  return resources.some(
    (one) =>
      one === ALL ||
      (one.endsWith(subresource) && (one === `${resource}/${subresource}` || one === `${ALL}/${subresource}`)),
  );
}

const nameMatches = ({ resourceNames = [] }: PolicyRule, name: string): boolean =>
  resourceNames.length === 0 || resourceNames.includes(name);

/** A `*` at the end stands for the rest of a path; alone for every path. */
const pathMatches = (pattern: string, path: string): boolean =>
  pattern === ALL || pattern === path || (pattern.endsWith(ALL) && path.startsWith(withoutStars(pattern)));

const withoutStars = (pattern: string): string => pattern.replace(/\*+$/, '');
