import { type JsonSchema, isObject } from '#api/schema/structural.ts';

/** A path that names one field of a schema, or why it names none. */
export type FoundField =
  | { readonly names: readonly string[]; readonly schema: JsonSchema; readonly error?: undefined }
  | { readonly error: string };

/**
 * Follows `.a.b['c d']` through a schema (upstream: cel.ValidFieldPath). Brackets may be forbidden, and serve names and keys of maps; items
 * of lists cannot be named.
 */
export function fieldOfSchema(path: string, root: JsonSchema, allowBrackets: boolean): FoundField {
  const names: string[] = [];
  let schema = root;
  for (let rest = path; rest !== '';) {
    const step = stepOf(rest, allowBrackets);
    if (typeof step === 'string') return { error: step };
    const { properties, additionalProperties } = schema;
    const next = isObject(properties)
      ? Object.hasOwn(properties, step.name)
        ? properties[step.name]
        : undefined
      : additionalProperties;
    if (!isObject(next)) return { error: 'does not refer to a valid field' };
    schema = next;
    names.push(step.name);
    rest = rest.slice(step.length);
  }
  return { names, schema };
}

function stepOf(rest: string, allowBrackets: boolean): { readonly name: string; readonly length: number } | string {
  if (rest.startsWith('.')) {
    const [name = ''] = /^[^.[\]]*/.exec(rest.slice(1)) ?? [];
    if (name === '') return rest.length === 1 ? 'unexpected end of JSON path' : 'does not refer to a valid field';
    return { name, length: name.length + 1 };
  }
  if (!rest.startsWith('[')) return `expected [ or . but got: ${/^[^.[\]]*/.exec(rest)?.[0] || rest.slice(0, 1)}`;
  if (!allowBrackets) return 'array notation is not allowed';
  const quoted = /^\['((?:[^'\\]|\\.)*)'\]/.exec(rest);
  if (quoted !== null) return { name: (quoted[1] ?? '').replace(/\\(.)/g, '$1'), length: quoted[0].length };
  const [, got] = /^\[([^.[\]]*)/.exec(rest) ?? [];
  return got === undefined || got === '' || /^'[^']*'$/.test(got)
    ? 'unexpected end of JSON path'
    : `expected single quoted string but got ${got}`;
}
