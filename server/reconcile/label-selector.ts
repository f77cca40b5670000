import type { LabelSelector } from '#api/meta/label-selector.ts';

/** The labels of an object, or none. */
export type Labels = Readonly<Record<string, string>> | undefined;

/** Are all of `wanted` among `labels`; what is empty or absent matches everything. */
export const selectsAll = (wanted: Labels, labels: Labels): boolean =>
  Object.entries(wanted ?? {}).every(([key, value]) => labels?.[key] === value);

/** Does the selector say nothing at all, and so match everything. */
export const isEmptySelector = (selector: LabelSelector | undefined): boolean =>
  Object.keys(selector?.matchLabels ?? {}).length === 0 && (selector?.matchExpressions ?? []).length === 0;
