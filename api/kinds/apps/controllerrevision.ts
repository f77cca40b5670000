import { type Static, described, field, int64, object, rawObject, required, string } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { invalid, nonNegative, requiredValue } from '#api/meta/field-error.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `apps.v1.ControllerRevision`. */
export const ControllerRevision = object(
  'apps.v1.ControllerRevision',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    data: field(2, described('What was recorded, in the form of its controller.', rawObject())),
    revision: required(3, described('Counts up with every change of the template.', int64())),
  },
  { description: 'A template as a StatefulSet or DaemonSet once had it. It never changes.' },
);
/** The JSON form of `apps.v1.ControllerRevision`. */
export type ControllerRevision = Static<typeof ControllerRevision>;

/** `statefulset.apps/web`: the object that a revision belongs to. */
function controllerName({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return '<none>';
  const [group = ''] = owner.apiVersion.includes('/') ? owner.apiVersion.split('/') : [];
  return `${owner.kind}${group === '' ? '' : `.${group}`}`.toLowerCase() + `/${owner.name}`;
}

/** ControllerRevisions. */
export const controllerRevisionKind = defineKind<ControllerRevision>({
  group: 'apps',
  version: 'v1',
  kind: 'ControllerRevision',
  schema: ControllerRevision,
  columns: [
    nameColumn,
    textColumn('Controller', 'What it is a revision of.', controllerName),
    textColumn('Revision', 'Its number.', ({ revision }) => revision),
    ageColumn,
  ],
  validate: ({ revision }) => nonNegative('revision', revision),
  validateCreate: ({ data }) => (data === undefined ? [requiredValue('data', 'data is mandatory')] : []),
  validateUpdate: ({ data }, old) => (deepEqual(data, old.data) ? [] : [invalid('data', data, IMMUTABLE)]),
});
