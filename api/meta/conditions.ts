import { formatTime } from './time.ts';

/** What the conditions of all kinds have in common. */
export interface ConditionLike {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** The condition of a type, if it is there. */
export const findCondition = <C extends { readonly type: string }>(
  conditions: readonly C[] | undefined,
  type: string,
): C | undefined => conditions?.find((condition) => condition.type === type);

/** Is the condition there with status `True`. */
export const isConditionTrue = (
  conditions: readonly { readonly type: string; readonly status: string }[] | undefined,
  type: string,
): boolean => findCondition(conditions, type)?.status === 'True';

/**
 * The list with `condition` in place of the one of its type, or added at the end. `lastTransitionTime` is `now` when the status
 * is new or has changed, else it is kept. Never changes the list that was given.
 */
export function setCondition<C extends ConditionLike>(
  conditions: readonly C[] | undefined,
  condition: C,
  now: Date,
): C[] {
  const list = conditions ?? [];
  const old = findCondition(list, condition.type);
  const lastTransitionTime =
    old !== undefined && old.status === condition.status && old.lastTransitionTime !== undefined
      ? old.lastTransitionTime
      : formatTime(now);
  const next = { ...condition, lastTransitionTime };
  return old === undefined ? [...list, next] : list.map((one) => (one.type === condition.type ? next : one));
}

/** The list without the condition of a type. */
export const removeCondition = <C extends { readonly type: string }>(
  conditions: readonly C[] | undefined,
  type: string,
): C[] => (conditions ?? []).filter((condition) => condition.type !== type);
