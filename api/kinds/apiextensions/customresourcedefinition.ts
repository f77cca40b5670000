import {
  type Static,
  boolean,
  bytes,
  field,
  int32,
  int64,
  list,
  listMap,
  object,
  pointer,
  rawObject,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { ALL_VERBS, defineKind } from '#api/kind.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { nameColumn } from '#api/kinds/columns.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { terminating } from './definition-status.ts';
import { validateDefinition, validateDefinitionUpdate, validateNewDefinition } from './definition-validation.ts';

/** `apiextensions.v1.ServiceReference`. */
export const ServiceReference = object('apiextensions.v1.ServiceReference', {
  namespace: required(1, string()),
  name: required(2, string()),
  path: field(3, pointer(string())),
  port: field(4, pointer(int32())),
});
/** The JSON form of `apiextensions.v1.ServiceReference`. */
export type ServiceReference = Static<typeof ServiceReference>;

/** `apiextensions.v1.WebhookClientConfig`. */
export const WebhookClientConfig = object('apiextensions.v1.WebhookClientConfig', {
  service: field(1, ServiceReference),
  caBundle: field(2, bytes()),
  url: field(3, pointer(string())),
});
/** The JSON form of `apiextensions.v1.WebhookClientConfig`. */
export type WebhookClientConfig = Static<typeof WebhookClientConfig>;

/** `apiextensions.v1.WebhookConversion`. */
export const WebhookConversion = object('apiextensions.v1.WebhookConversion', {
  clientConfig: field(2, WebhookClientConfig),
  conversionReviewVersions: required(3, list(string())),
});
/** The JSON form of `apiextensions.v1.WebhookConversion`. */
export type WebhookConversion = Static<typeof WebhookConversion>;

/** `apiextensions.v1.CustomResourceConversion`. */
export const CustomResourceConversion = object('apiextensions.v1.CustomResourceConversion', {
  strategy: required(1, string()),
  webhook: field(2, WebhookConversion),
});
/** The JSON form of `apiextensions.v1.CustomResourceConversion`. */
export type CustomResourceConversion = Static<typeof CustomResourceConversion>;

/** `apiextensions.v1.CustomResourceDefinitionNames`. */
export const CustomResourceDefinitionNames = object('apiextensions.v1.CustomResourceDefinitionNames', {
  kind: required(4, string()),
  plural: required(1, string()),
  singular: field(2, string()),
  shortNames: field(3, list(string())),
  listKind: field(5, string()),
  categories: field(6, list(string())),
});
/** The JSON form of `apiextensions.v1.CustomResourceDefinitionNames`. */
export type CustomResourceDefinitionNames = Static<typeof CustomResourceDefinitionNames>;

/** `apiextensions.v1.CustomResourceColumnDefinition`. */
export const CustomResourceColumnDefinition = object('apiextensions.v1.CustomResourceColumnDefinition', {
  name: required(1, string()),
  type: required(2, string()),
  format: field(3, string()),
  description: field(4, string()),
  priority: field(5, int32()),
  jsonPath: required(6, string()),
});
/** The JSON form of `apiextensions.v1.CustomResourceColumnDefinition`. */
export type CustomResourceColumnDefinition = Static<typeof CustomResourceColumnDefinition>;

/** `apiextensions.v1.SelectableField`. */
export const SelectableField = object('apiextensions.v1.SelectableField', {
  jsonPath: required(0, string()),
});
/** The JSON form of `apiextensions.v1.SelectableField`. */
export type SelectableField = Static<typeof SelectableField>;

/** `apiextensions.v1.CustomResourceSubresourceScale`. */
export const CustomResourceSubresourceScale = object('apiextensions.v1.CustomResourceSubresourceScale', {
  specReplicasPath: required(1, string()),
  statusReplicasPath: required(2, string()),
  labelSelectorPath: field(3, pointer(string())),
});
/** The JSON form of `apiextensions.v1.CustomResourceSubresourceScale`. */
export type CustomResourceSubresourceScale = Static<typeof CustomResourceSubresourceScale>;

/** `apiextensions.v1.CustomResourceSubresources`. */
export const CustomResourceSubresources = object('apiextensions.v1.CustomResourceSubresources', {
  status: field(1, rawObject()),
  scale: field(2, CustomResourceSubresourceScale),
});
/** The JSON form of `apiextensions.v1.CustomResourceSubresources`. */
export type CustomResourceSubresources = Static<typeof CustomResourceSubresources>;

/** `apiextensions.v1.CustomResourceValidation`. */
export const CustomResourceValidation = object('apiextensions.v1.CustomResourceValidation', {
  openAPIV3Schema: field(1, rawObject()),
});
/** The JSON form of `apiextensions.v1.CustomResourceValidation`. */
export type CustomResourceValidation = Static<typeof CustomResourceValidation>;

/** `apiextensions.v1.CustomResourceDefinitionVersion`. */
export const CustomResourceDefinitionVersion = object('apiextensions.v1.CustomResourceDefinitionVersion', {
  name: required(1, string()),
  served: required(2, boolean()),
  storage: required(3, boolean()),
  schema: field(4, CustomResourceValidation),
  subresources: field(5, CustomResourceSubresources),
  additionalPrinterColumns: field(6, list(CustomResourceColumnDefinition)),
  deprecated: field(7, boolean()),
  deprecationWarning: field(8, pointer(string())),
  selectableFields: field(0, list(SelectableField)),
});
/** The JSON form of `apiextensions.v1.CustomResourceDefinitionVersion`. */
export type CustomResourceDefinitionVersion = Static<typeof CustomResourceDefinitionVersion>;

/** `apiextensions.v1.CustomResourceDefinitionSpec`. */
export const CustomResourceDefinitionSpec = object('apiextensions.v1.CustomResourceDefinitionSpec', {
  group: required(1, string()),
  names: required(3, CustomResourceDefinitionNames),
  scope: required(4, string()),
  versions: required(7, list(CustomResourceDefinitionVersion)),
  conversion: field(9, CustomResourceConversion),
  preserveUnknownFields: field(10, boolean()),
});
/** The JSON form of `apiextensions.v1.CustomResourceDefinitionSpec`. */
export type CustomResourceDefinitionSpec = Static<typeof CustomResourceDefinitionSpec>;

/** `apiextensions.v1.CustomResourceDefinitionCondition`. */
export const CustomResourceDefinitionCondition = object('apiextensions.v1.CustomResourceDefinitionCondition', {
  type: required(1, string()),
  status: required(2, string()),
  lastTransitionTime: field(3, time()),
  reason: field(4, string()),
  message: field(5, string()),
  observedGeneration: field(0, int64()),
});
/** The JSON form of `apiextensions.v1.CustomResourceDefinitionCondition`. */
export type CustomResourceDefinitionCondition = Static<typeof CustomResourceDefinitionCondition>;

/** `apiextensions.v1.CustomResourceDefinitionStatus`. */
export const CustomResourceDefinitionStatus = object('apiextensions.v1.CustomResourceDefinitionStatus', {
  conditions: field(1, listMap(CustomResourceDefinitionCondition, { keys: ['type'] })),
  acceptedNames: field(2, value(CustomResourceDefinitionNames)),
  storedVersions: field(3, list(string())),
  observedGeneration: field(0, int64()),
});
/** The JSON form of `apiextensions.v1.CustomResourceDefinitionStatus`. */
export type CustomResourceDefinitionStatus = Static<typeof CustomResourceDefinitionStatus>;

/** `apiextensions.v1.CustomResourceDefinition`. */
export const CustomResourceDefinition = object(
  'apiextensions.v1.CustomResourceDefinition',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, CustomResourceDefinitionSpec),
    status: field(3, value(CustomResourceDefinitionStatus)),
  },
  { description: 'Defines a kind that the server then serves like its own.' },
);
/** The JSON form of `apiextensions.v1.CustomResourceDefinition`. */
export type CustomResourceDefinition = Static<typeof CustomResourceDefinition>;

