import type { Column, KubeObject } from '#api/kind.ts';
import { ageColumn, nameColumn, textColumn, wide } from '#api/kinds/columns.ts';
import type { RoleRef, Subject } from '#api/kinds/rbac/rules.ts';

/** The columns of Roles and ClusterRoles: those of a kind that upstream has no printer for. */
export const ROLE_COLUMNS: readonly Column<KubeObject>[] = [
  nameColumn,
  {
    name: 'Created At',
    type: 'date',
    description: 'When the server created the object.',
    cell: ({ metadata }) => metadata.creationTimestamp ?? '',
  },
];

/** A binding of either kind. */
type Binding = KubeObject & { roleRef: RoleRef; subjects?: Subject[] };

const subjectsColumn = (name: string, kind: string, shown: (subject: Subject) => string): Column<Binding> =>
  wide(
    textColumn(name, `The subjects of the kind ${kind}.`, ({ subjects = [] }) =>
      subjects
        .filter((one) => one.kind === kind)
        .map(shown)
        .join(', '),
    ),
  );

/** The columns of RoleBindings and ClusterRoleBindings. */
export const BINDING_COLUMNS: readonly Column<Binding>[] = [
  nameColumn,
  textColumn('Role', 'The role that is given.', ({ roleRef }) => `${roleRef.kind}/${roleRef.name}`),
  ageColumn,
  subjectsColumn('Users', 'User', ({ name }) => name),
  subjectsColumn('Groups', 'Group', ({ name }) => name),
  subjectsColumn('ServiceAccounts', 'ServiceAccount', ({ namespace = '', name }) => `${namespace}/${name}`),
];
