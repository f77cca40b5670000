import {
  type Static,
  described,
  field,
  int32,
  list,
  listMap,
  object,
  pointer,
  required,
  string,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import {
  MatchCondition,
  RuleWithOperations,
  WebhookClientConfig,
  applyWebhookDefaults,
} from '#api/kinds/admissionregistration/webhook.ts';
import { validateWebhooks } from '#api/kinds/admissionregistration/webhook-validation.ts';
import { ageColumn, integerColumn, nameColumn } from '#api/kinds/columns.ts';

/** `admissionregistration.v1.ValidatingWebhook`. */
export const ValidatingWebhook = object(
  'admissionregistration.v1.ValidatingWebhook',
  {
    name: required(1, described('What it is called: a domain of three labels or more.', string())),
    clientConfig: required(2, described('How it is reached.', WebhookClientConfig)),
    rules: field(3, described('The requests that it is asked about.', list(RuleWithOperations))),
    failurePolicy: field(
      4,
      described(
        'What happens when it cannot be asked. Fail (default): the request fails. Ignore: it goes on.',
        pointer(string()),
      ),
    ),
    namespaceSelector: field(5, described('Only requests in namespaces with these labels.', LabelSelector)),
    sideEffects: required(
      6,
      described(
        'None: it changes nothing else. NoneOnDryRun: nothing when the request is a dry run.',
        pointer(string()),
      ),
    ),
    timeoutSeconds: field(7, described('How long it may take, 1 to 30. Default 10.', pointer(int32()))),
    admissionReviewVersions: required(
      8,
      described('The versions of AdmissionReview that it understands, the best first.', list(string())),
    ),
    matchPolicy: field(
      9,
      described(
        'Equivalent (default): the rules mean other versions of a resource too. Exact: just what they say.',
        pointer(string()),
      ),
    ),
    objectSelector: field(10, described('Only requests whose object, new or old, has these labels.', LabelSelector)),
    matchConditions: field(
      11,
      described(
        'Further conditions on the request, in CEL; all must be true.',
        listMap(MatchCondition, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
      ),
    ),
  },
  { description: 'A program that may refuse requests.' },
);
/** The JSON form of `admissionregistration.v1.ValidatingWebhook`. */
export type ValidatingWebhook = Static<typeof ValidatingWebhook>;

/** `admissionregistration.v1.ValidatingWebhookConfiguration`. */
export const ValidatingWebhookConfiguration = object(
  'admissionregistration.v1.ValidatingWebhookConfiguration',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    webhooks: field(
      2,
      described(
        'The programs that are asked.',
        listMap(ValidatingWebhook, { keys: ['name'], mergeKey: 'name', patchStrategy: 'merge' }),
      ),
    ),
  },
  { description: 'Programs outside that are asked about requests and may refuse them.' },
);
/** The JSON form of `admissionregistration.v1.ValidatingWebhookConfiguration`. */
export type ValidatingWebhookConfiguration = Static<typeof ValidatingWebhookConfiguration>;

/** ValidatingWebhookConfigurations. */
export const validatingWebhookConfigurationKind = defineKind<ValidatingWebhookConfiguration>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingWebhookConfiguration',
  schema: ValidatingWebhookConfiguration,
  categories: ['api-extensions'],
  scope: 'Cluster',
  hasGeneration: true,
  columns: [
    nameColumn,
    integerColumn('Webhooks', 'How many programs are asked.', ({ webhooks = [] }) => webhooks.length),
    ageColumn,
  ],
  applyDefaults({ webhooks = [] }) {
    for (const webhook of webhooks) applyWebhookDefaults(webhook);
  },
  validate: ({ webhooks = [] }) => validateWebhooks(webhooks, undefined),
  updateRulesOnly: true,
  validateUpdate: ({ webhooks = [] }, old) => validateWebhooks(webhooks, old.webhooks ?? []),
});
