import { describe, expect, test } from 'bun:test';
import { validateChange, validateCreate } from '#api/meta/object-meta-validation.ts';
import { decode } from '#api/schema/decode.ts';
import { cronJobKind } from './cronjob.ts';
import { firstCommon, readIndexes } from './indexes.ts';
import { type Job, jobKind } from './job.ts';

const UID = '11111111-2222-3333-4444-555555555555';
const pods = (spec: object = {}): object => ({
  spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i:1' }], ...spec },
});

/** A Job as it would be stored. */
function job(spec: object = {}, metadata: object = {}): Job {
  const { object } = decode(jobKind, {
    metadata: { name: 'j', namespace: 'n', uid: UID, ...metadata },
    spec: { template: pods(), ...spec },
  });
  jobKind.applyDefaults?.(object);
  jobKind.prepareForCreate?.(object);
  return object;
}

const faults = (object: Job): string[] =>
  validateCreate(jobKind, object).map(({ field, detail }) => `${field}: ${detail}`);

test('a new Job gets its defaults, a selector by its UID and the labels for it, its own labels included', () => {
  const labels = {
    'batch.kubernetes.io/job-name': 'j',
    'job-name': 'j',
    'batch.kubernetes.io/controller-uid': UID,
    'controller-uid': UID,
  };
  const made = job();
  expect(made.spec).toMatchObject({
    completions: 1,
    parallelism: 1,
    backoffLimit: 6,
    completionMode: 'NonIndexed',
    suspend: false,
    podReplacementPolicy: 'TerminatingOrFailed',
    selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': UID } },
    template: { metadata: { labels } },
  });
  expect(made.metadata.labels).toEqual(labels);
  expect(faults(made)).toEqual([]);
  expect(job({}, { labels: { mine: 'x' } }).metadata.labels).toEqual({ mine: 'x' });
  expect(job({ parallelism: 3 }).spec?.completions).toBeUndefined();
  expect(job({ completionMode: 'Indexed', completions: 2, backoffLimitPerIndex: 1 }).spec?.backoffLimit).toBe(
    2 ** 31 - 1,
  );
});

test('a manual selector is left alone', () => {
  const template = { ...pods(), metadata: { labels: { a: 'b' } } };
  const made = job({ manualSelector: true, selector: { matchLabels: { a: 'b' } }, template });
  expect(made.spec?.selector).toEqual({ matchLabels: { a: 'b' } });
  expect(made.spec?.template.metadata?.labels).toEqual({ a: 'b' });
  expect(faults(made)).toEqual([]);
});

const rule = (fields: object): object => ({ podFailurePolicy: { rules: [fields] } });

