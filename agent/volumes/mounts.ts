import { readFile, realpath } from 'node:fs/promises';

/** A mount that could not be made or undone. */
export class MountFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MountFailure';
  }
}

/** Mounting needs root. */
export const canMount = (): boolean => process.getuid?.() === 0;

/** Mount points at and below `path`, the newest first, without symbolic links in them. */
export async function mountsBelow(path: string): Promise<string[]> {
  const directory = await realpath(path).catch(() => path);
  const table = await readFile('/proc/self/mountinfo', 'utf8');
  const found: string[] = [];
  for (const line of table.split('\n')) {
    const point = (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, code: string) =>
      String.fromCharCode(parseInt(code, 8)),
    );
    if (point === directory || point.startsWith(`${directory}/`)) found.push(point);
  }
  // Later lines lie on top of earlier ones.
  return found.reverse();
}

/** Is something mounted right at `path`. */
export async function isMountPoint(path: string): Promise<boolean> {
  const directory = await realpath(path).catch(() => path);
  return (await mountsBelow(directory)).includes(directory);
}

/** Mounts a tmpfs on an existing directory. `sizeBytes` undefined = the kernel's default, half of the memory. */
export async function mountTmpfs(path: string, mode: number, sizeBytes?: number): Promise<void> {
  const size = sizeBytes === undefined ? [] : [`size=${sizeBytes}`];
  await run([
    'mount',
    '-t',
    'tmpfs',
    '-o',
    ['rw', 'nosuid', 'nodev', `mode=${mode.toString(8)}`, ...size].join(','),
    'tmpfs',
    path,
  ]);
}

/** Binds what this process has open as `fd` to an existing path. The handle is what counts: no name is resolved again. */
export const bindOpen = (fd: number, path: string): Promise<void> =>
  // Without this flag mount(8) resolves the link in /proc to a name, and a name can be swapped.
  run(['mount', '--no-canonicalize', '--no-mtab', '--bind', `/proc/${process.pid}/fd/${fd}`, path]);

/** Unmounts; a mount that is still in use goes as soon as it is not. */
export const unmount = (path: string): Promise<void> => run(['umount', '--lazy', path]);

async function run(command: string[]): Promise<void> {
  const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  const [code, text] = await Promise.all([child.exited, new Response(child.stderr).text()]);
  if (code !== 0) throw new MountFailure(`${command.join(' ')}: ${text.trim()}`);
}

/** Unmounts everything at and below `directory`, e.g. the agent's data directory when it is reset. Containers must be gone. */
export async function unmountBelow(directory: string): Promise<void> {
  for (const point of await mountsBelow(directory)) await unmount(point);
}
