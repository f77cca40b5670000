import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './hosts.ts';
import { ROOT } from './import-law.ts';

/** Where clients are built: with the rest of what is built, so that `make clean` takes them away. */
const BUILT = join(ROOT, 'dist/clients');

/** The package of each client, in the Go module test/clients/<name> that pins it by hash. */
const PACKAGES = {
  'client-go': '.',
  helm: 'helm.sh/helm/v3/cmd/helm',
  'kubectl-1.31': '.',
  'kubectl-1.33': '.',
} as const;

/** A client that is built from source for the tests. */
export type ClientName = keyof typeof PACKAGES;

/** The program, built when it is not there or its module has changed: two minutes the first time, with Go's cache a second. */
export async function clientProgram(name: ClientName): Promise<string> {
  const source = join(ROOT, 'test/clients', name);
  const pins = await readFile(join(source, 'go.mod'), 'utf8');
  const main = existsSync(join(source, 'main.go')) ? await readFile(join(source, 'main.go'), 'utf8') : '';
  const program = join(BUILT, `${name}-${Bun.hash(pins + main).toString(36)}`);
  if (existsSync(program)) return program;
  await mkdir(BUILT, { recursive: true });
  const unfinished = `${program}.${process.pid}`;
  const { code, stderr } = await run(
    [
      goProgram(),
      'build',
      '-C',
      source,
      '-mod=readonly',
      '-buildvcs=false',
      '-trimpath',
      `-ldflags=${flags(name, pins)}`,
      '-o',
      unfinished,
      PACKAGES[name],
    ],
    { environment: { GOWORK: 'off', CGO_ENABLED: '0', HOME: process.env['HOME'] ?? '/root' }, timeoutMs: 20 * 60_000 },
  );
  if (code !== 0) throw new Error(`Cannot build ${name}: ${stderr}`);
  await rename(unfinished, program);
  return program;
}

/** Go by PATH, or where its installer puts it. */
const goProgram = (): string => Bun.which('go') ?? '/usr/local/go/bin/go';

/** A kubectl tells its version by what the linker wrote into it. */
function flags(name: ClientName, pins: string): string {
  const version = /k8s\.io\/kubectl v0\.(\d+)\.(\d+)/.exec(pins);
  if (!name.startsWith('kubectl') || version === null) return '-s -w';
  const [, minor, patch] = version;
  const at = 'k8s.io/component-base/version';
  return `-s -w -X ${at}.gitVersion=v1.${minor}.${patch} -X ${at}.gitMajor=1 -X ${at}.gitMinor=${minor}`;
}

/** A Python with the client library of Kubernetes, in a virtual environment of its own. */
export async function pythonWithClient(): Promise<string> {
  const home = join(BUILT, `python-kubernetes-${PYTHON_CLIENT}`);
  const python = join(home, 'bin/python');
  if (existsSync(join(home, 'complete'))) return python;
  for (const argv of [
    ['python3', '-m', 'venv', '--clear', home],
    [python, '-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', `kubernetes==${PYTHON_CLIENT}`],
  ]) {
    const { code, stderr, stdout } = await run(argv, { timeoutMs: 5 * 60_000 });
    if (code !== 0) throw new Error(`Cannot make ${home}: ${argv.join(' ')}: ${stderr}${stdout}`);
  }
  await Bun.write(join(home, 'complete'), '');
  return python;
}

const PYTHON_CLIENT = '33.1.0';
