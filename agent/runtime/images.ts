import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerRuntime } from './runtime.ts';

/** Imports `archive` (docker-save or OCI) unless `reference` is on the node already. True when it was imported. */
export async function ensureImage(
  runtime: Pick<ContainerRuntime, 'imageStatus' | 'importImage'>,
  reference: string,
  archive: () => Uint8Array | Promise<Uint8Array>,
): Promise<boolean> {
  if ((await runtime.imageStatus(reference)) !== undefined) return false;
  const directory = mkdtempSync(join(tmpdir(), 'skep-image-'));
  try {
    const path = join(directory, 'image.tar');
    writeFileSync(path, await archive());
    await runtime.importImage(path);
    return true;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
