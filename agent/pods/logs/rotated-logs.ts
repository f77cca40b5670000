import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';

/**
 * The files of one container's log: `0.log` is written; `0.log.20261121-080000` was before it; older ones are packed, `0.log.20261121-075000.gz`.
 * A name that ends with `.tmp` is one that was being packed when the agent was killed.
 */
const PACKED = '.gz';
const UNFINISHED = '.tmp';

/** Where a log goes that is rotated at `now` (kubelet: timestampFormat). */
export const rotatedPath = (path: string, now: Date): string =>
  `${path}.${now.toISOString().slice(0, 19).replace(/[-:]/g, '').replace('T', '-')}`;

/** What was rotated of a log, oldest first, as paths. */
export async function rotatedLogs(path: string): Promise<string[]> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path)).catch(() => []);
  return names
    .filter((name) => name.startsWith(prefix))
    .toSorted()
    .map((name) => join(dirname(path), name));
}

/** Packs what was rotated of a log and not packed yet, after removing all but the newest `keep`. */
export async function packRotated(path: string, keep: number): Promise<void> {
  const all = await rotatedLogs(path);
  const unfinished = all.filter((one) => one.endsWith(UNFINISHED));
  const whole = all.filter((one) => !one.endsWith(UNFINISHED));
  const old = whole.slice(0, Math.max(0, whole.length - keep));
  for (const one of [...unfinished, ...old]) await rm(one, { force: true });
  for (const one of whole.slice(old.length)) {
    if (one.endsWith(PACKED)) continue;
    const packed = one + PACKED;
    // Packed once, but the agent was killed before it had removed the original.
    if (!whole.includes(packed)) {
      await pipeline(createReadStream(one), createGzip(), createWriteStream(packed + UNFINISHED, { mode: 0o640 }));
      await rename(packed + UNFINISHED, packed);
    }
    await rm(one, { force: true });
  }
}

/** Removes a log and all that was rotated of it. */
export async function removeLog(path: string): Promise<void> {
  for (const one of [path, ...(await rotatedLogs(path))]) await rm(one, { force: true });
}
