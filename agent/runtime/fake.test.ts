import { expect, test } from 'bun:test';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeRuntime } from './fake.ts';
import { RuntimeFailure } from './runtime.ts';
import { containerRuntimeSuite } from './runtime.suite.ts';

containerRuntimeSuite('FakeRuntime', async () => {
  const logDirectory = await mkdtemp(join(tmpdir(), 'skep-fake-'));
  const runtime = new FakeRuntime({
    images: {
      'localhost/run:1': { cpuNanoCores: 1e6, memoryBytes: 4096 },
      'localhost/exit:1': { exitAfterMs: 5, exitCode: 3 },
    },
  });
  return {
    runtime,
    image: 'localhost/run:1',
    exitImage: 'localhost/exit:1',
    logDirectory,
    close: async () => {
      runtime.close();
      await rm(logDirectory, { recursive: true, force: true });
    },
  };
});

test('failOn() makes a call fail until it is taken back', async () => {
  const runtime = new FakeRuntime();
  runtime.failOn('listContainers', new RuntimeFailure('listContainers', 'Unavailable', 'no containerd'));
  expect(runtime.listContainers()).rejects.toThrow('no containerd');
  runtime.failOn('listContainers', undefined);
  expect(await runtime.listContainers()).toEqual([]);
});

test('pullImage() fails with the text given to the image', async () => {
  const runtime = new FakeRuntime({
    images: { 'a:1': { present: false, pullFailure: 'denied' }, 'b:1': { present: false } },
  });
  expect(runtime.pullImage('a:1')).rejects.toThrow('denied');
  expect(await runtime.imageStatus('b:1')).toBeUndefined();
  await runtime.pullImage('b:1');
  expect((await runtime.imageStatus('b:1'))?.tags).toEqual(['b:1']);
});
