import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmod, cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const isRoot = process.getuid?.() === 0;
/** What every node needs, by the names of Debian's packages. */
const PACKAGES =
  'containerd runc containernetworking-plugins nftables iproute2 util-linux kmod ca-certificates busybox-static'.split(
    ' ',
  );

let directory: string;
let script: string;

interface Outcome {
  readonly code: number;
  /** stderr, by line, without the `host: ` before each. */
  readonly lines: readonly string[];
  readonly stdout: string;
}

function run(args: readonly string[], environment: Record<string, string> = {}, before: readonly string[] = []) {
  const child = Bun.spawnSync([...before, '/bin/sh', script, ...args], {
    stdin: 'ignore',
    env: { ...process.env, ...environment },
  });
  return {
    code: child.exitCode,
    lines: child.stderr
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/^host: /, '')),
    stdout: child.stdout.toString(),
  } satisfies Outcome;
}

/** A PATH with all programs of this one but some. */
async function pathWithout(...names: readonly string[]): Promise<string> {
  const path = await mkdtemp(join(directory, 'path-'));
  for (const from of (process.env['PATH'] ?? '').split(':')) {
    for (const name of await readdir(from).catch(() => [])) {
      if (!names.includes(name)) await symlink(join(from, name), join(path, name)).catch(() => undefined);
    }
  }
  return `${path}:/usr/sbin`;
}

async function osRelease(content: string): Promise<string> {
  const file = join(await mkdtemp(join(directory, 'os-')), 'os-release');
  await writeFile(file, content);
  return file;
}

const packagesAfter = (lines: readonly string[], start: string): string[] =>
  lines
    .find((line) => line.startsWith(start))
    ?.slice(start.length)
    .split(' ')
    .filter(Boolean) ?? [];

describe.skipIf(!isRoot)(`host.sh${isRoot ? '' : ' (skipped: needs root)'}`, () => {
  beforeAll(async () => {
    // A copy that nobody may read too; the checkout may lie in root's home.
    directory = await mkdtemp(join(tmpdir(), 'skep-host-'));
    await chmod(directory, 0o755);
    await mkdir(join(directory, 'deploy'));
    for (const file of await readdir(import.meta.dir)) {
      if (/\.(sh|env)$/.test(file)) await cp(join(import.meta.dir, file), join(directory, 'deploy', file));
    }
    script = join(directory, 'deploy/host.sh');
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test('--check finds every part of a host that is ready, and ends with 0', () => {
    const { code, lines, stdout } = run(['--check', '--with-kubectl', '--with-test-parts']);
    for (const name of PACKAGES) expect(lines).toContain(`found ${name}`);
    for (const part of ['veth devices', 'bridge devices', 'nftables: NAT, maps and masquerade']) {
      expect(lines).toContain(`found ${part}`);
    }
    expect(lines.some((line) => /^found crictl: \/\S+, v\d+\.\d+/.test(line))).toBe(true);
    expect(lines.some((line) => /^found kubectl: \/\S+, 1\.\d+$/.test(line))).toBe(true);
    expect(lines.some((line) => /^found cgroups, version [12]$/.test(line))).toBe(true);
    expect({ code, stdout, last: lines.at(-1) }).toEqual({ code: 0, stdout: '', last: 'everything is there' });
  });

  test('--check names what is missing, installs nothing, and ends with 1', async () => {
    const prefix = join(directory, 'prefix');
    const path = await pathWithout('containerd', 'crictl');
    const { code, lines } = run(['--check', '--prefix', prefix], { PATH: path });
    expect(lines).toContain('missing: containerd');
    expect(lines.some((line) => line.startsWith('missing: crictl (v'))).toBe(true);
    expect({ code, last: lines.at(-1) }).toEqual({ code: 1, last: 'not everything is there, see above' });
    expect(await readdir(prefix).catch((error: NodeJS.ErrnoException) => error.code)).toBe('ENOENT');
  });

  test('a kubectl older than 1.31 counts as missing', async () => {
    const path = await pathWithout('kubectl');
    const old = join(path.split(':')[0] ?? '', 'kubectl');
    await writeFile(old, `#!/bin/sh\necho '{ "clientVersion": { "major": "1", "minor": "20+" } }'\n`, { mode: 0o755 });
    const { code, lines } = run(['--check', '--with-kubectl'], { PATH: path });
    expect(lines).toContain(`kubectl at ${old} is 1.20: Skep wants 1.31 or newer`);
    expect(code).toBe(1);
  });

  test('on a system that it does not know, it lists what to install by hand and installs nothing', async () => {
    const path = await pathWithout('containerd', 'nft', 'apt-get');
    const release = await osRelease('ID=fedora\nVERSION_ID=43\nPRETTY_NAME="Fedora Linux 43"\n');
    const { code, lines } = run([], { PATH: path, SKEP_OS_RELEASE: release });
    expect(lines).toContain('cannot: Fedora Linux 43 is not a system that this script installs on');
    expect(packagesAfter(lines, "install by hand what is missing here (names of Debian's packages):")).toContain(
      'containerd',
    );
    expect(packagesAfter(lines, 'all that Skep needs on a host:')).toEqual(
      expect.arrayContaining([...PACKAGES, 'crictl']),
    );
    expect(code).toBe(1);
  });

  test('on a system that it does not know where nothing is missing, it is content', async () => {
    const { code, lines } = run(['--check'], {
      SKEP_OS_RELEASE: await osRelease('ID=arch\nPRETTY_NAME="Arch Linux"\n'),
    });
    expect(lines[0]).toMatch(/^found Arch Linux, (amd64|arm64)$/);
    expect(code).toBe(0);
  });

  test('without root, it says so and lists what is needed', () => {
    const { code, lines } = run(['--check'], {}, ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']);
    expect(lines).toContain(
      'cannot: only root can install packages, load modules and run containers: run this with sudo',
    );
    expect(packagesAfter(lines, 'all that Skep needs on a host:')).toEqual(
      expect.arrayContaining([...PACKAGES, 'crictl']),
    );
    expect(code).toBe(1);
  });

  test.each([
    { args: ['--chek'], says: 'unknown argument: --chek' },
    { args: ['install'], says: 'unknown argument: install' },
    { args: ['--prefix'], says: 'usage: sh deploy/host.sh' },
    { args: ['--prefix', 'relative/path'], says: '--prefix relative/path: want an absolute path' },
  ])('wrong usage %j ends with 2', ({ args, says }) => {
    const { code, lines, stdout } = run(args);
    expect(lines[0]).toStartWith(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  test('--help prints the usage on stdout and ends with 0', () => {
    const { code, stdout } = run(['--help']);
    expect(stdout).toStartWith('usage: sh deploy/host.sh ');
    expect(code).toBe(0);
  });
});
