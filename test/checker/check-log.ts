import { type LogEntry, type Operation, type Violation, describeOperation } from './history.ts';
import { type Reference, violation } from './reference.ts';

/** The requests as the log settles them: one whose answer was lost took effect when the log has it, and else never did. */
export interface Settled {
  readonly operations: readonly Operation[];
  readonly violations: readonly Violation[];
}

const describeEntry = ({ revision, previousRevision, content, madeBy }: LogEntry): string =>
  `log: @${revision} after @${previousRevision} ${content === '' ? 'deleted' : `"${content}"`} by ${madeBy}`;

/**
 * Compares what clients were told with the log. A write that was acknowledged is there once, at the revision that its answer bore and with what it
 * put in; one that was refused is not there. Rows of one object follow each other. A write that was sent after another's answer comes after it.
 */
export function checkLog(operations: readonly Operation[], reference: Reference): Settled {
  const violations = checkRows(reference);
  const byMaker = new Map<string, LogEntry[]>();
  for (const entry of reference.log) {
    const entries = byMaker.get(entry.madeBy);
    if (entries === undefined) byMaker.set(entry.madeBy, [entry]);
    else entries.push(entry);
  }
  const byId = new Map(operations.map((operation) => [operation.id, operation]));
  const settled: Operation[] = [];
  const written: { readonly operation: Operation; readonly revision: number }[] = [];
  for (const operation of operations) {
    if (operation.verb === 'get') {
      if (operation.outcome !== 'unknown' && operation.outcome !== 'refused') settled.push(operation);
      continue;
    }
    const entries = byMaker.get(operation.id) ?? [];
    violations.push(...checkWrite(operation, entries, () => meanwhile(operation, reference, byId)));
    const [entry] = entries;
    if (entry !== undefined) written.push({ operation, revision: entry.revision });
    if (operation.outcome === 'refused') continue;
    if (operation.outcome !== 'unknown') settled.push(operation);
    else if (entry !== undefined) settled.push({ ...operation, outcome: 'ok' });
  }
  violations.push(...checkOrder(written));
  return { operations: settled, violations };
}

/** What others did to the same object while a request was under way. */
const meanwhile = (
  { key, invoked, returned }: Operation,
  reference: Reference,
  byId: ReadonlyMap<string, Operation>,
): string[] =>
  reference.log
    .filter((entry) => {
      const by = entry.key === key ? byId.get(entry.madeBy) : undefined;
      return by !== undefined && by.invoked <= returned && by.returned >= invoked;
    })
    .map(describeEntry);

function checkWrite(operation: Operation, entries: readonly LogEntry[], others: () => string[]): Violation[] {
  const { key, outcome, revision, content } = operation;
  const piece = [describeOperation(operation), ...entries.map(describeEntry)];
  const [entry] = entries;
  if (entries.length > 1) return [violation('doubled-write', key, 'one write is in the log more than once', piece)];
  if (outcome === 'ok') {
    if (entry === undefined)
      return [violation('lost-write', key, 'an acknowledged write is not in the log', [...piece, ...others()])];
    const elsewhere = revision !== undefined && entry.revision !== revision;
    const other = operation.verb !== 'delete' && content !== undefined && entry.content !== content;
    if (elsewhere || other || entry.key !== key)
      return [violation('broken-log', key, 'the log has another write than was acknowledged', piece)];
    return [];
  }
  if (outcome === 'unknown' || entry === undefined) return [];
  return [violation('ghost-write', key, `a write that was answered with "${outcome}" took effect`, piece)];
}

/** Each row names the row before it of the same object, or that there was none. */
function checkRows({ log }: Reference): Violation[] {
  const current = new Map<string, LogEntry>();
  const found: Violation[] = [];
  for (const entry of log) {
    const before = current.get(entry.key);
    current.set(entry.key, entry);
    const expected = before === undefined || before.content === '' ? 0 : before.revision;
    if (entry.previousRevision === expected) continue;
    const piece = [...(before === undefined ? [] : [describeEntry(before)]), describeEntry(entry)];
    found.push(violation('broken-log', entry.key, 'a row of the log does not follow the one before it', piece));
  }
  return found;
}

/** In the order of answers, with the highest revision so far: whoever is sent after an answer must be higher. */
function checkOrder(written: readonly { readonly operation: Operation; readonly revision: number }[]): Violation[] {
  const answered = written
    .filter(({ operation }) => operation.outcome === 'ok')
    .sort((a, b) => a.operation.returned - b.operation.returned);
  const sent = [...written].sort((a, b) => a.operation.invoked - b.operation.invoked);
  const found: Violation[] = [];
  let highest: (typeof written)[number] | undefined;
  let next = 0;
  for (const one of sent) {
    for (; (answered[next]?.operation.returned ?? Infinity) < one.operation.invoked; next++)
      if ((answered[next]?.revision ?? 0) > (highest?.revision ?? 0)) highest = answered[next];
    if (highest === undefined || highest.revision < one.revision) continue;
    const piece = [highest, one].map(
      ({ operation, revision }) => `${describeOperation(operation)}; in the log @${revision}`,
    );
    found.push(violation('revision-order', one.operation.key, 'a later write has a lower revision', piece));
  }
  return found;
}
