import { expect, test } from 'bun:test';
import { parseFailure } from './crictl-command.ts';
import { OwnWordsFilter, endingOf } from './crictl-process.ts';

const exited = (code: number) =>
  `time="2026-11-21T08:05:44Z" level=fatal msg="execing command in container 7b61: command terminated with exit code ${code}"\n`;

/** What the client would see of `text` that comes in pieces of `size`, and crictl's words. */
function filtered(text: string, size: number): { seen: string; ownWords: string } {
  const filter = new OwnWordsFilter();
  const bytes = Buffer.from(text);
  const seen: Uint8Array[] = [];
  for (let offset = 0; offset < bytes.length; offset += size)
    seen.push(filter.push(bytes.subarray(offset, offset + size)) ?? new Uint8Array());
  const { rest, ownWords } = filter.end();
  return { seen: Buffer.concat([...seen, rest]).toString(), ownWords };
}

test('OwnWordsFilter takes off what crictl adds, and nothing else, however the bytes are cut', () => {
  for (const size of [1, 3, 1000]) {
    expect(filtered(`err ü${exited(7)}`, size)).toEqual({ seen: 'err ü', ownWords: exited(7) });
    const logfmt = 'time="2026-11-21" level=info msg="the command\'s own"\nmore\n';
    expect(filtered(logfmt + exited(1), size)).toEqual({ seen: logfmt, ownWords: exited(1) });
    expect(filtered(logfmt, size)).toEqual({ seen: logfmt, ownWords: '' });
    expect(filtered('no newline, tim', size)).toEqual({ seen: 'no newline, tim', ownWords: '' });
  }
});

test('OwnWordsFilter gives a line of the command as soon as it cannot be of crictl', () => {
  const filter = new OwnWordsFilter();
  const line = 'time="2026-11-21" level=info msg="started"\n';
  expect(Buffer.from(filter.push(Buffer.from(line)) ?? []).toString()).toBe(line);
});

test("endingOf() finds the command's exit code, or why it could not run", () => {
  expect(endingOf('exec', 0, '')).toEqual({ exitCode: 0 });
  expect(endingOf('exec', 1, exited(7))).toEqual({ exitCode: 7 });
  expect(endingOf('exec', null, '')).toEqual({ exitCode: 137 });
  const words =
    'time="2026-11-21T08:05:44Z" level=fatal msg="execing command in container 7b61: Internal error occurred: exec: \\"x\\": not found"\n';
  const ending = endingOf('exec', 1, words);
  expect('failure' in ending && ending.failure.message).toBe('Internal error occurred: exec: "x": not found');
});

test('parseFailure() reads code and description, from the line before when the last has none', () => {
  const stopped = parseFailure(
    'stopContainer',
    'E1121 08:05:46.550578   13400 remote_runtime.go:459] "StopContainer from runtime service failed" err="rpc error: code = NotFound desc = container \\"x\\": not found" containerID="x"\n' +
      'time="2026-11-21T08:05:46Z" level=fatal msg="stopping the container \\"x\\": rpc error: code = NotFound desc = container \\"x\\": not found"\n',
  );
  expect([stopped.verb, stopped.code, stopped.message]).toEqual([
    'stopContainer',
    'NotFound',
    'container "x": not found',
  ]);
  const pulled = parseFailure(
    'pullImage',
    'E1121 08:05:46.632990   13442 remote_image.go:250] "PullImage from image service failed" err="rpc error: code = Unknown desc = failed to pull" image="a"\n' +
      'time="2026-11-21T08:05:46Z" level=fatal msg="pulling image: failed to pull"\n',
  );
  expect([pulled.code, pulled.message]).toEqual(['Unknown', 'failed to pull']);
  expect(parseFailure('imageStatus', 'time="x" level=fatal msg="no such image \\"y\\" present"\n').message).toBe(
    'no such image "y" present',
  );
});
