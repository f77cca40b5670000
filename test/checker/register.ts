import type { Content, Operation } from './history.ts';
import { type Model, findOrder } from './linearizable.ts';

/** Before the first write that is known: whatever fits. */
const ANY = '?';

/** An object as a register with compare-and-swap, create and delete. Its state is its content, `''` when it is not there. */
export const register = (initial: Content = ''): Model<Operation> => ({ initial, step });

function step(state: string, operation: Operation): string | undefined {
  const any = state === ANY;
  switch (operation.outcome) {
    case 'ok':
      return apply(state, operation);
    case 'exists':
      return any || state !== '' ? state : undefined;
    case 'missing':
      return any || state === '' ? '' : undefined;
    case 'conflict':
      return any || (state !== '' && state !== operation.expected) ? state : undefined;
    case 'unknown':
      return apply(state, { ...operation, content: undefined }) ?? state;
    case 'refused':
      return state;
    default:
      return operation.outcome satisfies never;
  }
}

/** The state after a request that took effect; undefined when it could not, or would have shown another content. */
function apply(state: string, { verb, token, expected, content }: Operation): string | undefined {
  const any = state === ANY;
  if (expected !== undefined && !any && state !== expected) return undefined;
  const next = {
    create: `${token}/`,
    update: `${token}/`,
    delete: '',
    get: state,
    patch: patched(state, token, content),
  }[verb];
  if (verb === 'create' ? !any && state !== '' : state === '') return undefined;
  if (content === undefined || verb === 'delete') return next;
  if (verb === 'get' && any) return content;
  return next === content ? next : undefined;
}

function patched(state: string, token: string, content: Content | undefined): string {
  if (state !== ANY) return `${state.slice(0, state.indexOf('/'))}/${token}`;
  return content ?? ANY;
}

/** The requests on one key that cannot be put in any order, as few as were found to show it; undefined when all is well. */
export function contradiction(operations: readonly Operation[]): readonly Operation[] | undefined {
  const failure = findOrder(operations, register());
  if (failure === undefined) return undefined;
  // What was sent after the moment of failure has no part in it.
  const upTo = operations
    .filter(({ invoked }) => invoked <= failure.failedAt)
    .map((one) => (one.returned <= failure.failedAt ? one : unanswered(one)));
  return withoutNeedless(lastPart(upTo));
}

/** Seen from before its answer, a request is one that may or may not have taken effect. */
const unanswered = (operation: Operation): Operation => ({ ...operation, returned: Infinity, outcome: 'unknown' });

/** The shortest end of the history that cannot be explained from any state before it. */
function lastPart(operations: readonly Operation[]): readonly Operation[] {
  const sorted = [...operations].sort((a, b) => a.invoked - b.invoked);
  for (let length = 2; length < sorted.length; length = Math.ceil(length * 1.5)) {
    const from = sorted[sorted.length - length]?.invoked ?? 0;
    // What was under way when this part begins belongs to it.
    const part = sorted.filter(({ invoked, returned }) => invoked >= from || returned >= from);
    if (findOrder(part, register(ANY)) !== undefined) return part;
  }
  return sorted;
}

/** Leaves out requests that only read, one by one, as long as what is left still cannot be explained: a read changes nothing for the others. */
function withoutNeedless(operations: readonly Operation[]): readonly Operation[] {
  const initial = findOrder(operations, register(ANY)) === undefined ? '' : ANY;
  let left = operations;
  for (const one of operations) {
    const changed = one.verb !== 'get' && (one.outcome === 'ok' || one.outcome === 'unknown');
    if (changed) continue;
    const fewer = left.filter((other) => other !== one);
    if (findOrder(fewer, register(initial)) !== undefined) left = fewer;
  }
  return left;
}
