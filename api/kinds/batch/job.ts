import {
  type Static,
  boolean,
  described,
  field,
  int32,
  int64,
  list,
  object,
  pointer,
  required,
  set,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';
import { defineKind } from '#api/kind.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { ageColumn, nameColumn, templateColumns, textColumn, wide } from '#api/kinds/columns.ts';
import { templateWarnings } from '#api/kinds/apps/template-warnings.ts';
import { validateJobStatus } from '#api/kinds/batch/job-status-validation.ts';
import { validateJob, validateJobUpdate } from '#api/kinds/batch/job-validation.ts';
import { generateSelector } from '#api/kinds/batch/selector.ts';
import { isConditionTrue } from '#api/meta/conditions.ts';
import { dns1123Label } from '#api/meta/names.ts';
import { formatLabelSelector } from '#api/meta/selectors.ts';
import { humanDuration } from '#api/meta/time.ts';
import { applyPodSpecDefaults } from '#api/podspec/defaults.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { PodTemplateSpec } from '#api/podspec/pod-spec.ts';

/** `batch.v1.PodFailurePolicyOnExitCodesRequirement`. */
export const PodFailurePolicyOnExitCodesRequirement = object(
  'batch.v1.PodFailurePolicyOnExitCodesRequirement',
  {
    containerName: field(1, described('Look only at this container; without it at all.', pointer(string()))),
    operator: required(
      2,
      described('In: the code is one of the values. NotIn: it is none of them. Code 0 never matches.', string()),
    ),
    values: required(3, described('The exit codes, in rising order.', set(int32()))),
  },
  { description: 'Matches a failed pod by the exit codes of its containers.' },
);
/** The JSON form of `batch.v1.PodFailurePolicyOnExitCodesRequirement`. */
export type PodFailurePolicyOnExitCodesRequirement = Static<typeof PodFailurePolicyOnExitCodesRequirement>;

/** `batch.v1.PodFailurePolicyOnPodConditionsPattern`. */
export const PodFailurePolicyOnPodConditionsPattern = object(
  'batch.v1.PodFailurePolicyOnPodConditionsPattern',
  {
    type: required(1, described('The type of the condition.', string())),
    status: field(2, described('The status that it must have. Default True.', string())),
  },
  { description: 'Matches a failed pod by one of its conditions.' },
);
/** The JSON form of `batch.v1.PodFailurePolicyOnPodConditionsPattern`. */
export type PodFailurePolicyOnPodConditionsPattern = Static<typeof PodFailurePolicyOnPodConditionsPattern>;

/** `batch.v1.PodFailurePolicyRule`. */
export const PodFailurePolicyRule = object(
  'batch.v1.PodFailurePolicyRule',
  {
    action: required(
      1,
      described(
        'FailJob: the Job fails. FailIndex: the index fails. Ignore: the failure does not count. Count: it counts as ever.',
        string(),
      ),
    ),
    onExitCodes: field(2, described('Which pods, by exit codes.', PodFailurePolicyOnExitCodesRequirement)),
    onPodConditions: field(
      3,
      described('Which pods, by conditions; one that matches is enough.', list(PodFailurePolicyOnPodConditionsPattern)),
    ),
  },
  { description: 'What to do about failed pods of a kind; just one of onExitCodes and onPodConditions.' },
);
/** The JSON form of `batch.v1.PodFailurePolicyRule`. */
export type PodFailurePolicyRule = Static<typeof PodFailurePolicyRule>;

/** `batch.v1.PodFailurePolicy`. */
export const PodFailurePolicy = object(
  'batch.v1.PodFailurePolicy',
  {
    rules: required(
      1,
      described('Tried in order; the first that matches is followed. At most 20.', list(PodFailurePolicyRule)),
    ),
  },
  { description: 'How failed pods are told apart.' },
);
/** The JSON form of `batch.v1.PodFailurePolicy`. */
export type PodFailurePolicy = Static<typeof PodFailurePolicy>;

/** `batch.v1.SuccessPolicyRule`. */
export const SuccessPolicyRule = object(
  'batch.v1.SuccessPolicyRule',
  {
    succeededCount: field(
      2,
      described('So many indexes (of succeededIndexes, if given) have succeeded.', pointer(int32())),
    ),
    succeededIndexes: field(1, described('These indexes have succeeded, e.g. 1,3-5,7.', pointer(string()))),
  },
  { description: 'What is enough for success.' },
);
/** The JSON form of `batch.v1.SuccessPolicyRule`. */
export type SuccessPolicyRule = Static<typeof SuccessPolicyRule>;

/** `batch.v1.SuccessPolicy`. */
export const SuccessPolicy = object(
  'batch.v1.SuccessPolicy',
  {
    rules: required(1, described('One that is met is enough. At most 20.', list(SuccessPolicyRule))),
  },
  { description: 'When a Job counts as succeeded before all its indexes have.' },
);
/** The JSON form of `batch.v1.SuccessPolicy`. */
export type SuccessPolicy = Static<typeof SuccessPolicy>;

/** `batch.v1.UncountedTerminatedPods`. */
export const UncountedTerminatedPods = object(
  'batch.v1.UncountedTerminatedPods',
  {
    succeeded: field(1, described('The UIDs of those that succeeded.', set(string()))),
    failed: field(2, described('The UIDs of those that failed.', set(string()))),
  },
  { description: 'Pods that have ended and are not yet in the counters.' },
);
/** The JSON form of `batch.v1.UncountedTerminatedPods`. */
export type UncountedTerminatedPods = Static<typeof UncountedTerminatedPods>;

/** `batch.v1.JobCondition`. */
export const JobCondition = object(
  'batch.v1.JobCondition',
  {
    type: required(1, described('What the condition is about.', string())),
    status: required(2, described('True, False or Unknown.', string())),
    lastProbeTime: field(3, described('When somebody looked last.', time())),
    lastTransitionTime: field(4, described('When the status changed last.', time())),
    reason: field(5, described('Why, in one word for programs.', string())),
    message: field(6, described('Why, in words for people.', string())),
  },
  { description: 'One fact about a Job, and since when it holds.' },
);
/** The JSON form of `batch.v1.JobCondition`. */
export type JobCondition = Static<typeof JobCondition>;

/** `batch.v1.JobSpec`. */
export const JobSpec = object(
  'batch.v1.JobSpec',
  {
    parallelism: field(1, described('How many pods may run at once. Default 1.', pointer(int32()))),
    completions: field(
      2,
      described(
        'How many pods must succeed. Default 1 when parallelism is not given; without it one success ends the Job.',
        pointer(int32()),
      ),
    ),
    activeDeadlineSeconds: field(
      3,
      described('Seconds after which the Job fails, counted from its start.', pointer(int64())),
    ),
    selector: field(
      4,
      described(
        'Which pods belong to the Job. Made by the server unless manualSelector is true.',
        pointer(LabelSelector),
      ),
    ),
    manualSelector: field(
      5,
      described('The selector and the labels that it needs are given by the client.', pointer(boolean())),
    ),
    template: required(6, described('The pods to make; their restartPolicy is Never or OnFailure.', PodTemplateSpec)),
    backoffLimit: field(7, described('How many pods may fail before the Job does. Default 6.', pointer(int32()))),
    ttlSecondsAfterFinished: field(
      8,
      described('Seconds after its end when the Job is deleted; without it it stays.', pointer(int32())),
    ),
    completionMode: field(
      9,
      described(
        'NonIndexed (default): pods are all alike. Indexed: each has a number, in an annotation and in JOB_COMPLETION_INDEX.',
        pointer(string()),
      ),
    ),
    suspend: field(10, described('No pods run while this is true. Default false.', pointer(boolean()))),
    podFailurePolicy: field(
      11,
      described('How failed pods are told apart; without it each counts against backoffLimit.', PodFailurePolicy),
    ),
    backoffLimitPerIndex: field(
      12,
      described('How many pods of one index may fail before the index does. Only for Indexed Jobs.', pointer(int32())),
    ),
    maxFailedIndexes: field(13, described('How many indexes may fail before the whole Job does.', pointer(int32()))),
    podReplacementPolicy: field(
      14,
      described('When a pod is replaced: TerminatingOrFailed (default) or only when it has Failed.', pointer(string())),
    ),
    managedBy: field(
      15,
      described(
        'The controller that looks after the Job, when it is not the built-in one. Never changes.',
        pointer(string()),
      ),
    ),
    successPolicy: field(
      16,
      described('When the Job counts as succeeded before all its indexes have. Only for Indexed Jobs.', SuccessPolicy),
    ),
  },
  { description: 'What a Job runs to its end.' },
);
/** The JSON form of `batch.v1.JobSpec`. */
export type JobSpec = Static<typeof JobSpec>;

/** `batch.v1.JobStatus`. */
export const JobStatus = object(
  'batch.v1.JobStatus',
  {
    conditions: field(
      1,
      described(
        'What is known of the Job: Complete, Failed, Suspended and others.',
        list(JobCondition, { mergeKey: 'type', patchStrategy: 'merge' }),
      ),
    ),
    startTime: field(2, described('When the Job was begun, or begun again after it was suspended.', time())),
    completionTime: field(3, described('When it succeeded.', time())),
    active: field(4, described('How many pods run or wait to run.', int32())),
    succeeded: field(5, described('How many pods have succeeded.', int32())),
    failed: field(6, described('How many pods have failed.', int32())),
    completedIndexes: field(7, described('The indexes that have succeeded, e.g. 1,3-5,7.', string())),
    uncountedTerminatedPods: field(
      8,
      described('Pods that have ended and are not yet in the counters.', UncountedTerminatedPods),
    ),
    ready: field(9, described('How many pods are ready.', pointer(int32()))),
    failedIndexes: field(10, described('The indexes that have failed, in the same form.', pointer(string()))),
    terminating: field(11, described('How many pods are on their way out.', pointer(int32()))),
  },
  { description: 'How far a Job has come.' },
);
/** The JSON form of `batch.v1.JobStatus`. */
export type JobStatus = Static<typeof JobStatus>;

/** `batch.v1.Job`. */
export const Job = object(
  'batch.v1.Job',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('What should run.', value(JobSpec))),
    status: field(3, described('How far that has come. Read-only.', value(JobStatus))),
  },
  { description: 'Runs pods until enough of them have succeeded.' },
);
/** The JSON form of `batch.v1.Job`. */
export type Job = Static<typeof Job>;

