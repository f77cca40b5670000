import type { KubeObject } from '#api/kind.ts';
import type { MatchResources, ParamRef } from '#api/kinds/admissionregistration/policy.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { Criteria } from '../matching/request-matcher.ts';

/** What bindings of both sorts of policies have. */
export interface Binding extends KubeObject {
  readonly spec?: {
    readonly policyName?: string;
    readonly paramRef?: ParamRef;
    readonly matchResources?: MatchResources;
    readonly validationActions?: readonly string[];
  };
}

const EVERYTHING = [{ operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*', '*/*'] }];

/** Bindings by the name of their policy, in order. */
export function bindingsByPolicy(store: Pick<ObjectStore, 'list'>, resource: string): Map<string, Binding[]> {
  const bindings = store.list(resource).map(({ object }) => object as Binding);
  return Map.groupBy(bindings, ({ spec }) => spec?.policyName ?? '');
}

/** The choice of requests of a policy or a binding; one that lists no rules means all. */
export const criteriaOf = (match: MatchResources | undefined): Criteria => {
  const { resourceRules = [], excludeResourceRules = [], ...selectors } = match ?? {};
  return {
    rules: resourceRules.length === 0 ? EVERYTHING : resourceRules,
    excludeRules: excludeResourceRules,
    ...selectors,
  };
};
