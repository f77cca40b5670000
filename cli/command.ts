import { readFile } from 'node:fs/promises';
import { type Command, Option as Flag } from 'commander';
import { parse } from 'yaml';
import { environmentName, type OptionTable, type OptionValues, resolveOptions, UsageError } from '#base/options.ts';

/** What a command gets from the process it runs in. */
export interface Process {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The Postgres archive inside the compiled binary; undefined when run from source. */
  readonly postgresArchive: string | undefined;
  /** For people: stderr, one line. */
  readonly say: (line: string) => void;
  /** For programs: stdout, one line. */
  readonly print: (line: string) => void;
}

/** Where settings are read from when no `--config` is given. */
export const DEFAULT_CONFIG_FILE = '/etc/skep/config.yaml';

/** Adds the flags of `table` to a command; help names each default and the environment variable. */
export function addOptions(command: Command, table: OptionTable): Command {
  for (const option of Object.values(table)) {
    const { name, placeholder, description, default: standard, optional } = option;
    const tail = [
      standard === undefined ? (optional === true ? undefined : 'required') : `default ${standard}`,
      environmentName(name),
    ];
    command.addOption(
      new Flag(`--${name} <${placeholder}>`, `${description} (${tail.filter((one) => one !== undefined).join('; ')})`),
    );
  }
  return command.addOption(
    new Flag('--config <FILE>', `settings as YAML, by flag name (default ${DEFAULT_CONFIG_FILE}, if it is there)`),
  );
}

/**
 * The values of `table` for a command that was parsed.
 *
 * @throws UsageError when a value is missing or wrong, or a config file that was named cannot be read.
 */
export async function readOptions<T extends OptionTable>(
  command: Command,
  table: T,
  { environment }: Process,
): Promise<OptionValues<T>> {
  const given = command.optsWithGlobals<Record<string, string | undefined>>();
  const flags = Object.fromEntries(
    Object.values(table).map(({ name }) => [
      name,
      given[name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())],
    ]),
  );
  const named = given['config'] ?? environment['SKEP_CONFIG'];
  return resolveOptions(table, { flags, environment, file: await readConfigFile(named) });
}

async function readConfigFile(named: string | undefined): Promise<Record<string, string>> {
  let content: string;
  try {
    content = await readFile(named ?? DEFAULT_CONFIG_FILE, 'utf8');
  } catch (error) {
    if (named === undefined) return {};
    throw new UsageError(
      `Cannot read the config file ${named}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const value: unknown = parse(content);
  if (value === null || value === undefined) return {};
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new UsageError(`The config file ${named ?? DEFAULT_CONFIG_FILE} holds no map of settings`);
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]: [string, unknown]) =>
      one === null || one === undefined ? [] : [[key, typeof one === 'string' ? one : plainText(one)]],
    ),
  );
}

/** A number or boolean as its text, a list by commas; what no setting takes (a map) as JSON, for its message to show. */
const plainText = (value: unknown): string => (Array.isArray(value) ? value.join(',') : JSON.stringify(value));
