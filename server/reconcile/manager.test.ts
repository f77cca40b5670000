import { expect, test } from 'bun:test';
import { createLogger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import { eventually } from '#test/support/eventually.ts';
import type { LeaderElection } from './leader.ts';
import { soleLeader } from './leader.ts';
import { Manager } from './manager.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const part = (name: string, diary: string[], fails = false): Service => {
  const end = Promise.withResolvers<void>();
  return {
    name,
    run: () => {
      diary.push(`run ${name}`);
      return fails ? Promise.reject(new Error(`${name} failed`)) : end.promise;
    },
    stop: () => {
      diary.push(`stop ${name}`);
      end.resolve();
      return Promise.resolve();
    },
  };
};

test('parts start in order and stop in reverse order', async () => {
  const diary: string[] = [];
  const manager = new Manager({
    name: 'm',
    leader: soleLeader,
    log,
    start: () => [part('a', diary), part('b', diary)],
  });
  const run = manager.run();
  await eventually(() => expect(diary).toEqual(['run a', 'run b']));
  await manager.stop();
  await run;
  expect(diary).toEqual(['run a', 'run b', 'stop b', 'stop a']);
});

test('parts stop when the lead is lost and are made anew when it is won again', async () => {
  const diary: string[] = [];
  const terms: AbortController[] = [];
  const leader: LeaderElection = {
    lead(_role, signal) {
      signal.throwIfAborted();
      const term = new AbortController();
      terms.push(term);
      return Promise.resolve({ lost: term.signal });
    },
  };
  const manager = new Manager({ name: 'm', leader, log, start: () => [part(`a${terms.length}`, diary)] });
  const run = manager.run();
  await eventually(() => expect(diary).toEqual(['run a1']));
  terms[0]?.abort();
  await eventually(() => expect(diary).toEqual(['run a1', 'stop a1', 'run a2']));
  await manager.stop();
  await run;
  expect(diary).toEqual(['run a1', 'stop a1', 'run a2', 'stop a2']);
});

test('a part that fails stops the others and makes run() reject', async () => {
  const diary: string[] = [];
  const start = (): Service[] => [part('a', diary), part('b', diary, true)];
  const manager = new Manager({ name: 'm', leader: soleLeader, log, start });
  expect(manager.run()).rejects.toThrow('b failed');
  await eventually(() => expect(diary).toContain('stop a'));
  await manager.stop();
});
