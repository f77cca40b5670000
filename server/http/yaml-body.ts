import { type Document, isAlias, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';

/** YAML that cannot be read. */
export class YamlSyntaxError extends Error {
  override readonly name = 'YamlSyntaxError';
}

/** The first document of a YAML stream as JSON values, and what strict reading says of it. */
export interface ParsedYaml {
  readonly value: unknown;
  readonly complaints: readonly string[];
}

const decoder = new TextDecoder();

/**
 * Reads YAML as the API server does: YAML 1.1 (`yes` and `y` are booleans), times stay text, the first document only.
 * Throws YamlSyntaxError.
 */
export function parseYaml(bytes: Uint8Array): ParsedYaml {
  const [document] = parseAllDocuments(decoder.decode(bytes), {
    version: '1.1',
    uniqueKeys: false,
    merge: true,
    // Dates would become Date objects, and 12:30 the number 750; Go's reader leaves both as text.
    customTags: (tags) =>
      tags.filter((tag) => typeof tag === 'string' || (tag.tag !== TIMESTAMP && tag.format !== 'TIME')),
  });
  if (document === undefined) return { value: null, complaints: [] };
  const [error] = document.errors;
  if (error !== undefined)
    throw new YamlSyntaxError(`yaml: line ${error.linePos?.[0].line ?? 1}: ${words(error.message)}`);
  try {
    return { value: document.toJS({ maxAliasCount: 100 }), complaints: repeatedKeys(document.contents) };
  } catch (error) {
    throw new YamlSyntaxError(`yaml: ${error instanceof Error ? words(error.message) : 'cannot be read'}`);
  }
}

const TIMESTAMP = 'tag:yaml.org,2002:timestamp';
const words = (message: string): string => (message.split('\n', 1)[0] ?? '').replace(/ at line \d+.*$/, '');

function repeatedKeys(root: Document['contents'], found: string[] = []): string[] {
  const open: unknown[] = [root];
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    if (isAlias(node)) continue;
    if (isSeq(node)) open.push(...node.items);
    if (!isMap(node)) continue;
    const keys = new Set<string>();
    for (const { key, value } of node.items) {
      const name = String(isScalar(key) ? key.value : key);
      if (keys.has(name) && name !== '<<') found.push(`yaml: key ${JSON.stringify(name)} already set in map`);
      keys.add(name);
      if (value !== null) open.push(value);
    }
  }
  return found;
}
