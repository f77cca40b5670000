import type { FieldTerm } from '#api/meta/selectors.ts';
import type { User } from '#server/store/registry.ts';

/** What is asked of an authorizer. Strings are empty where there is nothing to say. */
export interface Attributes {
  readonly isResourceRequest: boolean;
  /** `get`, `list`, …; for other paths the HTTP method in lower case. */
  readonly verb: string;
  /** Of a request that names no resource. */
  readonly path: string;
  readonly group: string;
  readonly namespace: string;
  readonly resource: string;
  readonly name: string;
  readonly subresource: string;
  /** What a list, a watch or a deletion of many is limited to. Absent: nothing, or it is not known. */
  readonly fields?: readonly FieldTerm[];
}

/** The answer of an authorizer. `reason` says why, or why not: reviews show it, and the 403 of who is refused. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason?: string;
}

/** Says who may do what. Synchronous: it answers from memory, on every request. */
export interface Authorizer {
  authorize(user: User, attributes: Attributes): Decision;
}

/** Who may do everything; the server's own parts are in it. */
export const MASTERS = 'system:masters';

/** Asks one authorizer after the other: what one allows is allowed. Members of `system:masters` may do all. */
export class Authorizers implements Authorizer {
  readonly #all: readonly Authorizer[];

  constructor(all: readonly Authorizer[]) {
    this.#all = all;
  }

  authorize(user: User, attributes: Attributes): Decision {
    if (user.groups.includes(MASTERS)) return { allowed: true };
    let reasons: string[] | undefined;
    for (const one of this.#all) {
      const decision = one.authorize(user, attributes);
      if (decision.allowed) return decision;
      if (decision.reason !== undefined) (reasons ??= []).push(decision.reason);
    }
    return reasons === undefined ? { allowed: false } : { allowed: false, reason: reasons.join('\n') };
  }
}
