import { type Key, type ListRead, type Operation, type Violation, describeOperation, keyOf } from './history.ts';
import { type Reference, difference, violation } from './reference.ts';
import { contradiction } from './register.ts';

/** Every list is the state of its revision. */
export function checkLists(lists: readonly ListRead[], reference: Reference): Violation[] {
  const found: Violation[] = [];
  for (const resource of new Set(lists.map((list) => list.resource))) {
    const walk = reference.walk(resource);
    const sorted = lists.filter((list) => list.resource === resource).sort((a, b) => a.revision - b.revision);
    for (const list of sorted) {
      const wrong = difference(list.items, walk.at(list.revision), ({ namespace }) => namespace === list.namespace);
      if (wrong === undefined) continue;
      found.push(
        violation('torn-list', wrong.key, `${describeList(list)} is not the state of its revision`, wrong.piece),
      );
    }
  }
  return found;
}

/** A gets that shows what the log does not have at that revision. */
export function checkGets(operations: readonly Operation[], reference: Reference): Violation[] {
  const found: Violation[] = [];
  for (const operation of operations) {
    const { verb, outcome, revision, content, key } = operation;
    if (verb !== 'get' || outcome !== 'ok' || revision === undefined) continue;
    const entry = reference.at(revision);
    if (entry?.key === key && entry.content === content) continue;
    const piece = [
      describeOperation(operation),
      `log: ${entry === undefined ? 'nothing' : `${entry.key} "${entry.content}"`}`,
    ];
    found.push(violation('broken-log', key, 'a read shows what the log does not have', piece));
  }
  return found;
}

/** A consistent list is of no lower revision than what was answered, to anybody, before it was sent. */
export function checkFreshness(operations: readonly Operation[], lists: readonly ListRead[]): Violation[] {
  const told = [
    ...operations.filter(({ stale, outcome }) => !stale && outcome === 'ok'),
    ...lists.filter(({ consistent }) => consistent),
  ]
    .filter(({ returned, revision }) => Number.isFinite(returned) && revision !== undefined)
    .sort((a, b) => a.returned - b.returned);
  const found: Violation[] = [];
  let highest: Operation | ListRead | undefined;
  let next = 0;
  for (const list of lists.filter(({ consistent }) => consistent).sort((a, b) => a.invoked - b.invoked)) {
    for (let one = told[next]; one !== undefined && one.returned < list.invoked; one = told[++next])
      if ((one.revision ?? 0) > (highest?.revision ?? 0)) highest = one;
    if (highest === undefined || (highest.revision ?? 0) <= list.revision) continue;
    const before = 'verb' in highest ? describeOperation(highest) : describeList(highest);
    const where = `${list.resource}/${list.namespace}`;
    found.push(
      violation('stale-read', where, 'a consistent list is older than an earlier answer', [before, describeList(list)]),
    );
  }
  return found;
}

/** To one client, consistent reads never show an object older than they, or its own writes, have shown it before. */
export function checkSessions(operations: readonly Operation[], lists: readonly ListRead[]): Violation[] {
  const found: Violation[] = [];
  const seen = new Map<string, { readonly revision: number; readonly what: string }>();
  const reads = [
    ...operations.filter(({ stale, outcome }) => !stale && outcome === 'ok'),
    ...lists.filter(({ consistent }) => consistent),
  ].sort((a, b) => a.returned - b.returned);
  for (const read of reads) {
    const shown = 'verb' in read ? [{ key: read.key, revision: read.revision }] : read.items;
    const what = 'verb' in read ? describeOperation(read) : describeList(read);
    for (const { key, revision } of shown) {
      if (revision === undefined) continue;
      const place = `${read.client} ${key}`;
      const before = seen.get(place);
      if (before !== undefined && before.revision > revision)
        found.push(
          violation('went-back', key, `${read.client} was shown an older object than before`, [before.what, what]),
        );
      else seen.set(place, { revision, what });
    }
  }
  return found;
}

/** For each key, one order of all requests explains all answers. A consistent list reads every key that is known, absent ones too. */
export function checkLinearizability(
  operations: readonly Operation[],
  lists: readonly ListRead[],
  keys: readonly { readonly resource: string; readonly namespace: string; readonly name: string }[],
): Violation[] {
  const byKey = new Map<Key, Operation[]>(
    keys.map(({ resource, namespace, name }) => [keyOf(resource, namespace, name), []]),
  );
  for (const operation of operations) if (!operation.stale) byKey.get(operation.key)?.push(operation);
  for (const [index, list] of lists.entries()) {
    if (!list.consistent) continue;
    const shown = new Map(list.items.map((item) => [item.key, item]));
    for (const { resource, namespace, name } of keys) {
      if (resource !== list.resource || namespace !== list.namespace) continue;
      const key = keyOf(resource, namespace, name);
      byKey.get(key)?.push(readOf(list, `${list.client}-list-${index}`, key, shown.get(key)));
    }
  }
  const found: Violation[] = [];
  for (const [key, all] of byKey) {
    const piece = contradiction(all.sort((a, b) => a.invoked - b.invoked));
    if (piece === undefined) continue;
    found.push(
      violation(
        'not-linearizable',
        key,
        'no order of these requests explains their answers',
        piece.map(describeOperation),
      ),
    );
  }
  return found;
}

function readOf(list: ListRead, id: string, key: Key, item: ListRead['items'][number] | undefined): Operation {
  const { client, server, invoked, returned } = list;
  return {
    id,
    client,
    server,
    key,
    invoked,
    returned,
    verb: 'get',
    token: '',
    expected: undefined,
    outcome: item === undefined ? 'missing' : 'ok',
    content: item?.content,
    revision: item?.revision,
    stale: false,
  };
}

const describeList = ({ client, server, resource, namespace, revision, invoked, returned }: ListRead): string =>
  `[${invoked.toFixed(1)}, ${returned.toFixed(1)}] ${client} at server ${server}: list ${resource} in ${namespace} @${revision}`;
