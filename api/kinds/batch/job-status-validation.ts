import { isConditionTrue } from '#api/meta/conditions.ts';
import {
  type FieldError,
  duplicate,
  invalid,
  invalidUnshown,
  nonNegative,
  requiredValue,
} from '#api/meta/field-error.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { firstCommon, readIndexes } from '#api/kinds/batch/indexes.ts';
import type { Job, JobStatus } from '#api/kinds/batch/job.ts';

/** What a status says of a Job as a whole. */
interface Verdict {
  readonly complete: boolean;
  readonly failed: boolean;
  readonly finished: boolean;
  readonly failureTarget: boolean;
  readonly successCriteriaMet: boolean;
}

function verdictOf({ status }: Job): Verdict {
  const is = (type: string): boolean => isConditionTrue(status?.conditions, type);
  const [complete, failed] = [is('Complete'), is('Failed')];
  return {
    complete,
    failed,
    finished: complete || failed,
    failureTarget: is('FailureTarget'),
    successCriteriaMet: is('SuccessCriteriaMet'),
  };
}

/** The two states of a Job at a change of its status. Most rules hold only for what changes: a rule may be broken for a moment after spec did. */
interface Change {
  readonly job: Job;
  readonly now: Verdict;
  readonly before: Verdict;
  readonly status: JobStatus;
  readonly old: JobStatus;
  /** Did any of these fields, or parts of the verdict, change. */
  readonly changed: (...what: readonly (keyof JobStatus | keyof Verdict)[]) => boolean;
}

const conditions = (why: string): FieldError => invalidUnshown('status.conditions', why);

/**
 * The faults of a change of a Job's status (batch validation: ValidateJobUpdateStatus). It is strict because other controllers may look after a Job
 * (spec.managedBy), and clients rely on how it ends.
 */
