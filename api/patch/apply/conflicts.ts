import { StatusError } from '#api/meta/status.ts';
import type { Conflict } from './field-context.ts';
import { type ManagerIdentity, identityText } from './managers.ts';
import { pathText } from './path-element.ts';

/** 409: what an apply would change belongs to others, who are named with their fields. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const sorted = [...conflicts].sort((a, b) => (identityText(a.manager) < identityText(b.manager) ? -1 : 1));
  const causes = groups(sorted).flatMap(({ manager, fields }) =>
    fields.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${shown(manager)}`, field })),
  );
  return new StatusError('Conflict', messageOf(groups(sorted)), { causes });
}

interface Group {
  readonly manager: ManagerIdentity;
  readonly fields: string[];
}

function groups(conflicts: readonly Conflict[]): Group[] {
  const found = new Map<string, Group>();
  for (const { manager, path } of conflicts) {
    const key = identityText(manager);
    const group = found.get(key);
    if (group === undefined) found.set(key, { manager, fields: [pathText(path)] });
    else group.fields.push(pathText(path));
  }
  return [...found.values()];
}

function messageOf(all: readonly Group[]): string {
  const count = all.reduce((sum, { fields }) => sum + fields.length, 0);
  const [first] = all;
  if (count === 1 && first !== undefined)
    return `Apply failed with 1 conflict: conflict with ${shown(first.manager)}: ${first.fields.join('')}`;
  const lines = all.flatMap(({ manager, fields }) => [
    `conflicts with ${shown(manager)}:`,
    ...fields.map((field) => `- ${field}`),
  ]);
  return `Apply failed with ${count} conflicts: ${lines.join('\n')}`;
}

/** `"kubectl" with subresource "status" using apps/v1`; of an apply the version does not matter. */
function shown({ manager, operation, apiVersion, subresource }: ManagerIdentity): string {
  const place = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`;
  return `${JSON.stringify(manager)}${place}${operation === 'Update' ? ` using ${apiVersion}` : ''}`;
}
