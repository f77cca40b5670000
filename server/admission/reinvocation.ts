import type { AdmissionRequest } from '#server/store/registry.ts';

/** How far the mutating half of admission has come for a request. */
export class Invocations {
  /** The second round, which is gone when somebody outside changed the object in the first. */
  isSecond = false;
  /** Somebody outside changed the object: all plugins look at it again. */
  again = false;
  /** The object as the last one from outside left it, as JSON. */
  lastOutput: string | undefined;
  /** Those who want to see the object again when others change it after them. */
  readonly interested = new Set<string>();
  /** Those of them after whom it was changed. */
  readonly stale = new Set<string>();

  /** The object is another now: who has seen it and wants to see it again is stale. */
  changed(): void {
    this.again = true;
    for (const one of this.interested) this.stale.add(one);
    this.interested.clear();
  }

  /** Before others from outside see the object: notes whether plugins have changed it since. */
  begin(object: unknown): void {
    if (this.isSecond && this.lastOutput !== undefined && this.lastOutput !== JSON.stringify(object)) this.changed();
  }
}

const rounds = new WeakMap<AdmissionRequest, Invocations>();

/** The state of a request's rounds; begins with the first call. */
export function invocationsOf(request: AdmissionRequest): Invocations {
  let found = rounds.get(request);
  if (found === undefined) rounds.set(request, (found = new Invocations()));
  return found;
}
