import { expect, test } from 'bun:test';
import { eventKind } from '#api/kinds/core/event.ts';
import { systemClock } from '#base/clock.ts';
import { createLogger } from '#base/logger.ts';
import { eventually } from '#test/support/eventually.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { ClientEventRecorder } from './event-recorder.ts';

const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { namespace: 'ns', name: 'p', uid: 'u' } };
const make = () => {
  const client = new MemoryClient(systemClock);
  const log = createLogger({ name: 'test', level: 'silent' });
  return { client, events: new ClientEventRecorder({ client, clock: systemClock, log, component: 'test-controller' }) };
};

test('record() makes one Event and counts its repeats, also when they come before it is written', async () => {
  const { client, events } = make();
  for (let at = 0; at < 3; at += 1) events.record(pod, 'Warning', 'Failed', 'it failed');
  await eventually(() => expect(client.list(eventKind).map(({ count }) => count)).toEqual([3]));
  const [event] = client.list(eventKind);
  expect(event?.source).toEqual({ component: 'test-controller' });
  expect([event?.reportingComponent, event?.type, event?.reason, event?.message]).toEqual([
    'test-controller',
    'Warning',
    'Failed',
    'it failed',
  ]);
  expect(event?.involvedObject).toEqual({ kind: 'Pod', apiVersion: 'v1', namespace: 'ns', name: 'p', uid: 'u' });
  expect(event?.metadata.name).toMatch(/^p\.[0-9a-f]{16}$/);
});

test('record() begins again when the event has lived out its time', async () => {
  const { client, events } = make();
  events.record(pod, 'Normal', 'Done', 'it is done');
  await eventually(() => expect(client.list(eventKind).length).toBe(1));
  await client.delete(eventKind, 'ns', client.list(eventKind)[0]?.metadata.name ?? '');
  events.record(pod, 'Normal', 'Done', 'it is done');
  await eventually(() => expect(client.list(eventKind).map(({ count }) => count)).toEqual([1]));
});

test('record() combines what differs in its message only, from the tenth on', async () => {
  const { client, events } = make();
  for (let at = 0; at < 15; at += 1) events.record(pod, 'Normal', 'Created', `Created ${at}`);
  await eventually(() =>
    expect(
      client
        .list(eventKind)
        .map(({ count }) => count)
        .reduce((a = 0, b = 0) => a + b, 0),
    ).toBe(15),
  );
  expect(client.list(eventKind).length).toBe(10);
  expect(client.list(eventKind).at(-1)?.message).toBe('(combined from similar events): Created 14');
});

test('record() drops what is more than 25 events about one object in a short time', async () => {
  const { client, events } = make();
  for (let at = 0; at < 40; at += 1) events.record(pod, 'Normal', `Reason${at}`, 'text');
  await eventually(() => expect(client.list(eventKind).length).toBe(25));
});