test.each([
  [{ parallelism: -1 }, ['spec.parallelism: Invalid value: -1: must be greater than or equal to 0']],
  [
    { template: pods({ restartPolicy: 'Always' }) },
    ['spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"'],
  ],
  [
    { completionMode: 'Indexed', parallelism: 1 },
    ['spec.completions: Required value: when completion mode is Indexed'],
  ],
  [{ backoffLimitPerIndex: 1 }, ['spec.backoffLimitPerIndex: Invalid value: 1: requires indexed completion mode']],
  [
    { selector: { matchLabels: { 'batch.kubernetes.io/controller-uid': 'other' } } },
    [
      'spec.selector: Invalid value: {"matchLabels":{"batch.kubernetes.io/controller-uid":"other"}}: `selector` not auto-generated',
      expect.stringContaining('`selector` does not match template `labels`'),
    ],
  ],
  [
    rule({ action: 'X' }),
    [
      'spec.podFailurePolicy.rules[0].action: Unsupported value: "X": supported values: "Count", "FailIndex", "FailJob", "Ignore"',
      'spec.podFailurePolicy.rules[0]: Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    ],
  ],
  [
    rule({ action: 'FailJob', onExitCodes: { operator: 'In', values: [2, 1, 0, 2], containerName: 'd' } }),
    [
      'spec.podFailurePolicy.rules[0].onExitCodes.containerName: Invalid value: "d": must be one of the container or initContainer names in the pod template',
      'spec.podFailurePolicy.rules[0].onExitCodes.values[2]: Invalid value: 0: must not be 0 for the In operator',
      'spec.podFailurePolicy.rules[0].onExitCodes.values[3]: Duplicate value: 2',
      'spec.podFailurePolicy.rules[0].onExitCodes.values: Invalid value: [2,1,0,2]: must be ordered',
    ],
  ],
  [
    {
      completionMode: 'Indexed',
      completions: 3,
      successPolicy: { rules: [{ succeededCount: 4, succeededIndexes: '0,2-2' }] },
    },
    [
      'spec.successPolicy.rules[0].succeededIndexes: Invalid value: "0,2-2": error parsing succeededIndexes: non-increasing order, previous: 2, current: 2',
      'spec.successPolicy.rules[0].succeededCount: Invalid value: 4: must be less than or equal to 3 (the number of specified completions)',
      'spec.successPolicy.rules[0].succeededCount: Invalid value: 4: must be less than or equal to 0 (the number of indexes in the specified succeededIndexes field)',
    ],
  ],
  [
    { managedBy: 'me' },
    ['spec.managedBy: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")'],
  ],
])('a Job with %j is refused', (spec, wanted) => expect(faults(job(spec))).toEqual(wanted));

describe('a change', () => {
  const change = (spec: object, next: object, status: object = {}): string[] => {
    const old = job(spec);
    old.status = status;
    const changed = structuredClone(old);
    Object.assign(changed.spec ?? {}, next);
    changed.metadata.resourceVersion = old.metadata.resourceVersion = '1';
    return validateChange(jobKind, changed, old).map(({ field }) => field);
  };
  test('of parallelism and suspend is allowed, of most other fields not', () => {
    expect(change({}, { parallelism: 2, suspend: true })).toEqual([]);
    expect(change({}, { completions: 2 })).toEqual(['spec.completions']);
    expect(change({}, { managedBy: 'a.io/b' })).toEqual(['spec.managedBy']);
  });
  test('of completions goes with parallelism for an Indexed Job', () => {
    const indexed = { completionMode: 'Indexed', completions: 2, parallelism: 2 };
    expect(change(indexed, { completions: 3, parallelism: 3 })).toEqual([]);
    expect(change(indexed, { completions: 3 })).toEqual(['spec.completions']);
  });
  test('of where pods run is allowed while the Job is suspended and has not begun', () => {
    const { template } = job({ suspend: true }).spec ?? {};
    const elsewhere = { ...template, spec: { ...template?.spec, nodeSelector: { disk: 'ssd' } } };
    expect(change({ suspend: true }, { template: elsewhere })).toEqual([]);
    expect(change({ suspend: true }, { template: elsewhere }, { startTime: '2026-11-21T07:00:00Z' })).toEqual([
      'spec.template',
    ]);
  });
});

describe('a status', () => {
  const START = '2026-11-21T07:00:00Z';
  const END = '2026-11-21T07:05:00Z';
  const is = (...types: string[]): object => ({ conditions: types.map((type) => ({ type, status: 'True' })) });
  const judge = (status: object, old: object = {}, spec: object = {}): string[] =>
    (jobKind.validateStatusUpdate?.({ ...job(spec), status } as Job, { ...job(spec), status: old } as Job) ?? []).map(
      ({ field, detail }) => `${field}: ${detail.replace(/^(Invalid|Required) value(: [^:]*)?: /, '')}`,
    );
  test('may end a Job with all that belongs to it', () => {
    const complete = { ...is('SuccessCriteriaMet', 'Complete'), startTime: START, completionTime: END, succeeded: 1 };
    expect(judge(complete)).toEqual([]);
    expect(judge({ ...is('FailureTarget', 'Failed'), startTime: START, failed: 7 })).toEqual([]);
  });
  test('may not end it half', () => {
    expect(judge({ ...is('Complete'), startTime: START, active: 1 })).toEqual([
      expect.stringContaining('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'),
      'status.completionTime: completionTime is required for Complete jobs',
      'status.active: active>0 is invalid for finished job',
    ]);
  });
  test('may not take back what is final, nor count down', () => {
    const complete = { ...is('SuccessCriteriaMet', 'Complete'), startTime: START, completionTime: END, failed: 2 };
    expect(judge({ startTime: START, failed: 1 }, complete)).toEqual([
      expect.stringContaining('cannot disable the terminal Complete=True condition'),
      expect.stringContaining('cannot disable the SuccessCriteriaMet=True condition'),
      'status.failed: cannot decrease the failed counter',
    ]);
  });
  test('may not name an index twice, or one that there is not', () => {
    const indexed = { completionMode: 'Indexed', completions: 4, backoffLimitPerIndex: 1 };
    expect(judge({ completedIndexes: '0-2', failedIndexes: '2,3' }, {}, indexed)).toEqual([
      'status.failedIndexes: failedIndexes and completedIndexes overlap at index: 2',
    ]);
    expect(judge({ completedIndexes: '4' }, {}, indexed)).toEqual([
      'status.completedIndexes: error parsing completedIndexes: too large index: "4"',
    ]);
  });
});

test('indexes are read as intervals', () => {
  expect(readIndexes('1,3-5,7', 10)).toEqual({
    count: 5,
    intervals: [
      [1, 1],
      [3, 5],
      [7, 7],
    ],
  });
  expect(readIndexes('3,1', 10)).toBe('non-increasing order, previous: 3, current: 1');
  expect(readIndexes('a', 10)).toBe('cannot convert string to integer for index: "a"');
  const [a, b] = [readIndexes('0-3,8', 10), readIndexes('4-6,8-9', 10)];
  expect(typeof a === 'object' && typeof b === 'object' ? firstCommon(a, b) : a).toBe(8);
});

test('a Job shows its status, completions and duration', () => {
  const made = job();
  const cells = (status: object): unknown[] => {
    const object = { ...made, status } as Job;
    return jobKind.columns.slice(1, 4).map((column) => column.cell(object, new Date('2026-11-21T08:00:00Z')));
  };
  expect(cells({})).toEqual(['Running', '0/1', '']);
  expect(cells({ startTime: '2026-11-21T07:00:00Z' })).toEqual(['Running', '0/1', '60m']);
  const conditions = [{ type: 'Complete', status: 'True' }];
  const ended = { conditions, succeeded: 1, startTime: '2026-11-21T07:00:00Z', completionTime: '2026-11-21T07:00:05Z' };
  expect(cells(ended)).toEqual(['Complete', '1/1', '5s']);
});

test.each([
  [{ schedule: 'x' }, ['spec.schedule']],
  [{ schedule: 'TZ=UTC 0 0 * * *' }, ['spec.schedule']],
  [{ timeZone: '' }, ['spec.timeZone']],
  [{ timeZone: 'Local' }, ['spec.timeZone']],
  [{ timeZone: 'Mars/../Base' }, ['spec.timeZone']],
  [
    { concurrencyPolicy: 'Maybe', failedJobsHistoryLimit: -1 },
    ['spec.concurrencyPolicy', 'spec.failedJobsHistoryLimit'],
  ],
  [
    { jobTemplate: { spec: { template: pods(), selector: { matchLabels: {} }, manualSelector: true } } },
    ['spec.jobTemplate.spec.selector', 'spec.jobTemplate.spec.manualSelector'],
  ],
])('a CronJob with %j is refused for %j', (spec, fields) => {
  const { object } = decode(cronJobKind, {
    metadata: { name: 'c', namespace: 'n' },
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template: pods() } }, ...spec },
  });
  cronJobKind.applyDefaults?.(object);
  expect(validateCreate(cronJobKind, object).map(({ field }) => field)).toEqual(fields);
});

test('the name of a CronJob leaves room for those of its Jobs', () => {
  const { object } = decode(cronJobKind, {
    metadata: { name: 'c'.repeat(53), namespace: 'n' },
    spec: { schedule: '@daily', jobTemplate: { spec: { template: pods() } } },
  });
  cronJobKind.applyDefaults?.(object);
  expect(validateCreate(cronJobKind, object).map(({ detail }) => detail)).toEqual([
    expect.stringContaining('must be no more than 52 characters'),
  ]);
});
