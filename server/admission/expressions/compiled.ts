import type { Variable } from '#api/cel/environment.ts';
import { CelCompileError, type Program, compile } from '#api/cel/program.ts';

/** Compiled expressions are kept, the oldest go first: so many at most. */
const MAX_PROGRAMS = 2000;

const programs = new Map<string, Program | CelCompileError>();

/** Compiles an expression, or finds it compiled already. Throws CelCompileError, the same one each time. */
export function programOf(source: string, variables: Readonly<Record<string, Variable>>): Program {
  const key = `${Object.keys(variables).join(' ')}\n${source}`;
  let found = programs.get(key);
  if (found === undefined) {
    found = compiled(source, variables);
    const [oldest] = programs.keys();
    if (programs.size >= MAX_PROGRAMS && oldest !== undefined) programs.delete(oldest);
    programs.set(key, found);
  }
  if (found instanceof CelCompileError) throw found;
  return found;
}

function compiled(source: string, variables: Readonly<Record<string, Variable>>): Program | CelCompileError {
  try {
    return compile(source, { variables });
  } catch (error) {
    if (error instanceof CelCompileError) return error;
    throw error;
  }
}
