import type { Job } from '#api/kinds/batch/job.ts';

const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid';
/** Labels of a Job's pods that hold its UID; the second is the older name. */
export const CONTROLLER_UID_LABELS = [CONTROLLER_UID, 'controller-uid'] as const;
/** Labels of a Job's pods that hold its name. */
export const JOB_NAME_LABELS = ['batch.kubernetes.io/job-name', 'job-name'] as const;

/**
 * Gives a new Job a selector that only its own pods match, by the Job's UID, and its template the labels for it. What the client has put there
 * stays; validation then refuses it if it is wrong. A Job that has no labels of its own gets those of its template, the new ones among them.
 */
export function generateSelector({ metadata, spec }: Job): void {
  if (spec === undefined || spec.manualSelector === true) return;
  const { uid = '', name = '' } = metadata;
  const given = spec.template.metadata?.labels ?? {};
  // The defaults gave the Job the very labels of its template, which upstream's next step changes for both.
  const isShared = metadata.labels === spec.template.metadata?.labels;
  const labels: Record<string, string> = { ...given };
  for (const label of JOB_NAME_LABELS) labels[label] ??= name;
  for (const label of CONTROLLER_UID_LABELS) labels[label] ??= uid;
  spec.template.metadata = { ...spec.template.metadata, labels };
  if (isShared) metadata.labels = { ...labels };
  const matchLabels = { ...spec.selector?.matchLabels };
  matchLabels[CONTROLLER_UID] ??= uid;
  spec.selector = { ...spec.selector, matchLabels };
}
