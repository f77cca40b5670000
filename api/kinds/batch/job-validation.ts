import {
  type FieldError,
  eachInvalid,
  invalid,
  nonNegative,
  notSupported,
  requiredValue,
  tooLong,
  tooMany,
} from '#api/meta/field-error.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { byteLength, dns1123Label, dns1123Subdomain, regexError } from '#api/meta/names.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { labelSelectorMatcher, validateLabelSelector } from '#api/meta/selectors.ts';
import { isEvaluable } from '#api/kinds/apps/workload-validation.ts';
import { readIndexes } from '#api/kinds/batch/indexes.ts';
import type { Job, JobSpec, SuccessPolicyRule } from '#api/kinds/batch/job.ts';
import { validatePodFailurePolicy } from '#api/kinds/batch/pod-failure-policy.ts';
import { CONTROLLER_UID_LABELS, JOB_NAME_LABELS } from '#api/kinds/batch/selector.ts';
import type { PodTemplateSpec } from '#api/podspec/pod-spec.ts';
import { validatePodTemplate } from '#api/podspec/validate-pod-spec.ts';

/** More indexes than these would make the lists of them in a status too long. */
const MOST_INDEXES = 100_000;
const MOST_WITH_MANY_COMPLETIONS = 10_000;
const MOST_RULES = 20;
const LONGEST_MANAGED_BY = 63;
const LONGEST_INDEXES = 64 * 1024;
const PATH_CHARACTERS = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const REPLACEMENT = ['Failed', 'TerminatingOrFailed'];

/** The faults of a Job (batch validation: ValidateJob). */
export function validateJob(job: Job): FieldError[] {
  const { spec } = job;
  if (spec === undefined) return [requiredValue('spec.selector')];
  return [...validateGeneratedSelector(job, spec), ...validateSpecAndSelector(spec), ...validateHostnames(job, spec)];
}

/** What the server made must be as it made it: a client may have put labels of its own in their place. */
function validateGeneratedSelector({ metadata }: Job, { manualSelector, selector, template }: JobSpec): FieldError[] {
  if (manualSelector === true || selector === undefined) return [];
  const { uid = '', name = '' } = metadata;
  const expected = Object.fromEntries([
    ...CONTROLLER_UID_LABELS.map((label) => [label, uid]),
    ...JOB_NAME_LABELS.map((label) => [label, name]),
  ]) as Record<string, string>;
  const labels = template.metadata?.labels ?? {};
  const errors = Object.entries(expected).flatMap(([label, wanted]) => {
    const field = `spec.template.metadata.labels[${label}]`;
    if (labels[label] === wanted) return [];
    return [
      label in labels ? invalid(field, labels, `must be '${wanted}'`) : requiredValue(field, `must be '${wanted}'`),
    ];
  });
  if (isEvaluable(selector) && !labelSelectorMatcher(selector)(expected))
    errors.push(invalid('spec.selector', selector, '`selector` not auto-generated'));
  return errors;
}

/** The last pod of an Indexed Job gets the longest hostname. */
function validateHostnames({ metadata }: Job, { completionMode, completions = 0 }: JobSpec): FieldError[] {
  if (completionMode !== 'Indexed' || completions <= 0) return [];
  const hostname = `${metadata.name ?? ''}-${completions - 1}`;
  return dns1123Label(hostname).length === 0
    ? []
    : [invalid('metadata.name', metadata.name, `will not able to create pod with invalid DNS label: ${hostname}`)];
}

function validateSpecAndSelector(spec: JobSpec): FieldError[] {
  const { selector, template } = spec;
  const errors = validateJobSpec(spec, 'spec');
  if (selector === undefined) errors.push(requiredValue('spec.selector'));
  else errors.push(...validateLabelSelector(selector, 'spec.selector'));
  if (isEvaluable(selector) && !labelSelectorMatcher(selector)(template.metadata?.labels))
    errors.push(
      invalid(
        'spec.template.metadata.labels',
        template.metadata?.labels ?? {},
        '`selector` does not match template `labels`',
      ),
    );
  return errors;
}

