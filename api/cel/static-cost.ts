import type { CelType } from './cel-type.ts';
import type { Variable } from './environment.ts';
import { type ComprehensionParts, type TreeNode, childrenOf } from './expression-tree.ts';

/** The most that an expression may cost, and the first field that `has()` names in vain. */
export interface CostEstimate {
  readonly cost: number;
  readonly undefinedField: { readonly name: string; readonly offset: number } | undefined;
}

/** What is known of a value before it is there. */
interface Known {
  readonly type?: CelType | undefined;
  /** The most items or characters it has. */
  readonly size: number;
}

type Scope = ReadonlyMap<string, Known>;

const UNKNOWN: Known = { size: 3 * 1024 * 1024 };
/** Functions that look at each character of what they are called on. */
const READS_TEXT = new Set(
  'contains startsWith endsWith matches matches__ find findAll split replace lowerAscii lowerAscii__ upperAscii upperAscii__ trim substring indexOf lastIndexOf join url isURL ip isIP cidr isCIDR quantity isQuantity semver isSemver format reverse'.split(
    ' ',
  ),
);
const READS_ITEMS = new Set('isSorted sum min max indexOf lastIndexOf contains equivalent intersects'.split(' '));

/**
 * Estimates in the manner of upstream (cel-go's checker.Cost): a unit for a step, a tenth of a unit for a character that is read, and a
 * comprehension costs its body as often as its range may be long.
 */
export function estimateCost(root: TreeNode, variables: Readonly<Record<string, Variable>>): CostEstimate {
  const walk = new Walk();
  const scope = new Map<string, Known>();
  for (const [name, { type, optional }] of Object.entries(variables)) {
    // What an optional holds is looked into by `.value()`, which has no name of a type here.
    scope.set(name, typeof type === 'string' || optional === true ? UNKNOWN : known(type));
  }
  walk.look(root, scope);
  return { cost: walk.cost, undefinedField: walk.undefinedField };
}

const known = (type: CelType): Known => ({ type, size: type.maxElements });

class Walk {
  cost = 0;
  undefinedField: CostEstimate['undefinedField'];
  #times = 1;

