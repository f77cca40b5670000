import type { Environment } from '@marcbachmann/cel-js';
import { define, refuse } from './define.ts';

/** A URL in its parts, which keep their escapes: `scheme://host:port/path?query`, or an absolute path. */
class ParsedURL {
  readonly scheme: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  constructor(scheme: string, host: string, path: string, query: string) {
    this.scheme = scheme;
    this.host = host;
    this.path = path;
    this.query = query;
  }
  get hostname(): string {
    return this.host.startsWith('[') ? this.host.slice(1, this.host.indexOf(']')) : this.host.replace(/:\d*$/, '');
  }
  get port(): string {
    return /:(\d+)$/.exec(this.host)?.[1] ?? '';
  }
  equals(other: unknown): boolean {
    return other instanceof ParsedURL && JSON.stringify(other) === JSON.stringify(this);
  }
}

const SHAPE = /^(?:([A-Za-z][-+.A-Za-z0-9]*):\/\/([^/?#\s]*))?(\/[^?#\s]*|)(?:\?([^#\s]*))?(?:#\S*)?$/;

/** Go's url.ParseRequestURI: an absolute URI, or an absolute path. */
function read(text: string): ParsedURL | undefined {
  const found = SHAPE.exec(text);
  const [, scheme = '', authority = '', path = '', query = ''] = found ?? [];
  if (found === null || (scheme === '' && path === '') || /%(?![0-9A-Fa-f]{2})/.test(path)) return undefined;
  return new ParsedURL(scheme, authority.replace(/^.*@/, ''), path, query);
}

function url(text: string): ParsedURL {
  const parsed = read(text);
  if (parsed === undefined)
    throw refuse(
      `URL parse error during conversion from string: parse ${JSON.stringify(text)}: invalid URI for request`,
    );
  return parsed;
}

function queryOf({ query }: ParsedURL): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [key, value] of new URLSearchParams(query)) values.set(key, [...(values.get(key) ?? []), value]);
  return values;
}

/** Kubernetes' URL library. */
export function addURLFunctions(environment: Environment): void {
  environment.registerType('kubernetes.URL', { ctor: ParsedURL, fields: {} });
  environment.registerOperator('kubernetes.URL == kubernetes.URL', (a: ParsedURL, b: ParsedURL) => a.equals(b));
  define(environment, [
    ['url(string): kubernetes.URL', url],
    ['isURL(string): bool', (text: string) => read(text) !== undefined],
    ['kubernetes.URL.getScheme(): string', ({ scheme }: ParsedURL) => scheme],
    ['kubernetes.URL.getHost(): string', ({ host }: ParsedURL) => host],
    ['kubernetes.URL.getHostname(): string', ({ hostname }: ParsedURL) => hostname],
    ['kubernetes.URL.getPort(): string', ({ port }: ParsedURL) => port],
    ['kubernetes.URL.getEscapedPath(): string', ({ path }: ParsedURL) => path],
    ['kubernetes.URL.getQuery(): map<string, list<string>>', queryOf],
  ]);
}
