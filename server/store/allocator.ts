import type { KubeObject } from '#api/kind.ts';

/** Something taken for a write that is not yet done. */
export interface Allocation {
  /** The write is stored. */
  done(): void;
  /** The write failed: gives it back. */
  undo(): Promise<void>;
}

/** Nothing was taken. */
export const NO_ALLOCATION: Allocation = { done: () => undefined, undo: () => Promise.resolve() };

/** Gives out what there is once in a cluster, e.g. addresses. Rejects with StatusError Invalid when something asked for is taken. */
export interface Allocator {
  /** Changes `object` in place. `old` undefined = a create. A dry run takes nothing. */
  allocate(object: KubeObject, old: KubeObject | undefined, dryRun: boolean): Promise<Allocation>;
}
