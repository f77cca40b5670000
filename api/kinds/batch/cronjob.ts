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
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { JobSpec, jobWarnings, nameWarnings } from '#api/kinds/batch/job.ts';
import { defineKind } from '#api/kind.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { ageColumn, integerColumn, nameColumn, templateColumns, textColumn, wide } from '#api/kinds/columns.ts';
import { validateCronJob, validateCronJobUpdate, validateNewCronJob } from '#api/kinds/batch/cronjob-validation.ts';
import { formatLabelSelector } from '#api/meta/selectors.ts';
import { age } from '#api/meta/time.ts';
import { templateWarnings } from '#api/kinds/apps/template-warnings.ts';
import { applyPodSpecDefaults } from '#api/podspec/defaults.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ObjectReference } from '#api/meta/references.ts';

/** `batch.v1.JobTemplateSpec`. */
export const JobTemplateSpec = object(
  'batch.v1.JobTemplateSpec',
  {
    metadata: field(1, described('Labels and annotations of the Jobs.', value(ObjectMeta))),
    spec: field(2, described('What the Jobs run.', value(JobSpec))),
  },
  { description: 'The metadata and spec of Jobs to be made.' },
);
/** The JSON form of `batch.v1.JobTemplateSpec`. */
export type JobTemplateSpec = Static<typeof JobTemplateSpec>;

/** `batch.v1.CronJobSpec`. */
export const CronJobSpec = object(
  'batch.v1.CronJobSpec',
  {
    schedule: required(
      1,
      described('Minute, hour, day of month, month, day of week, as in crontab; or @hourly and the like.', string()),
    ),
    startingDeadlineSeconds: field(
      2,
      described('Seconds after its time within which a missed Job is still begun.', pointer(int64())),
    ),
    concurrencyPolicy: field(
      3,
      described('When the last Job still runs: Allow (default) another, Forbid it, or Replace the last one.', string()),
    ),
    suspend: field(4, described('No Jobs are made while this is true. Default false.', pointer(boolean()))),
    jobTemplate: required(5, described('The Job to make.', JobTemplateSpec)),
    successfulJobsHistoryLimit: field(6, described('How many succeeded Jobs are kept. Default 3.', pointer(int32()))),
    failedJobsHistoryLimit: field(7, described('How many failed Jobs are kept. Default 1.', pointer(int32()))),
    timeZone: field(
      8,
      described('The time zone of the schedule, e.g. Europe/Berlin; without it that of the server.', pointer(string())),
    ),
  },
  { description: 'Which Job is made, and when.' },
);
/** The JSON form of `batch.v1.CronJobSpec`. */
export type CronJobSpec = Static<typeof CronJobSpec>;

/** `batch.v1.CronJobStatus`. */
export const CronJobStatus = object(
  'batch.v1.CronJobStatus',
  {
    active: field(1, described('The Jobs that run.', list(ObjectReference))),
    lastScheduleTime: field(4, described('When a Job was made last.', time())),
    lastSuccessfulTime: field(5, described('When a Job succeeded last.', time())),
  },
  { description: 'What a CronJob has made so far.' },
);
/** The JSON form of `batch.v1.CronJobStatus`. */
export type CronJobStatus = Static<typeof CronJobStatus>;

/** `batch.v1.CronJob`. */
export const CronJob = object(
  'batch.v1.CronJob',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, described('Which Job, and when.', value(CronJobSpec))),
    status: field(3, described('What has been made. Read-only.', value(CronJobStatus))),
  },
  { description: 'Makes a Job again and again, by a schedule.' },
);
/** The JSON form of `batch.v1.CronJob`. */
export type CronJob = Static<typeof CronJob>;

const ZONE_IN_SCHEDULE =
  'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details';

/** CronJobs. */
export const cronJobKind = defineKind<CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  schema: CronJob,
  shortNames: ['cj'],
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  columns: [
    nameColumn,
    textColumn('Schedule', 'When a Job is made.', ({ spec }) => spec.schedule),
    textColumn('Timezone', 'The time zone of the schedule.', ({ spec }) => spec.timeZone ?? '<none>'),
    {
      name: 'Suspend',
      type: 'boolean',
      description: 'No Jobs are made while this is True.',
      cell: ({ spec }) => (spec.suspend === undefined ? '<unset>' : spec.suspend ? 'True' : 'False'),
    },
    integerColumn('Active', 'How many Jobs run.', ({ status }) => (status?.active ?? []).length),
    textColumn('Last Schedule', 'How long ago a Job was made last.', ({ status }, now) =>
      status?.lastScheduleTime === undefined ? '<none>' : age(status.lastScheduleTime, now),
    ),
    ageColumn,
    ...templateColumns<CronJob>(({ spec }) => spec.jobTemplate.spec?.template),
    wide(
      textColumn('Selector', "The labels of its Jobs' pods.", ({ spec }) =>
        formatLabelSelector(spec.jobTemplate.spec?.selector),
      ),
    ),
  ],
  applyDefaults({ spec }) {
    spec.concurrencyPolicy ||= 'Allow';
    spec.suspend ??= false;
    spec.successfulJobsHistoryLimit ??= 3;
    spec.failedJobsHistoryLimit ??= 1;
    const pods = spec.jobTemplate.spec?.template.spec;
    if (pods !== undefined) applyPodSpecDefaults(pods);
  },
  prepareForCreate(cronJob) {
    cronJob.status = {};
  },
  prepareForUpdate(cronJob, old) {
    carryOver(cronJob, old, 'status');
  },
  prepareForStatusUpdate(cronJob, old) {
    carryOver(cronJob, old, 'spec');
  },
  validate: validateCronJob,
  validateCreate: validateNewCronJob,
  validateUpdate: validateCronJobUpdate,
  warnings: (cronJob, old) => {
    const { schedule, jobTemplate } = cronJob.spec;
    return [
      ...(old === undefined
        ? [...nameWarnings(cronJob), ...jobWarnings(jobTemplate.spec, 'spec.jobTemplate.spec')]
        : []),
      ...templateWarnings(cronJob, old, jobTemplate.spec?.template, 'spec.jobTemplate.spec.template'),
      ...(old !== undefined && schedule.includes('TZ') ? [ZONE_IN_SCHEDULE] : []),
    ];
  },
});
