import type { ListRead, Operation, ViolationKind, Violation, WatchSegment } from './history.ts';

/** Takes down what clients saw. */
export class Recorder {
  readonly operations: Operation[] = [];
  readonly lists: ListRead[] = [];
  readonly segments: WatchSegment[] = [];
  /** Found while it ran. */
  readonly violations: Violation[] = [];
  /** Answers that no client should get: a fault of the checker, or of the server. */
  readonly surprises: string[] = [];
  readonly faults = new Map<string, number>();
  /** 410 and the like: how often each way out was taken. */
  readonly counts = new Map<string, number>();

  /** ms since the run began. */
  readonly now: () => number;

  constructor() {
    const begun = performance.now();
    this.now = () => performance.now() - begun;
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  fault(name: string): void {
    this.faults.set(name, (this.faults.get(name) ?? 0) + 1);
  }

  found(kind: ViolationKind, key: string, what: string, piece: readonly string[] = []): void {
    this.violations.push({ kind, key, what, piece });
  }

  get events(): number {
    return this.segments.reduce((sum, { events }) => sum + events.length, 0);
  }
}
