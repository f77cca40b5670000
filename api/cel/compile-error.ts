import { type ASTNode, ParseError } from '@marcbachmann/cel-js';

/** What a compiler says of an expression, in the form of Go's (cel-go: common.Error): `ERROR: <input>:1:5: undefined field 'nope'` and the place. */
export function sourceError(source: string, offset: number, message: string): string {
  const before = source.slice(0, offset).split('\n');
  const line = before.length;
  const column = (before.at(-1) ?? '').length;
  const text = source.split('\n')[line - 1] ?? '';
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text}\n | ${'.'.repeat(column)}^`;
}

interface Fault {
  readonly code?: string;
  readonly summary?: string;
  readonly message: string;
  readonly range?: { readonly start: number; readonly end: number };
  readonly node?: ASTNode;
}

const EXPECTED_OPERAND =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const EXPECTED_OPERATOR =
  "{<EOF>, '==', '!=', 'in', '<', '<=', '>=', '>', '&&', '||', '[', '.', '-', '?', '+', '*', '/', '%'}";

/** The library's error as Go's compiler tells it. `isFunction` tells names of functions that there are, whatever their arguments. */
export function compileError(source: string, error: unknown, isFunction: (name: string) => boolean): string {
  const fault = error as Fault;
  const start = fault.range?.start ?? 0;
  if (error instanceof ParseError) return syntaxError(source, start, fault);
  const node = fault.node;
  const summary = fault.summary ?? fault.message;
  switch (fault.code) {
    case 'no_such_key': {
      const name = summary.replace(/^No such key: /, '');
      // The library's place is the name, Go's the dot before it.
      return sourceError(source, Math.max(source.lastIndexOf('.', start), 0), `undefined field '${name}'`);
    }
    case 'unknown_variable':
      return sourceError(source, start, undeclared(summary.replace(/^Unknown variable: /, '')));
    case 'no_such_overload':
      return operatorError(source, start, node, summary);
    case 'no_matching_overload':
      return callError(source, start, node, summary, isFunction);
    case 'invalid_logical_operand':
      return sourceError(
        source,
        start,
        summary.replace(/^Logical operator requires bool operands, got '(.*)'$/, "expected type 'bool' but found '$1'"),
      );
    case 'incompatible_ternary_branches': {
      const [, left = '', right = ''] = /got '(.*)' and '(.*)'$/.exec(summary) ?? [];
      return sourceError(
        source,
        start,
        `found no matching overload for '_?_:_' applied to '(bool, ${left}, ${right})'`,
      );
    }
    case 'cannot_index_type':
      return sourceError(source, start, `type '${/'(.*)'/.exec(summary)?.[1] ?? ''}' does not support field selection`);
    default:
      return sourceError(source, start, summary);
  }
}

const undeclared = (name: string): string => `undeclared reference to '${name}' (in container '')`;

function syntaxError(source: string, start: number, { code, summary = '', message }: Fault): string {
  const says = (words: string): string => sourceError(source, start, `Syntax error: ${words}`);
  if (code === 'unexpected_token' || code === 'expected_token' || code === 'unexpected_character') {
    const found = start >= source.length ? '<EOF>' : tokenAt(source, start);
    if (code === 'unexpected_token') return says(`mismatched input '${found}' expecting ${EXPECTED_OPERAND}`);
    if (code === 'unexpected_character')
      return /^[\w"'([{.\-!]/.test(found)
        ? says(`extraneous input '${found}' expecting <EOF>`)
        : says(`token recognition error at: '${found}'`);
    const wanted = /^Expected (\w+)/.exec(summary)?.[1];
    if (wanted === 'IDENTIFIER') return says(`no viable alternative at input '${found}'`);
    const token = wanted === undefined ? undefined : CLOSERS[wanted];
    return says(
      token === undefined
        ? `mismatched input '${found}' expecting ${EXPECTED_OPERATOR}`
        : `missing '${token}' at '${found}'`,
    );
  }
  if (code === 'reserved_identifier')
    return sourceError(source, start, `reserved identifier: ${summary.replace(/^Reserved identifier: /, '')}`);
  return says(summary || message);
}

const CLOSERS: Readonly<Record<string, string>> = { RPAREN: ')', RBRACKET: ']', RBRACE: '}', COLON: ':' };

const tokenAt = (source: string, start: number): string =>
  /^(?:\w+|"[^"]*"|'[^']*'|[=!<>]=|&&|\|\||.)/.exec(source.slice(start))?.[0] ?? '';

const OPERATOR_NAMES: Readonly<Record<string, string>> = { in: '@in', '!_': '!_', '-_': '-_' };

function operatorError(source: string, start: number, node: ASTNode | undefined, summary: string): string {
  const said = summary.replace(/^no such overload: /, '');
  const op = node?.op ?? '';
  const unary = /^([-!])(.+)$/.exec(said);
  if (op.endsWith('_') && unary !== null)
    return sourceError(source, start, noOverload(OPERATOR_NAMES[op] ?? op, [unary[2] ?? '']));
  const name = op === 'in' ? '@in' : `_${op}_`;
  const [left = '', right = ''] = said.split(` ${op} `);
  return sourceError(source, operatorPlace(source, node, start), noOverload(name, [left, right]));
}

/** Where a binary operator stands: between its operands. */
function operatorPlace(source: string, node: ASTNode | undefined, start: number): number {
  const operands: unknown = node?.args;
  if (!Array.isArray(operands)) return start;
  const [left] = operands as readonly ASTNode[];
  const found = source.indexOf(node?.op ?? '', left?.end ?? start);
  return found < 0 ? start : found;
}

const noOverload = (name: string, types: readonly string[]): string =>
  `found no matching overload for '${name}' applied to '(${types.map(goType).join(', ')})'`;

/** The name of a type as Go prints it: `list(int)`, `map(string, dyn)`. */
export function goType(name: string): string {
  if (name === 'list') return 'list(dyn)';
  if (name === 'map') return 'map(dyn, dyn)';
  return name
    .replaceAll('<', '(')
    .replaceAll('>', ')')
    .replace(/^optional\(/, 'optional_type(');
}

function callError(
  source: string,
  start: number,
  node: ASTNode | undefined,
  summary: string,
  isFunction: (name: string) => boolean,
): string {
  const [, whole = '', args = ''] = /^found no matching overload for '([^(]*)\((.*)\)'$/.exec(summary) ?? [];
  const called = node?.op === 'call' || node?.op === 'rcall' ? node.args[0] : whole;
  // Functions of ours that stand in for the library's end so.
  const name = called.replace(/__$/, '');
  const isMember = node?.op === 'rcall';
  const place = isMember ? memberPlace(source, node, name) : start + name.length;
  const receiver = isMember ? whole.slice(0, -(called.length + 1)) : '';
  const parameters = args === '' ? [] : args.split(', ');
  if (!isFunction(name)) return sourceError(source, place, undeclared(name));
  const applied = isMember
    ? `${goType(receiver)}.(${parameters.map(goType).join(', ')})`
    : `(${parameters.map(goType).join(', ')})`;
  return sourceError(source, place, `found no matching overload for '${name}' applied to '${applied}'`);
}

/** Go's place of a call is its parenthesis. */
function memberPlace(source: string, node: ASTNode, name: string): number {
  const [, receiver] = node.args as unknown as readonly [string, ASTNode];
  const found = source.indexOf(`${name}(`, receiver.end);
  return found < 0 ? node.start : found + name.length;
}
