import {
  type Static,
  boolean,
  bytes,
  described,
  field,
  map,
  object,
  pointer,
  required,
  string,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { validateConfigMapData, validateImmutability } from '#api/kinds/core/data-validation.ts';

/** `core.v1.ConfigMap`. */
export const ConfigMap = object(
  'core.v1.ConfigMap',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    data: field(2, described('Keys with text.', map(string()))),
    binaryData: field(3, described('Keys with bytes, in base64.', map(bytes()))),
    immutable: field(4, described('Forbid changes for good.', pointer(boolean()))),
  },
  { description: 'Settings for programs, as keys with text or bytes.' },
);
/** The JSON form of `core.v1.ConfigMap`. */
export type ConfigMap = Static<typeof ConfigMap>;

/** ConfigMaps. */
export const configMapKind = defineKind<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  schema: ConfigMap,
  shortNames: ['cm'],
  columns: [
    nameColumn,
    textColumn(
      'Data',
      'How many keys it holds.',
      ({ data = {}, binaryData = {} }) => Object.keys(data).length + Object.keys(binaryData).length,
    ),
    ageColumn,
  ],
  validate: validateConfigMapData,
  validateUpdate: validateImmutability,
});
