import { open } from 'node:fs/promises';
import type { Container } from '#api/podspec/container.ts';

/** kubelet: MaxContainerTerminationMessageLength and the two for logs. */
const FILE_LIMIT_BYTES = 4096;
const LOG_LIMIT_BYTES = 2048;
const LOG_LIMIT_LINES = 80;

/** The last words of a container: what it wrote to its termination log, or the end of its log where the policy and a failure say so. */
export async function terminationMessage(
  container: Pick<Container, 'terminationMessagePolicy'>,
  exitCode: number,
  paths: { readonly file: string; readonly log: string },
): Promise<string> {
  const message = await readEnd(paths.file, FILE_LIMIT_BYTES);
  if (message !== '' || exitCode === 0 || container.terminationMessagePolicy !== 'FallbackToLogsOnError')
    return message;
  // A line of the log bears time, stream and tag before its text.
  const log = await readEnd(paths.log, LOG_LIMIT_BYTES * 4);
  const lines = log.split('\n').flatMap((line) => {
    const text = /^\S+ (?:stdout|stderr) ([FP])\S* (.*)$/.exec(line);
    return text === null ? [] : [`${text[2]}${text[1] === 'F' ? '\n' : ''}`];
  });
  return lines.slice(-LOG_LIMIT_LINES).join('').slice(-LOG_LIMIT_BYTES);
}

async function readEnd(path: string, limitBytes: number): Promise<string> {
  const file = await open(path, 'r').catch(() => undefined);
  if (file === undefined) return '';
  try {
    const { size } = await file.stat();
    const buffer = Buffer.alloc(Math.min(size, limitBytes));
    await file.read(buffer, 0, buffer.length, Math.max(0, size - limitBytes));
    return buffer.toString('utf8');
  } finally {
    await file.close();
  }
}