  #charge(units: number): void {
    this.cost += units * this.#times;
  }

  look(node: TreeNode, scope: Scope): Known {
    const { alternate } = node.meta;
    if (alternate !== undefined) return this.look(alternate, scope);
    if (node.meta.macro !== undefined) return this.#macro(node, scope);
    switch (node.op) {
      case 'value':
        return { size: typeof node.args === 'string' ? node.args.length : 1 };
      case 'id':
        this.#charge(1);
        return scope.get(String(node.args)) ?? UNKNOWN;
      case '.':
      case '.?':
        return this.#select(node, scope);
      case '[]':
      case '[?]': {
        const [of] = this.#all(node, scope);
        this.#charge(1);
        return of?.type?.element === undefined ? UNKNOWN : known(of.type.element);
      }
      case 'comprehension':
        return this.#comprehension(node.args as ComprehensionParts, scope);
      case 'list': {
        const items = this.#all(node, scope);
        this.#charge(10);
        return { size: items.length };
      }
      case '==':
      case '!=':
      case '+':
      case 'in':
        return this.#compare(node, scope);
      case '?:': {
        const [, yes = UNKNOWN, no = UNKNOWN] = this.#all(node, scope);
        return yes.size > no.size ? yes : no;
      }
      case 'call':
      case 'rcall':
        return this.#call(node, scope);
      default: {
        this.#all(node, scope);
        this.#charge(1);
        return { size: 1 };
      }
    }
  }

  #all(node: TreeNode, scope: Scope): Known[] {
    return childrenOf(node).map((child) => this.look(child, scope));
  }

  #select(node: TreeNode, scope: Scope): Known {
    const [left, name] = node.args as readonly [TreeNode, string];
    const of = this.look(left, scope);
    this.#charge(1);
    const type = of.type?.kind === 'object' ? of.type.fields?.get(name) : of.type?.element;
    return type === undefined ? UNKNOWN : known(type);
  }

  #compare(node: TreeNode, scope: Scope): Known {
    const [left = UNKNOWN, right = UNKNOWN] = this.#all(node, scope);
    const length = (one: Known): number => (one.type === undefined || readsLength(one.type) ? one.size : 1);
    // Membership reads the list; equality and sums read the shorter, or both.
    if (node.op === 'in') this.#charge(right.type?.kind === 'list' ? right.size : 1);
    else if (node.op === '+') this.#charge(1 + Math.ceil((length(left) + length(right)) / 10));
    else this.#charge(1 + Math.ceil(Math.min(length(left), length(right)) / 10));
    return node.op === '+' ? { ...left, size: left.size + right.size } : { size: 1 };
  }

  #call(node: TreeNode, scope: Scope): Known {
    const args = this.#all(node, scope);
    const name = String((node.args as readonly unknown[])[0]);
    const [first = UNKNOWN, second] = args;
    this.#charge(1);
    if (name.startsWith('matches') || name.startsWith('find'))
      this.#charge(Math.ceil(first.size / 10) * Math.ceil(Math.min(second?.size ?? 1, 1000) / 4));
    else if (READS_ITEMS.has(name) && first.type?.kind === 'list') this.#charge(first.size);
    else if (READS_TEXT.has(name)) this.#charge(Math.ceil(first.size / 10));
    return { size: first.size };
  }

  #comprehension({ iterable, iterVarName, step }: ComprehensionParts, scope: Scope): Known {
    const range = this.look(iterable, scope);
    const element = range.type?.kind === 'list' ? range.type.element : undefined;
    const item: Known = element === undefined ? { size: 1024 } : known(element);
    this.#repeated(range.size, () => {
      this.#charge(2);
      this.look(step, new Map(scope).set(iterVarName, item));
    });
    return { ...range };
  }

  #repeated(times: number, work: () => void): void {
    const before = this.#times;
    this.#times = before * Math.max(times, 1);
    work();
    this.#times = before;
  }

  #macro(node: TreeNode, scope: Scope): Known {
    const [name] = node.args as readonly unknown[];
    const macro = node.meta.macro as {
      readonly receiver?: TreeNode;
      readonly names?: readonly string[];
      readonly bodies?: readonly TreeNode[];
      readonly var?: string;
      readonly val?: TreeNode;
      readonly exp?: TreeNode;
    };
    if (name === 'has') return this.#has(node, scope);
    if (macro.val !== undefined && macro.exp !== undefined && macro.var !== undefined)
      return this.look(macro.exp, new Map(scope).set(macro.var, this.look(macro.val, scope)));
    if (macro.receiver !== undefined && macro.names !== undefined) {
      const range = this.look(macro.receiver, scope);
      const [key = '', value = ''] = macro.names;
      const inner = new Map(scope)
        .set(key, { size: 1024 })
        .set(value, range.type?.element === undefined ? UNKNOWN : known(range.type.element));
      this.#repeated(range.size, () => {
        for (const body of macro.bodies ?? []) this.look(body, inner);
      });
      return range;
    }
    const [first] = this.#all(node, scope);
    return first ?? UNKNOWN;
  }

  /** The library does not look whether the field is one that the type has. */
  #has(node: TreeNode, scope: Scope): Known {
    const [, [field]] = node.args as readonly [string, readonly TreeNode[]];
    this.#charge(1);
    if (field !== undefined) this.#path(field, scope);
    return { size: 1 };
  }

  #path(node: TreeNode, scope: Scope): Known {
    if (node.op !== '.' && node.op !== '.?') return this.look(node, scope);
    const [left, name] = node.args as readonly [TreeNode, string];
    const { type } = this.#path(left, scope);
    const found = type?.kind === 'object' ? type.fields?.get(name) : type?.element;
    if (type?.kind === 'object' && found === undefined) this.undefinedField ??= { name, offset: left.end };
    return found === undefined ? UNKNOWN : known(found);
  }
}

const readsLength = ({ kind }: CelType): boolean => ['string', 'bytes', 'list', 'map', 'object', 'dyn'].includes(kind);
