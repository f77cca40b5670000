import type { Command } from 'commander';
import type { KubeObject } from '#api/kind.ts';
import { type OptionTable, UsageError } from '#base/options.ts';
import { COMMON_OPTIONS } from '#server/config.ts';
import { type ApiClient, connectByDataDir } from '../api-client.ts';
import { addOptions, type Process, readOptions } from '../command.ts';
import { type FieldChange, fieldChanges } from '../object-diff.ts';
import { findResource, type ServedResource } from '../resource-lookup.ts';
import { alignTable } from '../table.ts';

const OPTIONS = { dataDir: COMMON_OPTIONS.dataDir } satisfies OptionTable;
/** How many fields a line of the short form names. */
const SHORT_FIELDS = 3;
const SHORT_CHARACTERS = 40;

/** One kept revision, as the API answers it. */
export interface Revision {
  readonly revision: number;
  readonly operation?: 'create' | 'update' | 'delete';
  readonly time: string;
  readonly user?: string;
  readonly userAgent?: string;
  /** Null = deleted. */
  readonly object: KubeObject | null;
}

/** The kept revisions of an object, newest first. */
export interface History {
  readonly complete: boolean;
  readonly revisions: readonly Revision[];
}

/** Asks the server for an object's history. */
export function readHistory(
  client: ApiClient,
  { resource, namespaced }: ServedResource,
  key: { readonly namespace: string; readonly name: string },
  query: string,
): Promise<History> {
  const parts = [resource, ...(namespaced ? [key.namespace] : []), key.name];
  return client.call('GET', `/skep/v1/history/${parts.map(encodeURIComponent).join('/')}?${query}`);
}

/** `skep history`: who changed an object, when, and what. */
export function historyCommand(program: Command, host: Process): void {
  const command = addOptions(
    program
      .command('history')
      .description("list an object's kept revisions, newest first: when, who, and which fields changed")
      .argument('<kind>', 'e.g. deployment, deploy or deployments.apps')
      .argument('<name>', "the object's name; it may have been deleted")
      .option('-n, --namespace <NS>', 'namespace of the object', 'default')
      .option('--limit <N>', 'how many revisions', '20')
      .option('--all', 'those too that change the status only, which controllers and nodes make')
      .option('--diff', 'every changed field with its old and new value'),
    OPTIONS,
  );
  command.action(async (kind: string, name: string) => {
    const { dataDir } = await readOptions(command, OPTIONS, host);
    const { namespace, limit, diff = false, all = false } = command.opts<Flags>();
    if (!/^[1-9]\d{0,2}$/.test(limit)) throw new UsageError(`--limit ${limit}: want a number from 1 to 999`);
    const client = await connectByDataDir(dataDir);
    const served = await findResource(client, kind);
    const history = await readHistory(client, served, { namespace, name }, 'limit=1000');
    if (history.revisions.length === 0)
      throw new Error(
        `Nothing is kept of ${served.resource} "${name}": it never was there, or was last changed long ago`,
      );
    const lines = history.revisions
      .map((revision, index) => ({ revision, earlier: history.revisions[index + 1] }))
      .filter(({ revision, earlier }) => all || !isOfStatus(revision, earlier))
      .slice(0, Number(limit));
    if (diff) for (const line of lines) printDiff(line.revision, line.earlier, served, host);
    else {
      const rows = lines.map(({ revision, earlier }) => [...head(revision), short(revision, earlier, served)]);
      for (const line of alignTable([['REVISION', 'TIME', 'USER', 'PROGRAM', 'CHANGE'], ...rows])) host.print(line);
    }
    const oldest = lines.at(-1)?.revision;
    if (!history.complete || oldest !== history.revisions.at(-1))
      host.say('older revisions are kept: see --limit and --all');
  });
}

interface Flags {
  readonly namespace: string;
  readonly limit: string;
  readonly diff?: boolean;
  readonly all?: boolean;
}

/** Did it change the status and nothing else. */
function isOfStatus(revision: Revision, earlier: Revision | undefined): boolean {
  if (deed(revision, earlier) !== undefined) return false;
  return fieldChanges(earlier?.object, revision.object).every(({ path }) => /^status\b/.test(path));
}

const head = ({ revision, time, user = '-', userAgent = '-' }: Revision): string[] => [
  String(revision),
  `${time.slice(0, 19)}Z`,
  user,
  userAgent.split(' ', 1)[0] ?? '-',
];

/** What a revision did when it was no plain change of fields. */
function deed(revision: Revision, earlier: Revision | undefined): string | undefined {
  if (revision.object === null) return 'deleted';
  if (revision.operation === 'create') return 'created';
  if (earlier?.object === undefined || earlier.object === null) return 'changed; what it was before is no longer kept';
  return undefined;
}

function short(revision: Revision, earlier: Revision | undefined, served: ServedResource): string {
  const special = deed(revision, earlier);
  if (special !== undefined) return special;
  const changes = fieldChanges(earlier?.object, revision.object);
  const texts = changes.slice(0, SHORT_FIELDS).map(({ path, before, after }) => {
    if (before === undefined) return `+${path}`;
    if (after === undefined) return `-${path}`;
    const [from, to] = [before, after].map((value) => show(value, path, served));
    return isLong(from) || isLong(to) ? path : `${path}: ${from} → ${to}`;
  });
  if (changes.length > SHORT_FIELDS) texts.push(`${changes.length - SHORT_FIELDS} more`);
  return texts.length === 0 ? 'nothing but bookkeeping' : texts.join(', ');
}

function printDiff(revision: Revision, earlier: Revision | undefined, served: ServedResource, host: Process): void {
  host.print(`${head(revision).slice(0, 3).join('  ')}  ${revision.userAgent ?? '-'}`);
  const special = deed(revision, earlier);
  const changes = special === undefined ? fieldChanges(earlier?.object, revision.object) : [];
  if (special !== undefined) host.print(`    ${special}`);
  for (const change of changes) for (const line of diffLines(change, served)) host.print(`    ${line}`);
  host.print('');
}

function diffLines({ path, before, after }: FieldChange, served: ServedResource): string[] {
  return [
    ...(before === undefined ? [] : [`- ${path}: ${show(before, path, served)}`]),
    ...(after === undefined ? [] : [`+ ${path}: ${show(after, path, served)}`]),
  ];
}

/** What a Secret holds is never shown. JSON escapes control characters, so a value cannot reach the terminal. */
function show(value: unknown, path: string, { resource }: ServedResource): string {
  if (resource === 'secrets' && /^(data|stringData)\b|last-applied-configuration/.test(path)) return '***';
  if (resource === 'secrets' && path === 'metadata.annotations') return '***';
  return JSON.stringify(value);
}

const isLong = (text: string | undefined): boolean => (text ?? '').length > SHORT_CHARACTERS;