/** The faults of a Job's spec, also within a template, where it has no selector. */
export function validateJobSpec(spec: JobSpec | undefined, path: string): FieldError[] {
  if (spec === undefined) return [];
  const errors = (
    [
      'parallelism',
      'completions',
      'activeDeadlineSeconds',
      'backoffLimit',
      'ttlSecondsAfterFinished',
      'backoffLimitPerIndex',
      'maxFailedIndexes',
    ] as const
  ).flatMap((field) => nonNegative(`${path}.${field}`, spec[field]));
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    errors.push(requiredValue(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  if (spec.managedBy !== undefined) errors.push(...validateManagedBy(spec.managedBy, `${path}.managedBy`));
  errors.push(...validateCompletionMode(spec, path));
  if (spec.podFailurePolicy !== undefined) errors.push(...validatePodFailurePolicy(spec, `${path}.podFailurePolicy`));
  errors.push(...validateSuccessPolicy(spec, `${path}.successPolicy`));
  errors.push(...validateReplacement(spec, `${path}.podReplacementPolicy`));
  errors.push(...validatePodTemplate(spec.template, `${path}.template`));
  errors.push(...validateRestartPolicy(spec, `${path}.template.spec.restartPolicy`));
  return errors;
}

/** A domain-prefixed path (apimachinery: IsDomainPrefixedPath), at most 63 characters. */
function validateManagedBy(managedBy: string, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const slash = managedBy.indexOf('/');
  const [host, path] = [managedBy.slice(0, slash), managedBy.slice(slash + 1)];
  if (managedBy === '') errors.push(requiredValue(field));
  else if (slash <= 0 || path === '')
    errors.push(invalid(field, managedBy, 'must be a domain-prefixed path (such as "acme.io/foo")'));
  else {
    errors.push(...eachInvalid(field, host, dns1123Subdomain(host)));
    if (!new RegExp(`^${PATH_CHARACTERS}$`).test(path))
      errors.push(invalid(field, path, regexError('Invalid path', PATH_CHARACTERS)));
  }
  return byteLength(managedBy) > LONGEST_MANAGED_BY ? [...errors, tooLong(field, LONGEST_MANAGED_BY)] : errors;
}

function validateCompletionMode(spec: JobSpec, path: string): FieldError[] {
  const { completionMode = 'NonIndexed', backoffLimitPerIndex, maxFailedIndexes } = spec;
  if (completionMode === 'Indexed') return validateIndexed(spec, path);
  if (completionMode !== 'NonIndexed')
    return [notSupported(`${path}.completionMode`, completionMode, ['NonIndexed', 'Indexed'])];
  const errors: FieldError[] = [];
  for (const [field, value] of Object.entries({ backoffLimitPerIndex, maxFailedIndexes }))
    if (value !== undefined) errors.push(invalid(`${path}.${field}`, value, 'requires indexed completion mode'));
  return errors;
}

function validateIndexed(spec: JobSpec, path: string): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  const atMost = (field: string, value: number, most: number, when: string): void => {
    if (value > most) errors.push(invalid(`${path}.${field}`, value, `must be less than or equal to ${most}${when}`));
  };
  if (completions === undefined) errors.push(requiredValue(`${path}.completions`, 'when completion mode is Indexed'));
  atMost('parallelism', parallelism, MOST_INDEXES, ' when completion mode is Indexed');
  if (maxFailedIndexes !== undefined) {
    if (completions !== undefined && maxFailedIndexes > completions)
      errors.push(invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, 'must be less than or equal to completions'));
    atMost('maxFailedIndexes', maxFailedIndexes, MOST_INDEXES, '');
  }
  if (completions === undefined || completions <= MOST_INDEXES || backoffLimitPerIndex === undefined) return errors;
  const when = ` when completions are above ${MOST_INDEXES} and used with backoff limit per index`;
  if (maxFailedIndexes === undefined)
    errors.push(
      requiredValue(`${path}.maxFailedIndexes`, `must be specified when completions is above ${MOST_INDEXES}`),
    );
  atMost('parallelism', parallelism, MOST_WITH_MANY_COMPLETIONS, when);
  atMost('maxFailedIndexes', maxFailedIndexes ?? 0, MOST_WITH_MANY_COMPLETIONS, when);
  return errors;
}

function validateSuccessPolicy(
  { successPolicy, completionMode, completions = 0 }: JobSpec,
  path: string,
): FieldError[] {
  if (successPolicy === undefined) return [];
  if (completionMode !== 'Indexed') return [invalid(path, successPolicy, 'requires indexed completion mode')];
  const { rules } = successPolicy;
  const errors: FieldError[] = [];
  if (rules.length === 0)
    errors.push(
      requiredValue(`${path}.rules`, 'at least one rules must be specified when the successPolicy is specified'),
    );
  if (rules.length > MOST_RULES) errors.push(tooMany(`${path}.rules`, rules.length, MOST_RULES));
  return [
    ...errors,
    ...rules.flatMap((rule, index) => validateSuccessRule(rule, completions, `${path}.rules[${index}]`)),
  ];
}

