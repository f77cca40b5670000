import { type Static, described, field, map, object, required, string } from '#api/schema/builders.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { defineKind } from '#api/kind.ts';
import { validateParameters, validateProvisioner } from '#api/kinds/storage/class-parameters.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { forbidden } from '#api/meta/field-error.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `storage.v1.VolumeAttributesClass`. */
export const VolumeAttributesClass = object(
  'storage.v1.VolumeAttributesClass',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    driverName: required(2, described('The CSI driver that knows the parameters.', string())),
    parameters: field(3, described('Properties that volumes get, as the driver names them.', map(string()))),
  },
  { description: 'Properties of volumes, such as their speed, that may change while they are in use.' },
);
/** The JSON form of `storage.v1.VolumeAttributesClass`. */
export type VolumeAttributesClass = Static<typeof VolumeAttributesClass>;

const DEFAULT_ANNOTATION = 'volumeattributesclass.kubernetes.io/is-default-class';

/** VolumeAttributesClasses. */
export const volumeAttributesClassKind = defineKind<VolumeAttributesClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttributesClass',
  plural: 'volumeattributesclasses',
  schema: VolumeAttributesClass,
  shortNames: ['vac'],
  scope: 'Cluster',
  columns: [
    {
      ...nameColumn,
      cell: ({ metadata }) =>
        `${metadata.name ?? ''}${metadata.annotations?.[DEFAULT_ANNOTATION] === 'true' ? ' (default)' : ''}`,
    },
    textColumn('DriverName', 'Whose parameters they are.', ({ driverName }) => driverName ?? ''),
    ageColumn,
  ],
  validate: ({ driverName, parameters }) => [
    ...validateProvisioner(driverName ?? '', 'driverName'),
    ...validateParameters(parameters, 'parameters', false),
  ],
  validateUpdate: (one, old) =>
    (['driverName', 'parameters'] as const).flatMap((field) =>
      deepEqual(one[field], old[field]) ? [] : [forbidden(field, `updates to ${field} are forbidden.`)],
    ),
});
