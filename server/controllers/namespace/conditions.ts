import type { NamespaceCondition } from '#api/kinds/core/namespace.ts';
import { setCondition } from '#api/meta/conditions.ts';

/** What is left of one resource in a namespace. */
export interface Remaining {
  /** `pods.`, `deployments.apps`: upstream writes the group also when it is empty. */
  readonly resource: string;
  readonly count: number;
  /** The finalizers of all its objects, repeats included. */
  readonly finalizers: readonly string[];
}

/** What is told of a namespace that is being emptied (upstream: namespaceConditionUpdater). */
export function conditionsOf(
  old: readonly NamespaceCondition[] | undefined,
  remaining: readonly Remaining[],
  failures: readonly string[],
  now: Date,
): NamespaceCondition[] {
  const content = remaining.map(({ resource, count }) => `${resource} has ${count} resource instances`).sort();
  const counts = new Map<string, number>();
  for (const finalizer of remaining.flatMap(({ finalizers }) => finalizers))
    counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  const finalizers = [...counts].map(([name, count]) => `${name} in ${count} resource instances`).sort();
  const all: [type: string, bad: boolean, reason: string, message: string][] = [
    ['NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered'],
    [
      'NamespaceDeletionGroupVersionParsingFailure',
      false,
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ],
    failures.length > 0
      ? [
          'NamespaceDeletionContentFailure',
          true,
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(', ')}`,
        ]
      : [
          'NamespaceDeletionContentFailure',
          false,
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        ],
    content.length > 0
      ? [
          'NamespaceContentRemaining',
          true,
          'SomeResourcesRemain',
          `Some resources are remaining: ${content.join(', ')}`,
        ]
      : ['NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed'],
    finalizers.length > 0
      ? [
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${finalizers.join(', ')}`,
        ]
      : ['NamespaceFinalizersRemaining', false, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'],
  ];
  return all.reduce<NamespaceCondition[]>(
    (conditions, [type, bad, reason, message]) =>
      setCondition(conditions, { type, status: bad ? 'True' : 'False', reason, message }, now),
    [...(old ?? [])],
  );
}