/** Holds a definition that is being deleted until all its objects are gone. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** Definitions of kinds that are served at run time. */
export const customResourceDefinitionKind = defineKind<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  schema: CustomResourceDefinition,
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  scope: 'Cluster',
  verbs: ALL_VERBS,
  hasStatus: true,
  hasGeneration: true,
  columns: [
    nameColumn,
    {
      name: 'Created At',
      type: 'date',
      description: 'When the server created the object.',
      cell: ({ metadata }) => metadata.creationTimestamp ?? '',
    },
  ],
  applyDefaults({ spec }) {
    spec.names.singular ||= spec.names.kind.toLowerCase();
    spec.names.listKind ||= `${spec.names.kind}List`;
    spec.conversion ??= { strategy: 'None' };
    const service = spec.conversion.webhook?.clientConfig?.service;
    if (service !== undefined) service.port ??= 443;
  },
  prepareForCreate(definition) {
    const storage = definition.spec.versions.find((version) => version.storage);
    definition.status = {
      acceptedNames: { plural: '', kind: '' },
      ...(storage === undefined ? {} : { storedVersions: [storage.name] }),
    };
  },
  prepareForUpdate(definition, old) {
    carryOver(definition, old, 'status');
    const storage = definition.spec.versions.find((version) => version.storage)?.name;
    const stored = definition.status?.storedVersions ?? [];
    if (storage !== undefined && !stored.includes(storage)) {
      definition.status = { ...definition.status, storedVersions: [...stored, storage] };
    }
  },
  // Its objects go first; the finalizer is never seen before (upstream: the registry of definitions).
  prepareForDelete(definition, now) {
    const { finalizers = [] } = definition.metadata;
    if (!finalizers.includes(CLEANUP_FINALIZER)) definition.metadata.finalizers = [...finalizers, CLEANUP_FINALIZER];
    definition.status = terminating(definition, now);
  },
  validate: validateDefinition,
  validateCreate: validateNewDefinition,
  validateUpdate: validateDefinitionUpdate,
});
