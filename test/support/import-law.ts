import { dirname, relative, resolve } from 'node:path';

/** The root of the checkout. */
export const ROOT = resolve(import.meta.dir, '../..');

/** What the files of one room may import. The first room whose `files` match a path is the room of that path. */
export interface Room {
  /** A path prefix, or a whole path. */
  readonly files: string;
  /** Path prefixes of our own files; the room's top-level folder is not implied. */
  readonly own: readonly string[];
  /** npm packages. */
  readonly packages: readonly string[];
  /** May it use node: and bun built-ins. */
  readonly builtins: boolean;
  /** Our own paths that `own` would allow but that this room may not know. */
  readonly never?: readonly string[];
}

const RUNTIME_IMPLEMENTATIONS = ['agent/runtime/crictl', 'agent/runtime/fake', 'agent/runtime/containerd'];

/** The import law, from the narrowest room to the widest. A file that no room covers may import nothing. */
export const LAW: readonly Room[] = [
  { files: 'api/cel/', own: ['api/'], packages: ['@marcbachmann/cel-js'], builtins: false },
  { files: 'api/', own: ['api/'], packages: ['@sinclair/typebox'], builtins: false },
  { files: 'base/', own: ['api/', 'base/'], packages: ['pino', 'prom-client', 'yaml'], builtins: true },
  {
    files: 'db/',
    own: ['api/', 'base/', 'db/'],
    packages: ['drizzle-orm', 'postgres'],
    builtins: true,
  },
  {
    files: 'server/store/',
    own: ['api/', 'base/', 'db/', 'server/store/'],
    packages: [],
    builtins: true,
  },
  {
    files: 'server/reconcile/',
    own: ['api/', 'base/', 'server/store/', 'server/proxy/', 'server/reconcile/'],
    packages: [],
    builtins: true,
  },
  {
    files: 'server/controllers/index.ts',
    own: ['api/', 'base/', 'server/store/', 'server/proxy/', 'server/reconcile/', 'server/controllers/'],
    packages: [],
    builtins: true,
  },
  {
    files: 'server/controllers/',
    own: ['api/', 'base/', 'server/store/', 'server/proxy/', 'server/reconcile/', 'server/controllers/*/'],
    packages: [],
    builtins: true,
  },
  {
    files: 'server/scheduler/',
    own: ['api/', 'base/', 'server/store/', 'server/reconcile/', 'server/scheduler/'],
    packages: [],
    builtins: true,
  },
  {
    files: 'server/admission/',
    own: ['api/', 'base/', 'server/store/', 'server/proxy/', 'server/admission/'],
    packages: [],
    builtins: true,
  },
  {
    files: 'server/authorization/',
    own: ['api/', 'base/', 'server/store/', 'server/nodes/pod-references', 'server/authorization/'],
    packages: [],
    builtins: true,
  },
  {
    files: 'server/identity/',
    own: ['api/', 'base/', 'server/store/', 'server/identity/'],
    packages: ['jose', '@peculiar/x509', 'reflect-metadata'],
    builtins: true,
  },
  {
    files: 'server/http/',
    own: [
      'api/',
      'base/',
      'server/store/',
      'server/admission/',
      'server/authorization/',
      'server/identity/',
      'server/nodes/',
      'server/proxy/',
      'server/http/',
    ],
    packages: ['elysia', 'yaml'],
    builtins: true,
  },
  {
    files: 'server/nodes/',
    own: ['api/', 'base/', 'server/store/', 'server/identity/', 'server/nodes/'],
    packages: ['elysia'],
    builtins: true,
  },
  {
    files: 'server/proxy/',
    own: ['api/', 'base/', 'server/store/', 'server/nodes/', 'server/proxy/'],
    packages: [],
    builtins: true,
  },
  { files: 'server/config.ts', own: ['base/'], packages: [], builtins: true },
  { files: 'server/hub-database.ts', own: ['base/', 'db/', 'server/'], packages: [], builtins: true },
  { files: 'server/hub.ts', own: ['api/', 'base/', 'db/', 'server/'], packages: ['elysia'], builtins: true },
  { files: 'agent/link/', own: ['api/', 'base/', 'agent/link/'], packages: ['ws'], builtins: true },
  {
    files: 'agent/runtime/',
    own: ['api/', 'base/', 'agent/runtime/'],
    packages: [],
    builtins: true,
  },
  { files: 'agent/images/', own: ['base/', 'agent/images/'], packages: [], builtins: true },
  { files: 'agent/network/', own: ['api/', 'base/', 'agent/network/'], packages: [], builtins: true },
  { files: 'agent/proxy/', own: ['api/', 'base/', 'agent/network/', 'agent/proxy/'], packages: [], builtins: true },
  {
    files: 'agent/dns/',
    own: ['api/', 'base/', 'agent/network/', 'agent/dns/'],
    packages: ['dns-packet'],
    builtins: true,
  },
  { files: 'agent/volumes/', own: ['api/', 'base/', 'agent/state/', 'agent/volumes/'], packages: [], builtins: true },
  {
    files: 'agent/stats/',
    own: ['api/', 'base/', 'agent/stats/', 'agent/runtime/runtime'],
    packages: ['systeminformation'],
    builtins: true,
  },
  {
    files: 'agent/node/',
    own: ['api/', 'base/', 'agent/node/', 'agent/stats/', 'agent/runtime/runtime'],
    packages: ['systeminformation'],
    builtins: true,
  },
  { files: 'agent/agent.ts', own: ['api/', 'base/', 'agent/'], packages: [], builtins: true },
  {
    files: 'agent/',
    own: ['api/', 'base/', 'agent/'],
    packages: [],
    builtins: true,
    never: RUNTIME_IMPLEMENTATIONS,
  },
  // The one file that only the compiled binary has: it takes the packed Postgres in.
  { files: 'cli/binary.ts', own: ['cli/main.ts', '../dist/postgres.tar.zst'], packages: [], builtins: false },
  {
    files: 'cli/',
    own: [
      'api/',
      'base/',
      'cli/',
      'server/hub',
      'server/config',
      'server/identity/',
      'agent/agent',
      'agent/config',
      'db/',
    ],
    packages: ['commander', 'yaml'],
    builtins: true,
  },
  { files: 'deploy/', own: ['agent/images/', 'deploy/'], packages: [], builtins: true },
];

