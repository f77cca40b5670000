import { deepEqual } from '#api/meta/deep-equal.ts';
import { fullyQualifiedName } from '#api/meta/domain-names.ts';
import {
  type FieldError,
  duplicate,
  eachInvalid,
  invalid,
  invalidShown,
  goStrings,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import { dns1035Label } from '#api/meta/names.ts';
import { validateLabelSelector } from '#api/meta/selectors.ts';
import { validateClientConfig } from './client-config-validation.ts';
import { validateMatchConditions } from './condition-validation.ts';
import { validateRule } from './rule-validation.ts';
import type { Webhook } from './webhook.ts';

/** Kubernetes' lists of values, as its texts have them. */
export const FAILURE_POLICIES: readonly string[] = ['Fail', 'Ignore'];
/** How rules are read. */
export const MATCH_POLICIES: readonly string[] = ['Equivalent', 'Exact'];
/** Whether a webhook or policy is asked again. */
export const REINVOCATION_POLICIES: readonly string[] = ['IfNeeded', 'Never'];
const SIDE_EFFECTS = ['None', 'NoneOnDryRun', 'Some', 'Unknown'];
const NO_SIDE_EFFECTS = ['None', 'NoneOnDryRun'];
const REVIEW_VERSIONS = ['v1', 'v1beta1'];

/** What of an older configuration stays allowed, because it has it already. */
interface Tolerated {
  readonly sideEffects: boolean;
  readonly versions: boolean;
  readonly names: boolean;
  /** No webhook's conditions have changed. */
  readonly conditions: boolean;
}

type AnyWebhook = Webhook & { readonly reinvocationPolicy?: string };

/** The faults of the webhooks of a configuration; `old` are those that they replace (admissionregistration validation). */
export function validateWebhooks(
  webhooks: readonly AnyWebhook[],
  old: readonly AnyWebhook[] | undefined,
): FieldError[] {
  const tolerated: Tolerated = {
    sideEffects: (old ?? []).some(({ sideEffects }) => !NO_SIDE_EFFECTS.includes(sideEffects)),
    versions: (old ?? []).some(({ admissionReviewVersions: versions }) => versions.length > 0 && !isKnown(versions)),
    names: new Set(old?.map(({ name }) => name)).size < (old ?? []).length,
    conditions:
      old?.length === webhooks.length &&
      webhooks.every(({ matchConditions = [] }, index) =>
        deepEqual(matchConditions, old[index]?.matchConditions ?? []),
      ),
  };
  const names = new Set<string>();
  return webhooks.flatMap((webhook, index) => {
    const path = `webhooks[${index}]`;
    const errors = [
      ...validateWebhook(webhook, tolerated, path),
      ...validateVersions(webhook.admissionReviewVersions, tolerated, `${path}.admissionReviewVersions`),
    ];
    if (!tolerated.names && names.has(webhook.name)) errors.push(duplicate(`${path}.name`, webhook.name));
    if (webhook.name !== '') names.add(webhook.name);
    return errors;
  });
}

function validateWebhook(webhook: AnyWebhook, tolerated: Tolerated, path: string): FieldError[] {
  const { failurePolicy, matchPolicy, sideEffects, timeoutSeconds, reinvocationPolicy } = webhook;
  const errors = fullyQualifiedName(webhook.name, `${path}.name`);
  for (const [index, rule] of (webhook.rules ?? []).entries())
    errors.push(...validateRule(rule, `${path}.rules[${index}]`));
  const among = (field: string, value: string | undefined, values: readonly string[]): void => {
    if (value !== undefined && !values.includes(value)) errors.push(notSupported(`${path}.${field}`, value, values));
  };
  among('failurePolicy', failurePolicy, FAILURE_POLICIES);
  among('matchPolicy', matchPolicy, MATCH_POLICIES);
  const effects = tolerated.sideEffects ? SIDE_EFFECTS : NO_SIDE_EFFECTS;
  if (isAbsent(sideEffects))
    errors.push(requiredValue(`${path}.sideEffects`, `must specify one of ${effects.join(', ')}`));
  else among('sideEffects', sideEffects, effects);
  if (timeoutSeconds !== undefined && (timeoutSeconds < 1 || timeoutSeconds > 30))
    errors.push(
      invalid(`${path}.timeoutSeconds`, timeoutSeconds, 'the timeout value must be between 1 and 30 seconds'),
    );
  errors.push(...validateLabelSelector(webhook.namespaceSelector, `${path}.namespaceSelector`));
  errors.push(...validateLabelSelector(webhook.objectSelector, `${path}.objectSelector`));
  among('reinvocationPolicy', reinvocationPolicy, REINVOCATION_POLICIES);
  errors.push(...validateClientConfig(webhook.clientConfig, `${path}.clientConfig`));
  return tolerated.conditions
    ? errors
    : [...errors, ...validateMatchConditions(webhook.matchConditions ?? [], `${path}.matchConditions`)];
}

/** A required field that Go holds by pointer is away when it was not given, whatever its type says. */
const isAbsent = (value: string | undefined): boolean => value === undefined;

const isKnown = (versions: readonly string[]): boolean => versions.some((one) => REVIEW_VERSIONS.includes(one));

function validateVersions(versions: readonly string[] | undefined, tolerated: Tolerated, path: string): FieldError[] {
  if (!versions?.length) return [requiredValue(path, `must specify one of ${REVIEW_VERSIONS.join(', ')}`)];
  const errors = versions.flatMap((version, index) =>
    versions.indexOf(version) < index
      ? [invalid(`${path}[${index}]`, version, 'duplicate version')]
      : eachInvalid(`${path}[${index}]`, version, dns1035Label(version)),
  );
  if (!tolerated.versions && !isKnown(versions))
    errors.push(invalidShown(path, goStrings(versions), `must include at least one of ${REVIEW_VERSIONS.join(', ')}`));
  return errors;
}
