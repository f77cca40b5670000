import { expect, test } from 'bun:test';
import type { ManagedFieldsEntry } from '#api/meta/object-meta.ts';
import { StatusError } from '#api/meta/status.ts';
import { applyConfiguration } from './apply-configuration.ts';
import type { FieldContext, JsonObject } from './field-context.ts';
import { typeOfKind } from './field-type.ts';
import { entriesOf, storedManagers } from './managers.ts';
import { updateManagers } from './record-update.ts';
import { NO_RESET } from './reset-fields.ts';
import { REFERENCE_SCHEMA } from './reference-schema.ts';

/** A write and what structured-merge-diff v4.6.0 made of it: conflicts, or the object and its managers (`A:` appliers, `U:` updaters). */
interface Step {
  readonly op: 'apply' | 'update';
  readonly manager: string;
  readonly force: boolean;
  readonly object: JsonObject;
  readonly conflicts?: readonly string[];
  readonly live?: JsonObject;
  readonly managers?: Readonly<Record<string, unknown>>;
}

const context: FieldContext = {
  type: typeOfKind({ schema: REFERENCE_SCHEMA, custom: true }),
  apiVersion: 'v1',
  subresource: '',
  reset: NO_RESET,
  now: '2026-01-01T00:00:00Z',
};

const lines = (await Bun.file(`${import.meta.dir}/reference-cases.jsonl`).text()).trim().split('\n');

test('40 series of writes leave the object, the owners and the conflicts that upstream leaves', () => {
  expect(lines).toHaveLength(40);
  for (const line of lines) {
    let live: JsonObject = {};
    let stored: readonly ManagedFieldsEntry[] | undefined;
    for (const [at, step] of (JSON.parse(line) as Step[]).entries()) {
      let conflicts: string[] | undefined;
      if (step.op === 'update') {
        const change = { before: live, after: step.object, manager: step.manager };
        stored = entriesOf(updateManagers(context, storedManagers(stored), change));
        live = step.object;
      } else {
        try {
          const { object: configuration, manager, force } = step;
          // The library has no manager for what was there before the first apply: an empty object that equals the live one makes none.
          const applied = applyConfiguration(context, { live, empty: live, stored, configuration, manager, force });
          live = applied.object;
          stored = applied.managedFields;
        } catch (error) {
          conflicts = conflictsOf(error);
        }
      }
      const got = conflicts === undefined ? { live, managers: JSON.stringify(managersOf(stored)) } : { conflicts };
      const wanted =
        step.conflicts === undefined
          ? { live: step.live, managers: JSON.stringify(step.managers) }
          : { conflicts: [...step.conflicts].sort() };
      expect({ line: line.slice(0, 80), at, ...got } as object).toEqual({ line: line.slice(0, 80), at, ...wanted });
    }
  }
});

/** As text, so that the order of the fields counts. */
function managersOf(entries: readonly ManagedFieldsEntry[] | undefined): Record<string, unknown> {
  const named = (entries ?? []).map(
    ({ operation = '', manager = '', fieldsV1 }) => [`${operation.slice(0, 1)}:${manager}`, fieldsV1] as const,
  );
  return Object.fromEntries(named.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function conflictsOf(error: unknown): string[] {
  if (!(error instanceof StatusError) || error.reason !== 'Conflict') throw error;
  const causes = error.details?.causes ?? [];
  return causes.map(({ message = '', field = '' }) => `${/"(.*)"/.exec(message)?.[1] ?? ''} ${field}`).sort();
}