function validateSuccessRule(rule: SuccessPolicyRule, completions: number, path: string): FieldError[] {
  const { succeededCount, succeededIndexes } = rule;
  const errors: FieldError[] = [];
  if (succeededCount === undefined && succeededIndexes === undefined)
    errors.push(requiredValue(path, 'at least one of succeededCount or succeededIndexes must be specified'));
  let named = 0;
  if (succeededIndexes !== undefined) {
    const field = `${path}.succeededIndexes`;
    if (byteLength(succeededIndexes) > LONGEST_INDEXES) errors.push(tooLong(field, LONGEST_INDEXES));
    const read = readIndexes(succeededIndexes, completions);
    if (typeof read === 'string')
      errors.push(invalid(field, succeededIndexes, `error parsing succeededIndexes: ${read}`));
    else named = read.count;
  }
  if (succeededCount === undefined) return errors;
  const field = `${path}.succeededCount`;
  const atMost = (most: number, what: string): void => {
    if (succeededCount > most)
      errors.push(invalid(field, succeededCount, `must be less than or equal to ${most} (the number of ${what})`));
  };
  errors.push(...nonNegative(field, succeededCount));
  atMost(completions, 'specified completions');
  if (succeededIndexes !== undefined) atMost(named, 'indexes in the specified succeededIndexes field');
  return errors;
}

function validateReplacement({ podReplacementPolicy, podFailurePolicy }: JobSpec, path: string): FieldError[] {
  if (podReplacementPolicy === undefined) return [];
  const allowed = podFailurePolicy === undefined ? REPLACEMENT : ['Failed'];
  return allowed.includes(podReplacementPolicy) ? [] : [notSupported(path, podReplacementPolicy, allowed)];
}

function validateRestartPolicy({ template, podFailurePolicy }: JobSpec, path: string): FieldError[] {
  const policy = template.spec?.restartPolicy ?? '';
  if (policy === '' || policy === 'Always') return [requiredValue(path, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [notSupported(path, policy, ['OnFailure', 'Never'])];
  return podFailurePolicy !== undefined && policy !== 'Never'
    ? [invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    : [];
}

/** The faults of a change (batch validation: ValidateJobSpecUpdate). */
export function validateJobUpdate(job: Job, old: Job): FieldError[] {
  const [spec, oldSpec] = [job.spec, old.spec];
  if (spec === undefined || oldSpec === undefined) return [];
  const errors = [...validateSpecAndSelector(spec), ...validateCompletionsUpdate(spec, oldSpec)];
  const fixed = (field: keyof JobSpec, value: unknown, before: unknown): void => {
    if (!deepEqual(value, before)) errors.push(invalid(`spec.${field}`, value, IMMUTABLE));
  };
  fixed('selector', spec.selector, oldSpec.selector);
  const waits = oldSpec.suspend === true && old.status?.startTime === undefined;
  fixed('template', spec.template, waits ? withScheduling(oldSpec.template, spec.template) : oldSpec.template);
  for (const field of [
    'completionMode',
    'podFailurePolicy',
    'backoffLimitPerIndex',
    'managedBy',
    'successPolicy',
  ] as const)
    fixed(field, spec[field], oldSpec[field]);
  return errors;
}

/** completions never change, but for Indexed Jobs together with parallelism. */
function validateCompletionsUpdate(spec: JobSpec, old: JobSpec): FieldError[] {
  const { completions, parallelism, completionMode } = spec;
  if (completions === old.completions) return [];
  if (completionMode !== 'Indexed') return [invalid('spec.completions', completions, IMMUTABLE)];
  return completions === undefined || completions === parallelism
    ? []
    : [invalid('spec.completions', completions, 'can only be modified in tandem with spec.parallelism')];
}

/** The old template with what may still change of where pods run, while none has. */
function withScheduling(old: PodTemplateSpec, { metadata, spec }: PodTemplateSpec): PodTemplateSpec {
  const { nodeSelector, tolerations, schedulingGates } = spec ?? {};
  const affinity = { ...old.spec?.affinity, nodeAffinity: spec?.affinity?.nodeAffinity };
  const none = Object.values(affinity).every((one) => one === undefined);
  return JSON.parse(
    JSON.stringify({
      ...old,
      metadata: { ...old.metadata, labels: metadata?.labels, annotations: metadata?.annotations },
      spec: {
        ...old.spec,
        nodeSelector,
        tolerations,
        schedulingGates,
        affinity: none && spec?.affinity === undefined ? undefined : affinity,
      },
    }),
  ) as PodTemplateSpec;
}
