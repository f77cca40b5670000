import { isObject } from '#api/schema/structural.ts';

/** One step of a path: a field, an index, every item, or the items whose field has a value. */
type Step =
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'all' }
  | { readonly type: 'filter'; readonly path: readonly Step[]; readonly value: string };

/** A path of a CRD's printer column or subresource, ready to look things up. */
export interface JsonPath {
  /** The first value found; undefined when there is none. */
  find(object: unknown): unknown;
}

const FIELD = /^\.((?:[^.[\]\\]|\\.)+)/;
const INDEX = /^\[(-?\d+)\]/;
const QUOTED = /^\['([^']+)'\]/;
const FILTER = /^\[\?\(\s*@((?:\.[^=\s]+)+)\s*==\s*["']([^"']*)["']\s*\)\]/;

/**
 * Reads the simple JSON paths that CRDs use: `.a.b[0].c`, `.a\.b`, `['a']`, `[*]` and `[?(@.type=="Ready")]`.
 * Undefined when the text is something else.
 */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps = parseSteps(text);
  return steps === undefined ? undefined : { find: (object) => follow(object, steps, 0) };
}

function parseSteps(text: string): Step[] | undefined {
  const steps: Step[] = [];
  let rest = text;
  while (rest !== '') {
    const read = parseStep(rest);
    if (read === undefined) return undefined;
    steps.push(read.step);
    rest = rest.slice(read.length);
  }
  return steps.length === 0 || !/^[.[]/.test(text) ? undefined : steps;
}

function parseStep(text: string): { readonly step: Step; readonly length: number } | undefined {
  const field = FIELD.exec(text);
  if (field !== null)
    return { step: { type: 'field', name: (field[1] ?? '').replace(/\\(.)/g, '$1') }, length: field[0].length };
  const index = INDEX.exec(text);
  if (index !== null) return { step: { type: 'index', index: Number(index[1]) }, length: index[0].length };
  const quoted = QUOTED.exec(text);
  if (quoted !== null) return { step: { type: 'field', name: quoted[1] ?? '' }, length: quoted[0].length };
  if (text.startsWith('[*]')) return { step: { type: 'all' }, length: 3 };
  const filter = FILTER.exec(text);
  const path = parseSteps(filter?.[1] ?? '');
  if (filter === null || path === undefined) return undefined;
  return { step: { type: 'filter', path, value: filter[2] ?? '' }, length: filter[0].length };
}

function follow(value: unknown, steps: readonly Step[], at: number): unknown {
  const step = steps[at];
  if (step === undefined) return value;
  switch (step.type) {
    case 'field':
      return isObject(value) && Object.hasOwn(value, step.name) ? follow(value[step.name], steps, at + 1) : undefined;
    case 'index':
      return Array.isArray(value) ? follow(value.at(step.index), steps, at + 1) : undefined;
    case 'all':
    case 'filter': {
      const items: unknown[] = Array.isArray(value)
        ? value
        : isObject(value) && step.type === 'all'
          ? Object.values(value)
          : [];
      for (const item of items) {
        if (step.type === 'filter' && String(follow(item, step.path, 0)) !== step.value) continue;
        const found = follow(item, steps, at + 1);
        if (found !== undefined) return found;
      }
      return undefined;
    }
  }
}
