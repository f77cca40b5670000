import { type Document, type YAMLParseError, isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';

/** YAML that cannot be read. */
export class YamlSyntaxError extends Error {
  override readonly name = 'YamlSyntaxError';
}

/** The first document of a YAML stream as JSON values, and what strict reading says of it. */
export interface ParsedYaml {
  readonly value: unknown;
  readonly complaints: readonly string[];
  /** The same as Go lists them: `line 4: key "c" already set in map`. */
  readonly unmarshalErrors: readonly string[];
}

const decoder = new TextDecoder();

/**
 * Reads YAML as the API server does: YAML 1.1 (`yes` and `y` are booleans), times stay text, the first document only.
 * Throws YamlSyntaxError.
 */
export function parseYaml(bytes: Uint8Array): ParsedYaml {
  const text = decoder.decode(bytes);
  if (text.length > MAX_DEPTH && isTooDeep(text)) throw new YamlSyntaxError(`yaml: exceeded max depth of ${MAX_DEPTH}`);
  const [document] = parseAllDocuments(text, {
    version: '1.1',
    uniqueKeys: false,
    merge: true,
    // Dates would become Date objects, and 12:30 the number 750; Go's reader leaves both as text.
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === 'string' || (tag.tag !== TIMESTAMP && tag.format !== 'TIME')),
  });
  if (document === undefined) return { value: null, complaints: [], unmarshalErrors: [] };
  const [error] = document.errors;
  if (error !== undefined) throw new YamlSyntaxError(yamlFault(text, error));
  try {
    const repeated = repeatedKeys(document.contents).map(({ name, offset }) => ({
      line: text.slice(0, offset).split('\n').length,
      complaint: `key ${JSON.stringify(name)} already set in map`,
    }));
    return {
      value: document.toJS({ maxAliasCount: 100 }),
      complaints: repeated.map(({ complaint }) => `yaml: ${complaint}`),
      unmarshalErrors: repeated.map(({ line, complaint }) => `line ${line}: ${complaint}`),
    };
  } catch (error) {
    throw new YamlSyntaxError(`yaml: ${error instanceof Error ? words(error.message) : 'cannot be read'}`);
  }
}

/** The parser works by recursion, and a megabyte of nesting costs it gigabytes. Go's stops at 10,000. */
const MAX_DEPTH = 1_000;
const COMPACT_NESTING = /(?:[-?][ \t]+){1000}/;

/** Before anything is parsed. Brackets in texts count too, but nobody leaves a thousand of them open. */
function isTooDeep(text: string): boolean {
  if (COMPACT_NESTING.test(text)) return true;
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x7b || code === 0x5b) depth += 1;
    else if (code === 0x7d || code === 0x5d) depth -= 1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

const TIMESTAMP = 'tag:yaml.org,2002:timestamp';
const words = (message: string): string => (message.split('\n', 1)[0] ?? '').replace(/ at line \d+.*$/, '');

/** Go's reader names what it wanted next where ours names what it had begun; the commonest faults have its words and its line. */
function yamlFault(text: string, { code, message, pos, linePos }: YAMLParseError): string {
  const line = linePos?.[0].line ?? 1;
  // Of a token that cannot be, Go tells no line when it is the first.
  const atToken = line === 1 ? '' : `line ${line}: `;
  if (/^Flow (map|sequence) .*(end with a|sufficiently indented)/.test(message)) {
    const rest = text.slice(0, Math.max(pos[0], text.trimEnd().length)).trimEnd();
    const wanted = message.startsWith('Flow map') ? "',' or '}'" : "',' or ']'";
    const what = /[[{,:]$/.test(rest) ? 'did not find expected node content' : `did not find expected ${wanted}`;
    return `yaml: line ${text.replace(/\n$/, '').split('\n').length}: ${what}`;
  }
  if (code === 'TAB_AS_INDENT' || code === 'BAD_SCALAR_START')
    return `yaml: ${atToken}found character that cannot start any token`;
  if (message.startsWith('Missing closing')) return 'yaml: found unexpected end of stream';
  return `yaml: line ${line}: ${words(message)}`;
}

interface RepeatedKey {
  readonly name: string;
  readonly offset: number;
}

/** In the order of the text. */
function repeatedKeys(root: Document['contents']): RepeatedKey[] {
  const found: RepeatedKey[] = [];
  const open: unknown[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (isAlias(node)) continue;
    if (isSeq(node)) open.push(...node.items);
    if (!isMap(node)) continue;
    const keys = new Set<string>();
    for (const { key, value } of node.items) {
      const name = String(isScalar(key) ? key.value : key);
      if (keys.has(name) && name !== '<<') found.push({ name, offset: isScalar(key) ? (key.range?.[0] ?? 0) : 0 });
      keys.add(name);
      if (value !== null) open.push(value);
    }
  }
  return found.sort((a, b) => a.offset - b.offset);
}
