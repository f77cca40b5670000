import type { ASTNode, Environment } from '@marcbachmann/cel-js';
import { spend } from '../cost-budget.ts';
import { refuse } from './define.ts';

/** What of the library's checker, evaluator and contexts a macro uses. */
interface Checker {
  check(node: ASTNode, context: Context): TypeOf;
  getType(name: string): TypeOf;
  readonly registry: { getListType(type: TypeOf): TypeOf; getMapType(key: TypeOf, value: TypeOf): TypeOf };
  createError(code: string, message: string, node: ASTNode): Error;
}
interface TypeOf {
  readonly kind: string;
  readonly type: string;
  readonly keyType?: TypeOf;
  readonly valueType?: TypeOf;
}
interface Context {
  forkWithVariable(name: string, type: TypeOf): Context;
  reuse(parent: Context): Context;
  setIterValue(value: unknown, evaluator: Evaluator): Context;
}
interface Evaluator {
  run(node: ASTNode, context: Context): unknown;
}
/** One use of a macro in an expression. */
interface Use {
  readonly receiver: ASTNode;
  readonly names: readonly [string, string];
  readonly bodies: readonly ASTNode[];
  outer?: Context;
  inner?: Context;
}

/** What a macro makes of its entries: `step` is told each, in order, and answers true to stop. */
interface Comprehension {
  type(checker: Checker, bodies: readonly TypeOf[], range: TypeOf, key: TypeOf): TypeOf;
  /** `evaluate(index)` is the value of one of the macro's expressions for the entry. */
  run(
    entries: readonly (readonly [unknown, unknown])[],
    evaluate: (entry: readonly [unknown, unknown], body: number) => unknown,
  ): unknown;
}

const isTrue = (value: unknown): boolean => {
  if (typeof value !== 'boolean') throw refuse('no such overload');
  return value;
};

const quantifier = (run: Comprehension['run']): Comprehension => ({ type: (checker) => checker.getType('bool'), run });

/** Errors of single entries do not count when another entry decides. */
const deciding = (wanted: boolean): Comprehension =>
  quantifier((entries, evaluate) => {
    let failure: Error | undefined;
    for (const entry of entries) {
      try {
        if (isTrue(evaluate(entry, 0)) === wanted) return wanted;
      } catch (error) {
        failure ??= error instanceof Error ? error : refuse(String(error));
      }
    }
    if (failure !== undefined) throw failure;
    return !wanted;
  });

const transformList = (filtered: boolean): Comprehension => ({
  type: (checker, bodies) => checker.registry.getListType(bodies[filtered ? 1 : 0] ?? checker.getType('dyn')),
  run: (entries, evaluate) =>
    entries
      .filter((entry) => !filtered || isTrue(evaluate(entry, 0)))
      .map((entry) => evaluate(entry, filtered ? 1 : 0)),
});

const transformMap = (filtered: boolean): Comprehension => ({
  type: (checker, bodies, _range, key) =>
    checker.registry.getMapType(key, bodies[filtered ? 1 : 0] ?? checker.getType('dyn')),
  run: (entries, evaluate) =>
    new Map(
      entries
        .filter((entry) => !filtered || isTrue(evaluate(entry, 0)))
        .map((entry) => [entry[0], evaluate(entry, filtered ? 1 : 0)]),
    ),
});

const transformMapEntry = (filtered: boolean): Comprehension => ({
  type: (checker, bodies) => bodies[filtered ? 1 : 0] ?? checker.getType('map'),
  run(entries, evaluate) {
    const result = new Map<unknown, unknown>();
    for (const entry of entries) {
      if (filtered && !isTrue(evaluate(entry, 0))) continue;
      const made = evaluate(entry, filtered ? 1 : 0);
      const pairs = made instanceof Map ? [...made] : Object.entries(made ?? {});
      for (const [key, value] of pairs) {
        if (result.has(key)) throw refuse(`insert failed: key ${String(key)} already exists`);
        result.set(key, value);
      }
    }
    return result;
  },
});

const existsOne = quantifier((entries, evaluate) => entries.filter((entry) => isTrue(evaluate(entry, 0))).length === 1);

const MACROS: readonly (readonly [name: string, bodies: 1 | 2, Comprehension])[] = [
  ['all', 1, deciding(false)],
  ['exists', 1, deciding(true)],
  ['existsOne', 1, existsOne],
  ['exists_one', 1, existsOne],
  ['transformList', 1, transformList(false)],
  ['transformList', 2, transformList(true)],
  ['transformMap', 1, transformMap(false)],
  ['transformMap', 2, transformMap(true)],
  ['transformMapEntry', 1, transformMapEntry(false)],
  ['transformMapEntry', 2, transformMapEntry(true)],
];

/** CEL's comprehensions with two variables: index and item of a list, key and value of a map (cel-go: ext.TwoVarComprehensions). */
export function addTwoVariableMacros(environment: Environment): void {
  for (const [name, bodies, comprehension] of MACROS) {
    const parameters = Array.from({ length: bodies + 2 }, () => 'ast').join(', ');
    environment.registerFunction(`list.${name}(${parameters}): dyn`, expander(name, comprehension) as never);
  }
}

const expander =
  (name: string, comprehension: Comprehension) =>
  ({ args, receiver }: { readonly args: readonly ASTNode[]; readonly receiver: ASTNode }): object => {
    const [first, second, ...bodies] = args;
    const names = [first, second].map((node) => (node?.op === 'id' && typeof node.args === 'string' ? node.args : ''));
    const use: Use = { receiver, names: [names[0] ?? '', names[1] ?? ''], bodies };
    return {
      ...use,
      async: false,
      typeCheck(checker: Checker, self: Use, context: Context): TypeOf {
        for (const [index, one] of self.names.entries())
          if (one === '')
            throw checker.createError(
              'invalid_macro_argument',
              'argument must be a simple name',
              args[index] ?? receiver,
            );
        const range = checker.check(self.receiver, context);
        const dyn = checker.getType('dyn');
        if (!['list', 'map', 'dyn'].includes(range.kind))
          throw checker.createError(
            'invalid_comprehension_range',
            `expression of type '${range.type}' cannot be range of a comprehension (must be list, map, or dynamic)`,
            self.receiver,
          );
        const key = range.kind === 'list' ? checker.getType('int') : (range.keyType ?? dyn);
        self.outer = context.forkWithVariable(self.names[0], key);
        self.inner = self.outer.forkWithVariable(self.names[1], range.valueType ?? dyn);
        const inner = self.inner;
        const types = self.bodies.map((body) => checker.check(body, inner));
        return comprehension.type(checker, types, range, key);
      },
      evaluate(evaluator: Evaluator, self: Use, context: Context): unknown {
        const { outer, inner } = self;
        if (outer === undefined || inner === undefined) throw refuse(`${name} was not checked`);
        return comprehension.run(entriesOf(evaluator.run(self.receiver, context)), ([key, value], body) => {
          spend(10);
          const at = inner.reuse(outer.reuse(context).setIterValue(key, evaluator)).setIterValue(value, evaluator);
          const node = self.bodies[body];
          return node === undefined ? undefined : evaluator.run(node, at);
        });
      },
    };
  };

function entriesOf(range: unknown): (readonly [unknown, unknown])[] {
  if (Array.isArray(range)) return range.map((value: unknown, index) => [BigInt(index), value] as const);
  if (range instanceof Map) return [...range];
  if (typeof range === 'object' && range !== null) return Object.entries(range);
  throw refuse('no such overload');
}