const BUILTIN = /^(node:|bun$|bun:)/;

const matches = (path: string, pattern: string): boolean =>
  pattern.includes('*') ? new RegExp(`^${pattern.replace('*', '[^/]+')}`).test(path) : path.startsWith(pattern);

/** What is wrong with `file` (a path from the root) importing `specifier`; undefined when the law allows it. */
export function violation(file: string, specifier: string): string | undefined {
  const room = LAW.find(({ files }) => file === files || (files.endsWith('/') && file.startsWith(files)));
  const says = (why: string): string => `${file} -> ${specifier}: ${why}`;
  if (room === undefined) return says('no room of the import law covers this file');
  if (BUILTIN.test(specifier)) return room.builtins ? undefined : says(`${room.files} takes no built-in`);
  const target = ownPath(file, specifier);
  if (target === undefined) {
    const allowed = room.packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
    return allowed ? undefined : says(`${room.files} does not take this package`);
  }
  if (target.endsWith('.test.ts') || target.startsWith('test/')) return says('the product never imports a test');
  if (specifier.startsWith('.') && !target.startsWith('../dist/') && target.split('/')[0] !== file.split('/')[0]) {
    return says('across top-level folders write #folder/…');
  }
  if (room.never?.some((path) => target.startsWith(path)) === true)
    return says('import the interface, not this implementation');
  const same = dirname(target) === dirname(file) && room.files !== 'server/controllers/';
  return same || room.own.some((pattern) => matches(target, pattern))
    ? undefined
    : says(`${room.files} may not know it`);
}

function ownPath(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#')) return specifier.slice(1);
  if (specifier.startsWith('../dist/')) return specifier;
  if (specifier.startsWith('.')) return relative(ROOT, resolve(ROOT, dirname(file), specifier));
  return undefined;
}
