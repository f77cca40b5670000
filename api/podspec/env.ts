import {
  type Static,
  boolean,
  described,
  embedded,
  field,
  object,
  pointer,
  quantity,
  required,
  string,
  value,
} from '#api/schema/builders.ts';

/** `core.v1.ConfigMapKeySelector`. */
export const ConfigMapKeySelector = object(
  'core.v1.ConfigMapKeySelector',
  {
    key: required(2, string()),
    optional: field(3, pointer(boolean())),
    name: field(1, embedded(1, string())),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `core.v1.ConfigMapKeySelector`. */
export type ConfigMapKeySelector = Static<typeof ConfigMapKeySelector>;

/** `core.v1.ObjectFieldSelector`. */
export const ObjectFieldSelector = object(
  'core.v1.ObjectFieldSelector',
  {
    apiVersion: field(1, string()),
    fieldPath: required(2, string()),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `core.v1.ObjectFieldSelector`. */
export type ObjectFieldSelector = Static<typeof ObjectFieldSelector>;

/** `core.v1.FileKeySelector`. */
export const FileKeySelector = object(
  'core.v1.FileKeySelector',
  {
    key: required(3, string()),
    optional: field(4, pointer(boolean())),
    path: required(2, string()),
    volumeName: required(1, string()),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `core.v1.FileKeySelector`. */
export type FileKeySelector = Static<typeof FileKeySelector>;

/** `core.v1.ResourceFieldSelector`. */
export const ResourceFieldSelector = object(
  'core.v1.ResourceFieldSelector',
  {
    containerName: field(1, string()),
    resource: required(2, string()),
    divisor: field(3, value(quantity())),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `core.v1.ResourceFieldSelector`. */
export type ResourceFieldSelector = Static<typeof ResourceFieldSelector>;

/** `core.v1.SecretKeySelector`. */
export const SecretKeySelector = object(
  'core.v1.SecretKeySelector',
  {
    key: required(2, string()),
    optional: field(3, pointer(boolean())),
    name: field(1, embedded(1, string())),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `core.v1.SecretKeySelector`. */
export type SecretKeySelector = Static<typeof SecretKeySelector>;

/** `core.v1.EnvVarSource`. */
export const EnvVarSource = object('core.v1.EnvVarSource', {
  fieldRef: field(1, ObjectFieldSelector),
  resourceFieldRef: field(2, ResourceFieldSelector),
  configMapKeyRef: field(3, ConfigMapKeySelector),
  secretKeyRef: field(4, SecretKeySelector),
  fileKeyRef: field(5, FileKeySelector),
});
/** The JSON form of `core.v1.EnvVarSource`. */
export type EnvVarSource = Static<typeof EnvVarSource>;

/** `core.v1.EnvVar`. */
export const EnvVar = object(
  'core.v1.EnvVar',
  {
    name: required(1, described('The name of the variable.', string())),
    value: field(2, described('The value; $(VAR) is replaced by variables defined before.', string())),
    valueFrom: field(3, described('Where to take the value from.', EnvVarSource)),
  },
  { description: 'An environment variable.' },
);
/** The JSON form of `core.v1.EnvVar`. */
export type EnvVar = Static<typeof EnvVar>;

/** `core.v1.ConfigMapEnvSource`. */
export const ConfigMapEnvSource = object('core.v1.ConfigMapEnvSource', {
  optional: field(2, pointer(boolean())),
  name: field(1, embedded(1, string())),
});
/** The JSON form of `core.v1.ConfigMapEnvSource`. */
export type ConfigMapEnvSource = Static<typeof ConfigMapEnvSource>;

/** `core.v1.SecretEnvSource`. */
export const SecretEnvSource = object('core.v1.SecretEnvSource', {
  optional: field(2, pointer(boolean())),
  name: field(1, embedded(1, string())),
});
/** The JSON form of `core.v1.SecretEnvSource`. */
export type SecretEnvSource = Static<typeof SecretEnvSource>;

/** `core.v1.EnvFromSource`. */
export const EnvFromSource = object('core.v1.EnvFromSource', {
  prefix: field(1, string()),
  configMapRef: field(2, ConfigMapEnvSource),
  secretRef: field(3, SecretEnvSource),
});
/** The JSON form of `core.v1.EnvFromSource`. */
export type EnvFromSource = Static<typeof EnvFromSource>;
