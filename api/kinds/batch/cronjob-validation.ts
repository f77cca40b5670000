import { type FieldError, invalid, nonNegative, notSupported, requiredValue } from '#api/meta/field-error.ts';
import type { CronJob } from '#api/kinds/batch/cronjob.ts';
import { validateJobSpec } from '#api/kinds/batch/job-validation.ts';
import { scheduleFault, timeZoneFault } from '#api/kinds/batch/schedule.ts';

const CONCURRENCY = ['Allow', 'Forbid', 'Replace'];
/** Jobs get a suffix of 11 characters and their names are labels (batch validation: ValidateCronJobCreate). */
const LONGEST_NAME = 52;
const ZONE_PART = /^[A-Za-z.\-_0-9+]{1,14}$/;

/** The faults of a CronJob that hold for new and for changed ones, but for its schedule's zone: that depends on the old one. */
export function validateCronJob({ spec }: CronJob): FieldError[] {
  const { selector, manualSelector } = spec.jobTemplate.spec ?? {};
  const policy = spec.concurrencyPolicy ?? '';
  const errors = validateSchedule(spec.schedule);
  errors.push(...nonNegative('spec.startingDeadlineSeconds', spec.startingDeadlineSeconds));
  if (policy === '') errors.push(requiredValue('spec.concurrencyPolicy'));
  else if (!CONCURRENCY.includes(policy)) errors.push(notSupported('spec.concurrencyPolicy', policy, CONCURRENCY));
  errors.push(...validateJobSpec(spec.jobTemplate.spec, 'spec.jobTemplate.spec'));
  if (selector !== undefined)
    errors.push(invalid('spec.jobTemplate.spec.selector', selector, '`selector` will be auto-generated'));
  if (manualSelector === true)
    errors.push(notSupported('spec.jobTemplate.spec.manualSelector', manualSelector, ['nil', 'false']));
  errors.push(...nonNegative('spec.successfulJobsHistoryLimit', spec.successfulJobsHistoryLimit));
  errors.push(...nonNegative('spec.failedJobsHistoryLimit', spec.failedJobsHistoryLimit));
  return errors;
}

function validateSchedule(schedule: string): FieldError[] {
  if (schedule === '') return [requiredValue('spec.schedule')];
  const fault = scheduleFault(schedule);
  return fault === undefined ? [] : [invalid('spec.schedule', schedule, fault)];
}

/** The faults of a new CronJob only. */
export const validateNewCronJob = (cronJob: CronJob): FieldError[] => [
  ...validateZones(cronJob, undefined),
  ...((cronJob.metadata.name ?? '').length > LONGEST_NAME
    ? [invalid('metadata.name', cronJob.metadata.name, `must be no more than ${LONGEST_NAME} characters`)]
    : []),
];

/** The faults of a change. */
export const validateCronJobUpdate = (cronJob: CronJob, old: CronJob): FieldError[] => validateZones(cronJob, old);

/** A zone belongs into its own field; schedules that have had one from of old may keep it. */
function validateZones({ spec }: CronJob, old: CronJob | undefined): FieldError[] {
  const { schedule, timeZone } = spec;
  const errors: FieldError[] = [];
  const mayHaveZone = old?.spec.schedule.includes('TZ') ?? false;
  if (schedule.includes('TZ')) {
    if (!mayHaveZone)
      errors.push(
        invalid('spec.schedule', schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'),
      );
    else if (timeZone !== undefined)
      errors.push(invalid('spec.schedule', schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  }
  if (timeZone !== undefined && timeZone !== old?.spec.timeZone) errors.push(...validateTimeZone(timeZone));
  return errors;
}

function validateTimeZone(timeZone: string): FieldError[] {
  const refuse = (why: string): FieldError => invalid('spec.timeZone', timeZone, why);
  if (timeZone === '') return [refuse('timeZone must be nil or non-empty string')];
  const parts = timeZone.split('/');
  if (parts.some((part) => part === '.' || part === '..' || part.startsWith('-') || !ZONE_PART.test(part)))
    return [refuse(`unknown time zone ${timeZone}`)];
  const fault = timeZoneFault(timeZone);
  return [
    ...(timeZone.toLowerCase() === 'local'
      ? [refuse('timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones')]
      : []),
    ...(fault === undefined ? [] : [refuse(fault)]),
  ];
}
