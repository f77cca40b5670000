import type { Command } from 'commander';
import type { OptionTable } from '#base/options.ts';
import type { QueryColumn, ReadOnlyDatabase } from '#db/query.ts';
import { COMMON_OPTIONS, SERVER_OPTIONS } from '#server/config.ts';
import { addOptions, type Process, readOptions } from '../command.ts';
import { alignTable } from '../table.ts';

const OPTIONS = { dataDir: COMMON_OPTIONS.dataDir, databaseUrl: SERVER_OPTIONS.databaseUrl } satisfies OptionTable;

/** A table is kept in memory until its widths are known: beyond this many rows it ends, and `--json` is the way. */
const MOST_ROWS = 10_000;

/** `skep sql`: people's own questions to the database, in SQL, over views with ordinary columns. */
export function sqlCommand(program: Command, host: Process): void {
  const command = addOptions(
    program
      .command('sql')
      .description(
        `ask the cluster's database; it can only be read, for at most 10 s a query. Views: namespaces, nodes, pods, deployments, replicasets, services, configmaps, events. Without -c, queries come from stdin, each ended by a semicolon`,
      )
      .option('-c, --command <QUERY>', 'the query')
      .option('--json', 'an object a row, one a line, in place of a table'),
    OPTIONS,
  );
  command.action(async () => {
    const { dataDir, databaseUrl } = await readOptions(command, OPTIONS, host);
    const { command: query, json = false } = command.opts<{ command?: string; json?: boolean }>();
    const [{ openReadOnly }, { withDatabase }] = await Promise.all([
      import('#db/query.ts'),
      import('../open-database.ts'),
    ]);
    await withDatabase({ dataDir, databaseUrl }, host, async (database) => {
      const reader = await openReadOnly(database);
      try {
        if (query !== undefined) await answer(reader, query, json, host);
        else for await (const one of statements(Bun.stdin.stream())) await answer(reader, one, json, host);
      } finally {
        await reader.close();
      }
    });
  });
}

async function answer(reader: ReadOnlyDatabase, query: string, json: boolean, host: Process): Promise<void> {
  const rows: string[][] = [];
  let isCut = false;
  await reader.query(query, (page) => {
    if (json) {
      for (const row of page.rows) host.print(jsonLine(row, page.columns));
      return true;
    }
    if (rows.length === 0) rows.push(page.columns.map(({ name }) => name));
    rows.push(...page.rows.map((row) => row.map((cell) => visible(cell ?? ''))));
    isCut = rows.length > MOST_ROWS;
    return !isCut;
  });
  if (json) return;
  for (const line of alignTable(rows)) host.print(line);
  if (isCut) host.say(`sql: more than ${MOST_ROWS} rows, the rest is left out; --json has them all`);
  else host.say(`${rows.length - 1} ${rows.length === 2 ? 'row' : 'rows'}`);
}

const jsonLine = (row: readonly (string | null)[], columns: readonly QueryColumn[]): string =>
  `{${columns.map((column, index) => `${JSON.stringify(column.name)}:${jsonOf(row[index] ?? null, column)}`).join(',')}}`;

/** What pods say in messages and annotations must not steer the terminal, nor break the table's lines. */
// eslint-disable-next-line no-control-regex
const visible = (text: string): string => text.replace(/[\u0000-\u001f\u007f-\u009f]/g, ' ');

/** Type oids whose text is JSON as it stands: int8, int2, int4, json, float4, float8, jsonb. */
const JSON_TYPES = new Set([20, 21, 23, 114, 700, 701, 3802]);
const BOOLEAN = 16;

/** The value of a cell as JSON text. */
function jsonOf(cell: string | null, { type }: QueryColumn): string {
  if (cell === null) return 'null';
  if (type === BOOLEAN) return String(cell === 't');
  // NaN and the infinities are no JSON.
  if (JSON_TYPES.has(type) && !/^-?(NaN|Infinity)$/.test(cell)) return cell;
  return JSON.stringify(cell);
}

/** Splits text into statements at semicolons that stand outside of quotes, comments and dollar quotes. */
export async function* statements(input: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let text = '';
  const cut = function* (): Generator<string> {
    for (let end = endOfStatement(text); end >= 0; end = endOfStatement(text)) {
      const one = text.slice(0, end).trim();
      text = text.slice(end + 1);
      if (one !== '') yield one;
    }
  };
  for await (const chunk of input) {
    text += decoder.decode(chunk, { stream: true });
    yield* cut();
  }
  yield* cut();
  if (text.trim() !== '') yield text.trim();
}

const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*\n|\/\*[^]*?\*\/|\$(\w*)\$[^]*?\$\1\$|;|['"]|--|\/\*|\$\w*\$|[^]/g;

function endOfStatement(text: string): number {
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (token === ';') return index;
    // An open quote or comment: its end is still to come.
    if (/^(['"]|--|\/\*|\$\w*\$)$/.test(token)) return -1;
  }
  return -1;
}