export function validateJobStatus(job: Job, oldJob: Job): FieldError[] {
  const [now, before] = [verdictOf(job), verdictOf(oldJob)];
  const [status, old] = [job.status ?? {}, oldJob.status ?? {}];
  const change: Change = {
    job,
    now,
    before,
    status,
    old,
    changed: (...what) =>
      what.some((one) =>
        one in now
          ? now[one as keyof Verdict] !== before[one as keyof Verdict]
          : !deepEqual(status[one as keyof JobStatus], old[one as keyof JobStatus]),
      ),
  };
  return [
    ...(['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((field) =>
      nonNegative(`status.${field}`, status[field]),
    ),
    ...validateUncounted(status),
    ...validateConditions(change),
    ...validateTimes(change),
    ...validateCounts(change),
    ...validateIndexes(change),
  ];
}

function validateUncounted({ uncountedTerminatedPods }: JobStatus): FieldError[] {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((field) =>
    (uncountedTerminatedPods?.[field] ?? []).flatMap((uid, index) => {
      const path = `status.uncountedTerminatedPods.${field}[${index}]`;
      if (uid === '') return [invalid(path, uid, 'must not be empty')];
      if (seen.has(uid)) return [duplicate(path, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

function validateConditions({ job, now, before, changed }: Change): FieldError[] {
  const errors: FieldError[] = [];
  const refuse = (when: boolean, why: string): void => {
    if (when) errors.push(conditions(why));
  };
  refuse(
    changed('complete', 'failed') && now.complete && now.failed,
    'cannot set Complete=True and Failed=true conditions',
  );
  refuse(
    changed('complete', 'failureTarget') && now.complete && now.failureTarget,
    'cannot set Complete=True and FailureTarget=true conditions',
  );
  refuse(
    changed('failed', 'failedIndexes') && now.failed && !now.failureTarget,
    'cannot set Failed=True condition without the FailureTarget=true condition',
  );
  refuse(
    changed('complete', 'successCriteriaMet') && now.complete && !now.successCriteriaMet,
    'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
  );
  refuse(now.successCriteriaMet && now.failed, 'cannot set SuccessCriteriaMet=True and Failed=true conditions');
  refuse(
    now.successCriteriaMet && now.failureTarget,
    'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions',
  );
  refuse(
    job.spec?.successPolicy !== undefined && !now.successCriteriaMet && now.complete,
    'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
  );
  refuse(before.failed && !now.failed, 'cannot disable the terminal Failed=True condition');
  refuse(before.complete && !now.complete, 'cannot disable the terminal Complete=True condition');
  refuse(before.failureTarget && !now.failureTarget, 'cannot disable the terminal FailureTarget=True condition');
  refuse(before.successCriteriaMet && !now.successCriteriaMet, 'cannot disable the SuccessCriteriaMet=True condition');
  refuse(
    before.complete && !before.successCriteriaMet && now.successCriteriaMet,
    'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions',
  );
  return errors;
}

function validateTimes({ job, now, status, old, changed }: Change): FieldError[] {
  const { startTime, completionTime } = status;
  const errors: FieldError[] = [];
  if (changed('complete', 'completionTime')) {
    if (completionTime !== undefined && !now.complete)
      errors.push(
        invalid(
          'status.completionTime',
          completionTime,
          'cannot set completionTime when there is no Complete=True condition',
        ),
      );
    if (completionTime === undefined && now.complete)
      errors.push(requiredValue('status.completionTime', 'completionTime is required for Complete jobs'));
  }
  if (changed('startTime', 'completionTime') && startTime !== undefined && completionTime !== undefined)
    if (Date.parse(completionTime) < Date.parse(startTime))
      errors.push(invalid('status.completionTime', completionTime, 'completionTime cannot be set before startTime'));
  if (changed('finished', 'startTime') && startTime === undefined && now.finished)
    errors.push(requiredValue('status.startTime', 'startTime is required for finished job'));
  if (completionTime !== undefined && old.completionTime !== undefined && changed('completionTime'))
    errors.push(invalid('status.completionTime', completionTime, 'completionTime cannot be mutated'));
  if (old.startTime !== undefined && changed('startTime') && job.spec?.suspend !== true)
    errors.push(requiredValue('status.startTime', 'startTime cannot be removed for unsuspended job'));
  return errors;
}

function validateCounts({ job, now, status, old, changed }: Change): FieldError[] {
  const { active = 0, ready = 0, terminating = 0, failed = 0, succeeded = 0, uncountedTerminatedPods } = status;
  const errors: FieldError[] = [];
  const refuse = (when: boolean, field: keyof JobStatus, why: string): void => {
    if (when) errors.push(invalid(`status.${field}`, status[field] ?? 0, why));
  };
  refuse(changed('finished', 'active') && active > 0 && now.finished, 'active', 'active>0 is invalid for finished job');
  const uncounted = (uncountedTerminatedPods?.failed ?? []).length + (uncountedTerminatedPods?.succeeded ?? []).length;
  refuse(
    changed('finished', 'uncountedTerminatedPods') && now.finished && uncounted > 0,
    'uncountedTerminatedPods',
    'uncountedTerminatedPods needs to be empty for finished job',
  );
  refuse(
    changed('finished', 'terminating') && terminating > 0 && now.finished,
    'terminating',
    'terminating>0 is invalid for finished job',
  );
  refuse(changed('ready', 'active') && ready > active, 'ready', 'cannot set more ready pods than active');
  refuse(failed < (old.failed ?? 0), 'failed', 'cannot decrease the failed counter');
  // An Indexed Job that has as many completions as it runs at once can be made smaller.
  const mayShrink = job.spec?.completionMode === 'Indexed' && job.spec.completions === job.spec.parallelism;
  refuse(!mayShrink && succeeded < (old.succeeded ?? 0), 'succeeded', 'cannot decrease the succeeded counter');
  return errors;
}

function validateIndexes({ job, status, changed }: Change): FieldError[] {
  const { completedIndexes = '', failedIndexes } = status;
  const { completions, completionMode, backoffLimitPerIndex } = job.spec ?? {};
  const errors: FieldError[] = [];
  const parse = (field: 'completedIndexes' | 'failedIndexes', text: string): void => {
    const read = readIndexes(text, completions ?? 0);
    if (typeof read === 'string') errors.push(invalid(`status.${field}`, text, `error parsing ${field}: ${read}`));
  };
  if (changed('completedIndexes')) {
    if (completions !== undefined) parse('completedIndexes', completedIndexes);
    if (completedIndexes !== '' && completionMode !== 'Indexed')
      errors.push(
        invalid(
          'status.completedIndexes',
          completedIndexes,
          'cannot set non-empty completedIndexes when non-indexed completion mode',
        ),
      );
  }
  if (failedIndexes === undefined) return errors;
  if (changed('failedIndexes')) {
    if (completions !== undefined && backoffLimitPerIndex !== undefined) parse('failedIndexes', failedIndexes);
    if (backoffLimitPerIndex === undefined)
      errors.push(
        invalid(
          'status.failedIndexes',
          failedIndexes,
          'cannot set non-null failedIndexes when backoffLimitPerIndex is null',
        ),
      );
  }
  if (!changed('failedIndexes', 'completedIndexes') || completions === undefined) return errors;
  const [completed, failed] = [completedIndexes, failedIndexes].map((text) => readIndexes(text, completions));
  if (typeof completed !== 'object' || typeof failed !== 'object') return errors;
  const common = firstCommon(completed, failed);
  if (common !== undefined)
    errors.push(
      invalid('status.failedIndexes', failedIndexes, `failedIndexes and completedIndexes overlap at index: ${common}`),
    );
  return errors;
}
