import { expect, test } from 'bun:test';
import { checkLog } from './check-log.ts';
import { checkFreshness, checkGets, checkLists, checkSessions } from './check-reads.ts';
import { checkWatches } from './check-watches.ts';
import type { LogEntry, ListRead, Operation, Shown, WatchEvent, WatchSegment } from './history.ts';
import { checkHistory } from './judge.ts';
import { Reference } from './reference.ts';

const entry = (
  revision: number,
  name: string,
  previousRevision: number,
  content: string,
  tier = 'front',
): LogEntry => ({
  revision,
  resource: 'configmaps',
  namespace: 'red',
  key: `configmaps/red/${name}`,
  previousRevision,
  content,
  tier: content === '' ? undefined : tier,
  digest: content,
  madeBy: `op${revision}`,
});
/** ant is made, changed, leaves the tier, comes back and goes; bee is made. */
const LOG = [
  entry(1, 'ant', 0, 'a/'),
  entry(2, 'bee', 0, 'b/'),
  entry(3, 'ant', 1, 'c/'),
  entry(5, 'ant', 3, 'c/p', 'back'),
  entry(6, 'ant', 5, 'd/'),
  entry(9, 'ant', 6, ''),
];
const reference = new Reference(LOG);
const shown = (revision: number, name: string, content: string): Shown => ({
  key: `configmaps/red/${name}`,
  revision,
  content,
  digest: content,
});
const event = (type: WatchEvent['type'], ...of: Parameters<typeof shown>): WatchEvent => ({ type, ...shown(...of) });
const segment = (events: WatchEvent[], change: Partial<WatchSegment> = {}): WatchSegment => ({
  watcher: 'w',
  server: 0,
  resource: 'configmaps',
  namespace: '',
  tier: undefined,
  after: 1,
  initial: undefined,
  events,
  reached: 9,
  end: 'open',
  ...change,
});
const ALL = [
  event('ADDED', 2, 'bee', 'b/'),
  event('MODIFIED', 3, 'ant', 'c/'),
  event('MODIFIED', 5, 'ant', 'c/p'),
  event('MODIFIED', 6, 'ant', 'd/'),
  event('DELETED', 9, 'ant', 'd/'),
];
const kinds = (violations: readonly { readonly kind: string }[]): string[] => violations.map(({ kind }) => kind);
const watched = (...of: Parameters<typeof segment>): string[] => kinds(checkWatches([segment(...of)], reference));
const without = (revision: number): WatchEvent[] => ALL.filter((one) => one.revision !== revision);

test('checkWatches() is content with a whole stream, and with one that ended early', () => {
  expect(watched(ALL)).toEqual([]);
  expect(watched(ALL.slice(0, 2), { reached: 4 })).toEqual([]);
});

test('checkWatches() finds what is lost, doubled, out of order, made up or changed', () => {
  expect(watched(without(5))).toEqual(['lost-event']);
  expect(watched(ALL.slice(0, -1))).toEqual(['lost-event']);
  expect(watched([...ALL, event('DELETED', 9, 'ant', 'd/')])).toEqual(['doubled-event']);
  expect(watched([...without(3).slice(0, 2), event('MODIFIED', 3, 'ant', 'c/'), ...ALL.slice(3)])).toEqual([
    'event-order',
  ]);
  expect(watched([...ALL.slice(0, 3), event('MODIFIED', 4, 'ant', 'x/'), ...ALL.slice(3)], {})).toEqual([
    'event-order',
  ]);
  expect(watched([...ALL.slice(0, 2), event('MODIFIED', 4, 'ant', 'x/'), ...ALL.slice(2)])).toEqual(['ghost-event']);
  expect(watched(ALL.map((one) => (one.revision === 6 ? event('ADDED', 6, 'ant', 'd/') : one)))).toEqual([
    'event-content',
  ]);
  expect(watched(ALL.map((one) => (one.revision === 9 ? event('DELETED', 9, 'ant', 'c/p') : one)))).toEqual([
    'event-content',
  ]);
});

test('checkWatches() wants of a watcher with a selector that objects come and go as they match', () => {
  const front = [
    event('ADDED', 2, 'bee', 'b/'),
    event('MODIFIED', 3, 'ant', 'c/'),
    event('DELETED', 5, 'ant', 'c/'),
    event('ADDED', 6, 'ant', 'd/'),
    event('DELETED', 9, 'ant', 'd/'),
  ];
  expect(watched(front, { tier: 'front' })).toEqual([]);
  expect(watched([event('ADDED', 5, 'ant', 'c/p'), event('DELETED', 6, 'ant', 'c/p')], { tier: 'back' })).toEqual([]);
  expect(watched(without(5), { tier: 'front' })).toEqual(['lost-event']);
});

test('checkWatches() compares the state sent first with that of its bookmark', () => {
  const initial = [shown(3, 'ant', 'c/'), shown(2, 'bee', 'b/')];
  expect(watched([], { initial, after: 4, reached: 4 })).toEqual([]);
  expect(watched([], { initial: initial.slice(1), after: 4, reached: 4 })).toEqual(['torn-list']);
  expect(watched([], { initial, after: 5, reached: 5 })).toEqual(['torn-list']);
});