/** Jobs. */
export const jobKind = defineKind<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  schema: Job,
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  orphansDependents: {
    warning:
      'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning',
  },
  fieldLabels: { 'status.successful': (job) => String(job.status?.succeeded ?? 0) },
  columns: [
    nameColumn,
    textColumn('Status', 'How far it has come, in one word.', statusText),
    textColumn('Completions', 'Pods that have succeeded, of those that shall.', completionsText),
    textColumn('Duration', 'How long it took, or has taken so far.', durationText),
    ageColumn,
    ...templateColumns<Job>((job) => job.spec?.template),
    wide(textColumn('Selector', 'The labels of its pods.', (job) => formatLabelSelector(job.spec?.selector))),
  ],
  applyDefaults(job) {
    const { spec, metadata } = job;
    if (spec === undefined) return;
    applyJobDefaults(spec);
    // The very same labels, not equal ones: what is generated for the template then goes for both (batch/selector.ts).
    const labels = spec.template.metadata?.labels;
    if (labels !== undefined && Object.keys(metadata.labels ?? {}).length === 0) metadata.labels = labels;
  },
  prepareForCreate(job) {
    generateSelector(job);
    job.status = {};
  },
  prepareForUpdate(job, old) {
    carryOver(job, old, 'status');
  },
  prepareForStatusUpdate(job, old) {
    carryOver(job, old, 'spec');
  },
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  validateStatusUpdate: validateJobStatus,
  warnings: (job, old) => [
    ...(old === undefined ? [...nameWarnings(job), ...jobWarnings(job.spec, 'spec')] : []),
    ...templateWarnings(job, old, job.spec?.template),
  ],
});

