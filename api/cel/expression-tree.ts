import type { ASTNode } from '@marcbachmann/cel-js';

/** A node of the library's tree as this room uses it: what a macro became stands in `meta`. */
export interface TreeNode {
  op: string;
  args: unknown;
  readonly start: number;
  readonly end: number;
  readonly meta: { evaluate?: unknown; readonly alternate?: TreeNode; readonly macro?: object };
  readonly checkedType?: { readonly name: string };
  setMeta(key: string, value: unknown): unknown;
}

/** What a comprehension (all, exists, map, filter …) is made of. */
export interface ComprehensionParts {
  readonly iterable: TreeNode;
  readonly iterVarName: string;
  readonly init: TreeNode;
  readonly step: TreeNode;
}

/** The library's node as a TreeNode. */
export const treeOf = (node: ASTNode): TreeNode => node as unknown as TreeNode;

const isNode = (value: unknown): value is TreeNode =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value && 'setMeta' in value;

/** The nodes right below: operands, arguments, and what a macro became. */
export function childrenOf(node: TreeNode): TreeNode[] {
  const found: TreeNode[] = [];
  const add = (value: unknown): void => {
    if (isNode(value)) found.push(value);
    else if (Array.isArray(value)) for (const one of value) add(one);
  };
  const { args, meta } = node;
  if (node.op === 'comprehension') {
    const { iterable, init, step } = args as ComprehensionParts;
    found.push(iterable, init, step);
  } else add(args);
  if (meta.alternate !== undefined) found.push(meta.alternate);
  return found;
}

/** Visits a node and all below it, each once. */
export function visitTree(root: TreeNode, visit: (node: TreeNode) => void): void {
  const seen = new Set<TreeNode>();
  const left = [root];
  for (let node = left.pop(); node !== undefined; node = left.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    visit(node);
    left.push(...childrenOf(node));
  }
}

/** How many nodes there are below a node, itself included. */
export function countNodes(root: TreeNode): number {
  let count = 0;
  visitTree(root, () => void (count += 1));
  return count;
}
