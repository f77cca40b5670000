import { existsSync } from 'node:fs';
import { appendFile, copyFile, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Postgres refuses to run as root. */
export interface PostgresUser {
  readonly uid: number;
  readonly gid: number;
}

/** In a range that neither distributions nor systemd give out (systemd: users-groups-gids-on-systemd-systems). */
const OWN_UID = 60_917;

/** The uid of `nobody`, which every system can name. */
const NOBODY_UID = 65_534;

/** Who runs the Postgres of a data directory: its owner; ourselves when we are not root; else a uid that is nobody else's. */
export async function postgresUser(dataDirectory: string): Promise<PostgresUser> {
  const uid = process.getuid?.() ?? 0;
  if (uid !== 0) return { uid, gid: process.getgid?.() ?? uid };
  if (existsSync(dataDirectory)) {
    const owner = await stat(dataDirectory);
    if (owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  }
  const canMount = await canMakeMountNamespace();
  return canMount ? { uid: OWN_UID, gid: OWN_UID } : { uid: NOBODY_UID, gid: NOBODY_UID };
}

/**
 * The command that runs `argv` under `user` with a name for its uid. initdb insists on a line in the password file; rather than change the
 * host's, it gets a mount namespace with its own. Needed for initdb only.
 */
export async function namedUserCommand(
  argv: readonly string[],
  user: PostgresUser,
  scratch: string,
): Promise<string[]> {
  if (user.uid === process.getuid?.() || (await hasName(user.uid))) return [...argv];
  const passwords = join(scratch, 'passwd');
  await copyFile('/etc/passwd', passwords);
  await appendFile(passwords, `\nskep-postgres:x:${user.uid}:${user.gid}::/nonexistent:/usr/sbin/nologin\n`);
  const script =
    'mount --bind "$1" /etc/passwd && user=$2 && shift 2 && exec setpriv --reuid="$user" --regid="$user" --clear-groups "$@"';
  return [
    'unshare',
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    script,
    'sh',
    passwords,
    String(user.uid),
    ...argv,
  ];
}

/** Must `namedUserCommand`'s command be started as root: it drops to `user` by itself. */
export const dropsByItself = (command: readonly string[]): boolean => command[0] === 'unshare';

async function hasName(uid: number): Promise<boolean> {
  const passwords = await readFile('/etc/passwd', 'utf8');
  return passwords.split('\n').some((line) => line.split(':')[2] === String(uid));
}

async function canMakeMountNamespace(): Promise<boolean> {
  try {
    const probe = Bun.spawn(['unshare', '--mount', '--propagation', 'private', 'setpriv', '--version'], {
      stdout: 'ignore',
      stderr: 'ignore',
    });
    return (await probe.exited) === 0;
  } catch {
    return false;
  }
}