const operation = (change: Partial<Operation>): Operation => ({
  id: 'op3',
  client: 'c',
  server: 0,
  key: 'configmaps/red/ant',
  verb: 'update',
  token: 'c',
  expected: undefined,
  invoked: 10,
  returned: 20,
  outcome: 'ok',
  content: 'c/',
  revision: 3,
  stale: false,
  ...change,
});
const logged = (...operations: Operation[]): string[] => kinds(checkLog(operations, reference).violations);

test('checkLog() compares answers with the log', () => {
  expect(logged(operation({}))).toEqual([]);
  expect(logged(operation({ id: 'none' }))).toEqual(['lost-write']);
  expect(logged(operation({ revision: 4 }))).toEqual(['broken-log']);
  expect(logged(operation({ content: 'e/' }))).toEqual(['broken-log']);
  expect(logged(operation({ outcome: 'conflict', content: undefined, revision: undefined }))).toEqual(['ghost-write']);
  expect(logged(operation({ outcome: 'refused', content: undefined, revision: undefined }))).toEqual(['ghost-write']);
  expect(logged(operation({ outcome: 'unknown', content: undefined, revision: undefined }))).toEqual([]);
  const twice = new Reference([...LOG, { ...entry(12, 'bee', 2, 'c/'), madeBy: 'op3' }]);
  expect(kinds(checkLog([operation({})], twice).violations)).toEqual(['doubled-write']);
});

test('checkLog() lets the log decide what became of a write whose answer was lost', () => {
  const lost = { outcome: 'unknown', returned: Infinity, content: undefined, revision: undefined } as const;
  expect(checkLog([operation(lost)], reference).operations.map(({ outcome }) => outcome)).toEqual(['ok']);
  expect(checkLog([operation({ ...lost, id: 'none' })], reference).operations).toEqual([]);
});

test('checkLog() wants rows to follow each other, and later writes to have higher revisions', () => {
  const torn = new Reference([...LOG.slice(0, 3), entry(5, 'ant', 1, 'e/')]);
  expect(kinds(checkLog([], torn).violations)).toEqual(['broken-log']);
  const later = operation({
    id: 'op2',
    key: 'configmaps/red/bee',
    verb: 'create',
    content: 'b/',
    revision: 2,
    invoked: 30,
  });
  expect(logged(operation({}), later)).toEqual(['revision-order']);
  expect(logged(operation({}), { ...later, invoked: 15 })).toEqual([]);
});

const list = (revision: number, items: readonly Shown[], change: Partial<ListRead> = {}): ListRead => ({
  client: 'c',
  server: 0,
  resource: 'configmaps',
  namespace: 'red',
  invoked: 30,
  returned: 40,
  revision,
  items,
  consistent: true,
  ...change,
});

test('checkLists() wants a list to be the state of its own revision', () => {
  const items = [shown(3, 'ant', 'c/'), shown(2, 'bee', 'b/')];
  expect(checkLists([list(3, items), list(4, items)], reference)).toEqual([]);
  expect(kinds(checkLists([list(5, items)], reference))).toEqual(['torn-list']);
  expect(kinds(checkLists([list(3, items.slice(1))], reference))).toEqual(['torn-list']);
  expect(kinds(checkLists([list(3, [...items, shown(1, 'cow', 'x/')])], reference))).toEqual(['torn-list']);
  expect(kinds(checkLists([list(3, [...items, shown(2, 'bee', 'b/')])], reference))).toEqual(['torn-list']);
});

test('checkFreshness() finds a consistent list that is older than an earlier answer', () => {
  expect(checkFreshness([operation({})], [list(3, [])])).toEqual([]);
  expect(kinds(checkFreshness([operation({})], [list(2, [])]))).toEqual(['stale-read']);
  expect(checkFreshness([operation({})], [list(2, [], { consistent: false })])).toEqual([]);
  expect(checkFreshness([operation({})], [list(2, [], { invoked: 19 })])).toEqual([]);
});

test('checkSessions() finds that a client was shown something older than before', () => {
  const older = list(4, [shown(1, 'ant', 'a/')]);
  expect(kinds(checkSessions([operation({})], [older]))).toEqual(['went-back']);
  expect(checkSessions([operation({ client: 'another' })], [older])).toEqual([]);
});

test('checkGets() finds a read of what was never written', () => {
  expect(checkGets([operation({ verb: 'get' })], reference)).toEqual([]);
  expect(kinds(checkGets([operation({ verb: 'get', content: 'z/' })], reference))).toEqual(['broken-log']);
});

test('checkHistory() compares the end: servers, objects and log', () => {
  const history = { operations: [], lists: [], segments: [], log: LOG };
  const objects = new Map([['configmaps/red/bee', 2]]);
  const finals = [list(9, [shown(2, 'bee', 'b/')])];
  expect(checkHistory(history, { finals, objects })).toEqual([]);
  expect(kinds(checkHistory(history, { finals: [list(9, [])], objects }))).toEqual(['diverged']);
  expect(kinds(checkHistory(history, { finals: [], objects: new Map() }))).toEqual(['diverged']);
});
