import {
  type Static,
  bytes,
  described,
  embedded,
  field,
  int32,
  list,
  object,
  pointer,
  required,
  string,
} from '#api/schema/builders.ts';
import type { LabelSelector } from '#api/meta/label-selector.ts';

/** `admissionregistration.v1.ServiceReference`. */
export const ServiceReference = object(
  'admissionregistration.v1.ServiceReference',
  {
    namespace: required(1, described('The namespace of the Service.', string())),
    name: required(2, described('The name of the Service.', string())),
    path: field(3, described('The path to send requests to.', pointer(string()))),
    port: field(4, described('The port of the Service. Default 443.', pointer(int32({ default: 443 })))),
  },
  { description: 'A Service, a port of it and a path.' },
);
/** The JSON form of `admissionregistration.v1.ServiceReference`. */
export type ServiceReference = Static<typeof ServiceReference>;

/** `admissionregistration.v1.WebhookClientConfig`. */
export const WebhookClientConfig = object(
  'admissionregistration.v1.WebhookClientConfig',
  {
    service: field(1, described('The Service that answers, instead of a URL.', ServiceReference)),
    caBundle: field(
      2,
      described('The certificates of the authorities that its certificate is checked with, in PEM.', bytes()),
    ),
    url: field(3, described('Where it answers, instead of a Service; begins with https://.', pointer(string()))),
  },
  { description: 'How a webhook is reached: by a URL or through a Service, one of the two.' },
);
/** The JSON form of `admissionregistration.v1.WebhookClientConfig`. */
export type WebhookClientConfig = Static<typeof WebhookClientConfig>;

/** `admissionregistration.v1.MatchCondition`. */
export const MatchCondition = object(
  'admissionregistration.v1.MatchCondition',
  {
    name: required(1, described('What it is called in texts; a qualified name.', string())),
    expression: required(
      2,
      described('CEL that must be true. It sees object, oldObject, request and authorizer.', string()),
    ),
  },
  { description: 'A condition that a request must meet.' },
);
/** The JSON form of `admissionregistration.v1.MatchCondition`. */
export type MatchCondition = Static<typeof MatchCondition>;

/** `admissionregistration.v1.RuleWithOperations`. */
export const RuleWithOperations = object(
  'admissionregistration.v1.RuleWithOperations',
  {
    operations: field(1, described('CREATE, UPDATE, DELETE, CONNECT, or * for all.', list(string()))),
    apiGroups: field(1, embedded(2, described('API groups, or * for all.', list(string())))),
    apiVersions: field(2, embedded(2, described('API versions, or * for all.', list(string())))),
    resources: field(
      3,
      embedded(
        2,
        described('Resources: pods, pods/log, */scale, pods/*, * (all but subresources) or */*.', list(string())),
      ),
    ),
    scope: field(
      4,
      embedded(2, described('Cluster, Namespaced, or * (default) for both.', pointer(string({ default: '*' })))),
    ),
  },
  { description: 'Requests by operation and resource.' },
);
/** The JSON form of `admissionregistration.v1.RuleWithOperations`. */
export type RuleWithOperations = Static<typeof RuleWithOperations>;

/** What webhooks of both sorts have in common. */
export interface Webhook {
  readonly name: string;
  readonly clientConfig: WebhookClientConfig;
  readonly rules?: RuleWithOperations[];
  failurePolicy?: string;
  matchPolicy?: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  readonly sideEffects: string;
  timeoutSeconds?: number;
  readonly admissionReviewVersions: string[];
  readonly matchConditions?: MatchCondition[];
}

/** Fills in what a webhook does not say. */
export function applyWebhookDefaults(webhook: Webhook): void {
  webhook.failurePolicy ??= 'Fail';
  webhook.matchPolicy ??= 'Equivalent';
  webhook.namespaceSelector ??= {};
  webhook.objectSelector ??= {};
  webhook.timeoutSeconds ??= 10;
}
