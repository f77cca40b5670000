import { expect, test } from 'bun:test';
import { createLogger } from '#base/logger.ts';
import { ManualClock } from '#test/support/manual-clock.ts';
import { MemoryClient } from '#test/support/memory-client.ts';
import { NodeEvents } from './node-events.ts';
import { NodeFeeds } from './node-feeds.ts';
import { NodeSession } from './session.ts';

const HEARTBEAT_MS = 24_000;

test('a ping is answered when the hub has been silent for one and a half heartbeats, so every second one when nothing happens', async () => {
  const clock = new ManualClock();
  const client = new MemoryClient(clock);
  const log = createLogger({ name: 'test', level: 'silent' });
  const sent: unknown[] = [];
  const socket = {
    send(data: Uint8Array<ArrayBuffer> | string) {
      sent.push(JSON.parse(String(data)));
      return data.length;
    },
    close: () => undefined,
  };
  const session = new NodeSession('n1', socket, {
    client,
    feeds: new NodeFeeds(client),
    events: new NodeEvents(client, clock, log),
    issuer: { nodeToken: notAsked, serviceAccountToken: notAsked, isJoinToken: notAsked },
    clock,
    log,
    heartbeatMs: HEARTBEAT_MS,
  });
  const answers: number[] = [];
  for (let beat = 1; beat <= 6; beat++) {
    await clock.advance(HEARTBEAT_MS);
    session.heard({ type: 'ping' });
    answers.push(sent.length);
  }
  expect(answers).toEqual([0, 1, 1, 2, 2, 3]);
  expect(sent[0]).toEqual({ type: 'ping' });
});

const notAsked = (): Promise<never> => Promise.reject(new Error('not asked for here'));
