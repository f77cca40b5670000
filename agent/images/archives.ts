import { mkdir, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** What `importArchives` needs of the runtime. */
export interface ArchiveImporter {
  importImage(archivePath: string): Promise<string[]>;
}

/** Where the archives are, and where it is noted which were imported. The note lies with the image store, so that it goes when the store goes. */
export interface ArchivePlaces {
  readonly directory: string;
  readonly noteFile: string;
}

/**
 * Imports every `*.tar` of a directory that is new or has changed since it was last imported. One that cannot be imported is told to `failed`
 * and tried again at the next start; the others go on. Resolves with the references that came in.
 */
export async function importArchives(
  runtime: ArchiveImporter,
  { directory, noteFile }: ArchivePlaces,
  say: (line: string) => void,
  failed: (archive: string, error: unknown) => void,
): Promise<string[]> {
  const archives = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith('.tar')).toSorted();
  const noted = await readNote(noteFile);
  const references: string[] = [];
  for (const name of archives) {
    const { size, mtimeMs } = await stat(join(directory, name));
    const mark = `${size} ${mtimeMs}`;
    if (noted[name] === mark) continue;
    say(`images: importing ${name} (${(size / 1e6).toFixed(1)} MB)`);
    try {
      references.push(...(await runtime.importImage(join(directory, name))));
      noted[name] = mark;
      await writeNote(noteFile, noted);
    } catch (error) {
      failed(name, error);
    }
  }
  return references;
}

async function readNote(path: string): Promise<Record<string, string>> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Record<string, string>;
  } catch {
    return {}; // none yet, or torn by a power cut: then all are imported again, which does no harm
  }
}

async function writeNote(path: string, noted: Readonly<Record<string, string>>): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.new`, JSON.stringify(noted));
  await rename(`${path}.new`, path);
}
