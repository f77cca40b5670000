/**
 * Makes image archives without a registry: the sandbox image, and an image with Debian's busybox for the demo and the tests.
 * usage: bun deploy/images.ts DIRECTORY → DIRECTORY/skep-pause.tar, DIRECTORY/bb.tar (localhost/bb:1 and localhost/bb:2)
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { imageArchive, type ImageArchitecture, type ImageFile } from '#agent/images/image-archive.ts';
import { pauseImageArchive } from '#agent/images/pause-image.ts';

const BUSYBOX = '/bin/busybox';

/** This machine's instruction set. */
export const hostArchitecture = (): ImageArchitecture => (process.arch === 'arm64' ? 'arm64' : 'amd64');

/**
 * An image of the host's static busybox with a link for every applet in /bin; command `/bin/sh`. Throws when the host has no /bin/busybox.
 * Debian's is linked with glibc: programs in it that look names up crash, those given an address work.
 */
export async function busyboxArchive(references: readonly string[]): Promise<Uint8Array> {
  const content = await readFile(BUSYBOX).catch((cause: unknown) => {
    throw new Error(`Cannot make a busybox image: ${BUSYBOX} is missing, install busybox-static`, { cause });
  });
  const applets = Bun.spawnSync([BUSYBOX, '--list']).stdout.toString().split('\n').filter(Boolean);
  const text = (path: string, lines: string): ImageFile => ({
    path,
    type: 'file',
    mode: 0o644,
    content: new TextEncoder().encode(lines),
  });
  return imageArchive({
    references,
    architecture: hostArchitecture(),
    files: [
      { path: 'bin', type: 'directory', mode: 0o755 },
      { path: 'tmp', type: 'directory', mode: 0o1777 },
      { path: 'etc', type: 'directory', mode: 0o755 },
      text('etc/passwd', 'root:x:0:0:root:/:/bin/sh\n'),
      text('etc/group', 'root:x:0:\n'),
      { path: 'bin/busybox', type: 'file', mode: 0o755, content },
      ...applets
        .filter((applet) => applet !== 'busybox')
        .map((applet) => ({ path: `bin/${applet}`, type: 'symlink', target: 'busybox' }) as const),
    ],
    config: { Cmd: ['/bin/sh'], Env: ['PATH=/bin'] },
  });
}

if (import.meta.main) {
  const [directory] = process.argv.slice(2);
  if (directory === undefined) {
    process.stderr.write('usage: bun deploy/images.ts DIRECTORY\n');
    process.exit(2);
  }
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'skep-pause.tar'), pauseImageArchive(hostArchitecture()));
  await writeFile(join(directory, 'bb.tar'), await busyboxArchive(['localhost/bb:1', 'localhost/bb:2']));
}
