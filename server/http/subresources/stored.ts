import { type Kind, resourceOf } from '#api/kind.ts';
import type { StoredSubresource } from '#server/store/registry.ts';

/** A subresource that reads and writes the object itself, with rules of its own (the registry has them). */
export interface StoredSubresourceEntry {
  readonly name: StoredSubresource;
  readonly verbs: readonly ('get' | 'patch' | 'update')[];
}

const ALL: StoredSubresourceEntry['verbs'] = ['get', 'patch', 'update'];
/** Those of single kinds, by the name of the resource; status belongs to every kind that has one. */
const OF_RESOURCE: Readonly<Record<string, readonly StoredSubresourceEntry[]>> = {
  pods: [
    { name: 'ephemeralcontainers', verbs: ALL },
    { name: 'resize', verbs: ALL },
  ],
  namespaces: [{ name: 'finalize', verbs: ['update'] }],
  'certificatesigningrequests.certificates.k8s.io': [{ name: 'approval', verbs: ALL }],
};

/** The subresources of a kind that store the object. */
export const storedSubresources = (kind: Kind): readonly StoredSubresourceEntry[] => [
  ...(kind.hasStatus ? [{ name: 'status', verbs: ALL } as const] : []),
  ...(OF_RESOURCE[resourceOf(kind)] ?? []),
];
