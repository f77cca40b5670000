import { expect, test } from 'bun:test';
import { eventKind } from '#api/kinds/core/event.ts';
import { decode } from '#api/schema/decode.ts';
import { type Event, newEventKind } from './event.ts';

const FULL = {
  metadata: { name: 'e', namespace: 'n' },
  eventTime: '2026-11-21T07:00:00.000000Z',
  type: 'Normal',
  reason: 'Pulled',
  action: 'Pull',
  note: 'image pulled',
  reportingController: 'x.io/kubelet',
  reportingInstance: 'node1',
  regarding: { kind: 'Pod', namespace: 'n', name: 'p' },
};
const event = (fields: object = {}): Event => decode(newEventKind, { ...FULL, ...fields }).object;

async function stored(one: Event) {
  const [core] = (await newEventKind.storedAs?.toStored([one])) ?? [];
  return decode(eventKind, core).object;
}

test('an Event is stored under the names of core/v1 and comes back as it was', async () => {
  const core = await stored(event());
  expect(core).toMatchObject({
    apiVersion: 'v1',
    involvedObject: { kind: 'Pod', name: 'p' },
    message: 'image pulled',
    reportingComponent: 'x.io/kubelet',
  });
  const [back] = (await newEventKind.storedAs?.fromStored([core])) ?? [];
  expect(back).toEqual(event());
});

test('an Event of core/v1 that has only the older times shows them as deprecated', async () => {
  const { object } = decode(eventKind, {
    metadata: { name: 'e', namespace: 'n' },
    involvedObject: { kind: 'Pod', namespace: 'n', name: 'p' },
    firstTimestamp: '2026-11-21T07:00:00Z',
    count: 3,
    source: { component: 'kubelet' },
  });
  const [back] = (await newEventKind.storedAs?.fromStored([object])) ?? [];
  expect(back).toMatchObject({
    apiVersion: 'events.k8s.io/v1',
    eventTime: null,
    deprecatedFirstTimestamp: '2026-11-21T07:00:00Z',
    deprecatedCount: 3,
    deprecatedSource: { component: 'kubelet' },
  });
});

test.each([
  [{}, []],
  [{ type: 'Odd', deprecatedCount: 1 }, ['type', 'count']],
  [{ series: { count: 1, lastObservedTime: '2026-11-21T07:00:00.000000Z' } }, ['series.count']],
  [{ reportingController: '' }, ['reportingController', 'reportingController', 'reportingController']],
  [{ note: 'x'.repeat(1025) }, ['message']],
])('a new Event with %j is refused for %j', async (fields, wanted) => {
  const core = await stored(event(fields));
  const faults = newEventKind.storedAs?.validate?.(eventKind.validate?.(core) ?? [], core, undefined) ?? [];
  expect(faults.map(({ field }) => field)).toEqual(wanted);
});

test('of an Event only its series changes', async () => {
  const old = await stored(event());
  const change = async (fields: object): Promise<string[]> =>
    (newEventKind.storedAs?.validate?.([], await stored(event(fields)), old) ?? []).map(({ field }) => field);
  expect(await change({ series: { count: 2, lastObservedTime: '2026-11-21T07:00:01.000000Z' } })).toEqual([]);
  expect(await change({ note: 'other', reportingController: 'y.io/z' })).toEqual(['message', 'reportingController']);
});

test('field selectors have the names of this version', () => {
  expect(newEventKind.fieldLabels['regarding.name']?.(event())).toBe('p');
  expect(newEventKind.fieldLabels['reportingController']?.(event())).toBe('x.io/kubelet');
  expect(newEventKind.fieldLabels['involvedObject.name']).toBeUndefined();
});
