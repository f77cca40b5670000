import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib';

/** The version of the format that this Skep writes, and the newest that it reads. docs/backup.md has the format. */
export const FORMAT_VERSION = 1;
const FORMAT = 'skep-backup';

/** The first line of a backup. */
export interface BackupHeader {
  readonly format: string;
  readonly formatVersion: number;
  /** The version of Skep that made it. */
  readonly skep: string;
  readonly createdAt: string;
  /** The cluster's revision at that moment. */
  readonly revision: number;
  /** The names of the migrations that its tables have. */
  readonly migrations: readonly string[];
}

/** A line between the first and the last one. `row` is the JSON of a row of the table named last. */
export type BackupEntry =
  | { readonly file: string; readonly mode: number; readonly content: string }
  | { readonly table: string; readonly columns: readonly string[] }
  | { readonly row: string };

/** How many there are of each: `files`, and rows by table. */
export type BackupCounts = Readonly<Record<string, number>>;

/** What is wrong with a file that should be a backup. */
export class BackupError extends Error {
  constructor(path: string, why: string, cause?: unknown) {
    super(`Cannot use ${path}: ${why}`, cause === undefined ? {} : { cause });
    this.name = 'BackupError';
  }
}

const ROW = '{"row":';

/** Writes a backup beside `path` and gives it that name when it is whole. Holds a line at a time. */
export class BackupWriter {
  readonly #path: string;
  readonly #hash = createHash('sha256');
  readonly #zstd = createZstdCompress({ params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  readonly #written: Promise<void>;
  readonly #counts: Record<string, number> = { files: 0 };
  #table = '';

  /** Made by `createBackup`, with the open file. */
  constructor(path: string, file: FileHandle) {
    this.#path = path;
    // After a failed write it is destroyed and complains of later ones; `#written` bears the reason.
    this.#zstd.on('error', () => undefined);
    this.#written = writeAll(this.#zstd, file);
    this.#written.catch(() => undefined);
  }

  async header(header: Omit<BackupHeader, 'format' | 'formatVersion'>): Promise<void> {
    await this.#line(JSON.stringify({ format: FORMAT, formatVersion: FORMAT_VERSION, ...header }));
  }

  async add(entry: BackupEntry): Promise<void> {
    if ('row' in entry) {
      this.#counts[this.#table] = (this.#counts[this.#table] ?? 0) + 1;
      return this.#line(`${ROW}${entry.row}}`);
    }
    if ('table' in entry) {
      this.#table = entry.table;
      this.#counts[entry.table] = 0;
    } else this.#counts['files'] = (this.#counts['files'] ?? 0) + 1;
    await this.#line(JSON.stringify(entry));
  }