/** The defaults of a Job's own fields. Within a template of a CronJob only its pods get any. */
function applyJobDefaults(spec: JobSpec): void {
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1;
  spec.parallelism ??= 1;
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2 ** 31 - 1;
  spec.completionMode ??= 'NonIndexed';
  spec.suspend ??= false;
  spec.manualSelector ??= false;
  for (const { onPodConditions = [] } of spec.podFailurePolicy?.rules ?? [])
    for (const pattern of onPodConditions) pattern.status ||= 'True';
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed';
  if (spec.template.spec !== undefined) applyPodSpecDefaults(spec.template.spec);
}

/** A name that pods cannot have for a hostname. */
export function nameWarnings({ metadata }: Pick<Job, 'metadata'>): string[] {
  const faults = dns1123Label(metadata.name ?? '');
  return faults.length === 0
    ? []
    : [
        `metadata.name: this is used in Pod names and hostnames, which can result in surprising behavior; a DNS label is recommended: [${faults.join(' ')}]`,
      ];
}

/** What may go wrong with a Job at `path`. */
export function jobWarnings(spec: JobSpec | undefined, path: string): string[] {
  const { completionMode, completions = 0, parallelism = 0 } = spec ?? {};
  return completionMode === 'Indexed' && completions > 100_000 && parallelism > 10_000
    ? [
        `${path}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail`,
      ]
    : [];
}

function statusText({ metadata, status }: Job): string {
  const is = (type: string): boolean => isConditionTrue(status?.conditions, type);
  if (is('Complete')) return 'Complete';
  if (is('Failed')) return 'Failed';
  if (metadata.deletionTimestamp !== undefined) return 'Terminating';
  if (is('Suspended')) return 'Suspended';
  return is('FailureTarget') ? 'FailureTarget' : 'Running';
}

function completionsText({ spec, status }: Job): string {
  const succeeded = status?.succeeded ?? 0;
  if (spec?.completions !== undefined) return `${succeeded}/${spec.completions}`;
  const parallelism = spec?.parallelism ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText({ status }: Job, now: Date): string {
  if (status?.startTime === undefined) return '';
  const end = status.completionTime === undefined ? now.getTime() : Date.parse(status.completionTime);
  return humanDuration(end - Date.parse(status.startTime));
}
