import { type Static, described, field, listMap, object, required, string } from '#api/schema/builders.ts';
import { nameColumn, textColumn } from '#api/kinds/columns.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `core.v1.ComponentCondition`. */
export const ComponentCondition = object(
  'core.v1.ComponentCondition',
  {
    type: required(1, described('Healthy.', string())),
    status: required(2, described('True, False or Unknown.', string())),
    message: field(3, described('What the component said.', string())),
    error: field(4, described('Why it could not be asked.', string())),
  },
  { description: 'What was found when a component was asked how it is.' },
);
/** The JSON form of `core.v1.ComponentCondition`. */
export type ComponentCondition = Static<typeof ComponentCondition>;

/** `core.v1.ComponentStatus`. */
export const ComponentStatus = object(
  'core.v1.ComponentStatus',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    conditions: field(
      2,
      described(
        'What was found.',
        listMap(ComponentCondition, { keys: ['type'], mergeKey: 'type', patchStrategy: 'merge' }),
      ),
    ),
  },
  { description: 'How a part of the control plane is. Deprecated; ask /livez and /readyz instead.' },
);
/** The JSON form of `core.v1.ComponentStatus`. */
export type ComponentStatus = Static<typeof ComponentStatus>;

const health = ({ conditions = [] }: ComponentStatus): ComponentCondition | undefined =>
  conditions.find(({ type }) => type === 'Healthy');

/** ComponentStatuses: made up by the server when somebody asks, never stored. */
export const componentStatusKind = defineKind<ComponentStatus>({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  schema: ComponentStatus,
  shortNames: ['cs'],
  scope: 'Cluster',
  verbs: ['get', 'list'],
  columns: [
    nameColumn,
    textColumn('Status', 'Is it healthy.', (status) => {
      const found = health(status);
      return found === undefined ? 'Unknown' : found.status === 'True' ? 'Healthy' : 'Unhealthy';
    }),
    textColumn('Message', 'What it said.', (status) => health(status)?.message ?? ''),
    textColumn('Error', 'Why it could not be asked.', (status) => health(status)?.error ?? ''),
  ],
});