  /** Writes the last line and moves the file to its place; resolves with what is in it. */
  async finish(): Promise<BackupCounts> {
    await this.#line(JSON.stringify({ end: this.#counts, sha256: this.#hash.copy().digest('hex') }));
    this.#zstd.end();
    await this.#written;
    await rename(unfinished(this.#path), this.#path);
    return this.#counts;
  }

  /** Removes what was written. */
  async abandon(): Promise<void> {
    this.#zstd.destroy();
    await this.#written.catch(() => undefined);
    await rm(unfinished(this.#path), { force: true });
  }

  async #line(text: string): Promise<void> {
    const bytes = Buffer.from(`${text}\n`);
    this.#hash.update(bytes);
    if (!this.#zstd.destroyed && this.#zstd.write(bytes)) return;
    await Promise.race([new Promise((resolve) => this.#zstd.once('drain', resolve)), this.#written]);
  }
}

const unfinished = (path: string): string => `${path}.unfinished`;

/** Begins a backup at `path`; one that was broken off before gives way. */
export async function createBackup(path: string): Promise<BackupWriter> {
  await rm(unfinished(path), { force: true });
  // It holds keys and Secrets.
  return new BackupWriter(path, await open(unfinished(path), 'wx', 0o600));
}

async function writeAll(chunks: AsyncIterable<Uint8Array>, file: FileHandle): Promise<void> {
  try {
    for await (const chunk of chunks) await file.writeFile(chunk);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Reads the header alone. Throws BackupError when the file is no backup or a newer format. */
export async function readHeader(path: string): Promise<BackupHeader> {
  for await (const line of lines(path)) return parseHeader(path, line);
  throw new BackupError(path, 'it is empty or cut off: it has no first line');
}

/**
 * Reads a backup entry by entry and checks it on the way: an end of the iteration without an error says that it is whole, as it was written.
 * Throws BackupError.
 */
export async function* readBackup(path: string): AsyncGenerator<BackupEntry> {
  const hash = createHash('sha256');
  const counts: Record<string, number> = { files: 0 };
  let table = '';
  let place = 0;
  let isWhole = false;
  for await (const line of lines(path)) {
    place += 1;
    if (place === 1) {
      parseHeader(path, line);
      hash.update(`${line}\n`);
      continue;
    }
    if (isWhole) throw new BackupError(path, 'it is damaged: it goes on after its last line');
    if (line.startsWith('{"end":')) {
      checkEnd(path, line, { counts, sha256: hash.digest('hex') });
      isWhole = true;
      continue;
    }
    hash.update(`${line}\n`);
    if (line.startsWith(ROW)) {
      counts[table] = (counts[table] ?? 0) + 1;
      yield { row: line.slice(ROW.length, -1) };
      continue;
    }
    const entry = parse(path, line) as BackupEntry;
    if ('table' in entry) {
      table = entry.table;
      counts[table] = 0;
    } else counts['files'] = (counts['files'] ?? 0) + 1;
    yield entry;
  }
  if (!isWhole) throw new BackupError(path, place === 0 ? 'it is empty' : 'it is cut off: its last line is missing');
}

function checkEnd(path: string, line: string, found: { counts: BackupCounts; sha256: string }): void {
  const { end, sha256 } = parse(path, line) as { end?: unknown; sha256?: unknown };
  if (sha256 !== found.sha256)
    throw new BackupError(path, 'it is damaged: its SHA-256 is not the one that was written');
  if (!Bun.deepEquals(end, found.counts))
    throw new BackupError(path, 'it is damaged: its counts are not those of its lines');
}

function parseHeader(path: string, line: string): BackupHeader {
  const header = parse(path, line) as Partial<BackupHeader>;
  if (header.format !== FORMAT) throw new BackupError(path, 'it is no backup of Skep');
  if (header.formatVersion !== FORMAT_VERSION)
    throw new BackupError(
      path,
      `it has format ${header.formatVersion ?? 0}, made by Skep ${header.skep ?? ''}; this Skep reads format ${FORMAT_VERSION}. Restore it with that version`,
    );
  return header as BackupHeader;
}

function parse(path: string, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new BackupError(path, 'it is damaged: a line is no JSON', error);
  }
}

/** The lines of a compressed file, without their ends; the last one need not have one. */
async function* lines(path: string): AsyncGenerator<string> {
  await (await open(path)).close();
  const input = createReadStream(path);
  const zstd = createZstdDecompress();
  input.on('error', (error) => zstd.destroy(error));
  input.pipe(zstd);
  const rest: Buffer[] = [];
  try {
    for await (const chunk of zstd as AsyncIterable<Buffer>) {
      let from = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        rest.push(chunk.subarray(from, end));
        yield Buffer.concat(rest.splice(0)).toString();
        from = end + 1;
      }
      if (from < chunk.length) rest.push(chunk.subarray(from));
    }
  } catch (error) {
    if (error instanceof BackupError) throw error;
    throw new BackupError(path, 'it is damaged or cut off, or no backup: it cannot be decompressed', error);
  } finally {
    input.destroy();
    zstd.destroy();
  }
}
