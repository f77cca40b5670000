/** One setting: a flag `--name`, an environment variable `SKEP_NAME`, a key `name` of the config file, its help, its default and its type. */
export interface Option<T> {
  /** The flag without dashes, e.g. `data-dir`. */
  readonly name: string;
  /** What stands for the value in help, e.g. `DIR`. Empty for a switch. */
  readonly placeholder: string;
  readonly description: string;
  /** As a person would write it; undefined = must be given, unless `optional`. */
  readonly default?: string;
  readonly optional?: boolean;
  /** Text → value; throws an Error whose message says what is wrong with the value. */
  readonly parse: (text: string) => T;
}

/** A table of settings, by the property that the program reads. */
export type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values of a table. An optional setting without a value is undefined. */
export type OptionValues<T extends OptionTable> = {
  readonly [K in keyof T]: T[K] extends Option<infer V> ? (T[K] extends { optional: true } ? V | undefined : V) : never;
};

/** Where values come from, strongest first: flags (by name), the environment, the config file (by name). */
export interface OptionSources {
  readonly flags: Readonly<Record<string, string | undefined>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file: Readonly<Record<string, string | undefined>>;
}

/** The command line was wrong: exit status 2. */
export class UsageError extends Error {}

/** `data-dir` → `SKEP_DATA_DIR`. */
export const environmentName = (name: string): string => `SKEP_${name.toUpperCase().replaceAll('-', '_')}`;

/**
 * Finds every setting's value.
 *
 * @throws UsageError when a value is missing or does not parse; the message names the flag.
 */
export function resolveOptions<T extends OptionTable>(table: T, sources: OptionSources): OptionValues<T> {
  const values: Record<string, unknown> = {};
  for (const [property, option] of Object.entries(table)) {
    const given =
      sources.flags[option.name] ??
      sources.environment[environmentName(option.name)] ??
      sources.file[option.name] ??
      option.default;
    if (given === undefined) {
      if (option.optional === true) continue;
      throw new UsageError(
        `Missing --${option.name}: give the flag, ${environmentName(option.name)}, or the key ${option.name} in the config file`,
      );
    }
    try {
      values[property] = option.parse(given);
    } catch (error) {
      throw new UsageError(`--${option.name} ${given}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return values as OptionValues<T>;
}

/** Any text but the empty one. */
export function text(value: string): string {
  if (value === '') throw new Error('want a value, not an empty text');
  return value;
}

/** A whole number from 1 on. */
export function count(value: string): number {
  if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
  throw new Error('want a whole number of at least 1');
}

/** `true` or `false` (`1`, `0`, `yes`, `no`). */
export function flag(value: string): boolean {
  if (/^(true|1|yes)$/.test(value)) return true;
  if (/^(false|0|no)$/.test(value)) return false;
  throw new Error('want true or false');
}

/** A span such as `24h`, `90s`, `1h30m`, `7d`, or a plain number of seconds; returns seconds. */
export function seconds(value: string): number {
  if (/^\d+$/.test(value)) return Number(value);
  const parts = [...value.matchAll(/(\d+)([smhd])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== value)
    throw new Error('want a span such as 24h, 90s or 7d');
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNIT_SECONDS[unit ?? 's'] ?? 1), 0);
}
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A size such as `256MB`, `512kB` or `2GB`, in steps of 1,024 as Postgres counts, or a plain number of bytes; returns bytes. */
export function bytes(value: string): number {
  const match = /^(\d+)(B|kB|MB|GB|TB)?$/.exec(value);
  if (match === null) throw new Error('want a size such as 256MB or 2GB');
  return Number(match[1]) * 1024 ** ['B', 'kB', 'MB', 'GB', 'TB'].indexOf(match[2] ?? 'B');
}

/** `ADDRESS:PORT`, e.g. `0.0.0.0:6443`. */
export function listenAddress(value: string): { readonly host: string; readonly port: number } {
  const match = /^(.+):(\d{1,5})$/.exec(value);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port > 65_535) throw new Error('want ADDRESS:PORT, e.g. 0.0.0.0:6443');
  return { host: match[1].replace(/^\[(.*)\]$/, '$1'), port };
}

/** An IPv4 network such as `10.42.0.0/16`. */
export function cidr(value: string): string {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(value);
  if (match === null || match.slice(1, 5).some((part) => Number(part) > 255) || Number(match[5]) > 30) {
    throw new Error('want an IPv4 network such as 10.42.0.0/16');
  }
  return value;
}

/** One or more https URLs of Skep servers with commas between, without paths. */
export const serverUrls = (value: string): string => value.split(',').map(serverUrl).join(',');

/** An https URL of a Skep server, without a path. */
function serverUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'https:') throw new Error('want https://HOST:PORT');
  return url.origin;
}
