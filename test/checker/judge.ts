import { checkLog } from './check-log.ts';
import { checkFreshness, checkGets, checkLinearizability, checkLists, checkSessions } from './check-reads.ts';
import { checkWatches } from './check-watches.ts';
import type { History, ListRead, Violation } from './history.ts';
import { Reference, violation } from './reference.ts';
import { KEYS } from './workload.ts';

/** The end of a run: what each server shows, and what Postgres holds (key → revision). */
export interface Ending {
  readonly finals: readonly ListRead[];
  readonly objects: ReadonlyMap<string, number>;
}

/** All checks of a history. */
export function checkHistory(history: History, ending: Ending): Violation[] {
  const reference = new Reference(history.log);
  const { operations, violations } = checkLog(history.operations, reference);
  return [
    ...violations,
    ...checkLists(history.lists, reference),
    ...checkGets(operations, reference),
    ...checkFreshness(operations, history.lists),
    ...checkSessions(operations, history.lists),
    ...checkLinearizability(operations, history.lists, KEYS),
    ...checkWatches(history.segments, reference),
    ...checkEnding(ending, reference),
  ];
}

/** What the servers show in the end is what Postgres holds, and that is where the log leads. */
function checkEnding({ finals, objects }: Ending, reference: Reference): Violation[] {
  const found: Violation[] = [];
  const last = new Map<string, number>();
  for (const { key, content, revision } of reference.log) {
    if (content === '') last.delete(key);
    else last.set(key, revision);
  }
  for (const key of new Set([...last.keys(), ...objects.keys()])) {
    if (last.get(key) === objects.get(key)) continue;
    const piece = [`objects: @${objects.get(key) ?? 'absent'}`, `log:     @${last.get(key) ?? 'absent'}`];
    found.push(violation('diverged', key, 'the log does not lead to the objects', piece));
  }
  for (const { server, resource, namespace, items } of finals) {
    const shown = new Map(items.map(({ key, revision }) => [key, revision]));
    const held = new Map([...objects].filter(([key]) => key.startsWith(`${resource}/${namespace}/`)));
    for (const key of new Set([...shown.keys(), ...held.keys()])) {
      if (shown.get(key) === held.get(key)) continue;
      const piece = [`server ${server}: @${shown.get(key) ?? 'absent'}`, `Postgres: @${held.get(key) ?? 'absent'}`];
      found.push(violation('diverged', key, 'in the end a server shows something else than Postgres holds', piece));
    }
  }
  return found;
}
