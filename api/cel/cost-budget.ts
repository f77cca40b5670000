/** What may be spent while an expression runs: about one unit a step (upstream: RuntimeCELCostBudget, PerCallLimit). */
export interface CostBudget {
  left: number;
}

/** Units for all rules of one object. */
export const OBJECT_BUDGET = 10_000_000;
/** Units for one expression. */
export const EXPRESSION_BUDGET = 1_000_000;

/** An expression has spent all that it may. */
export class CostExceeded extends Error {
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
    this.name = 'CostExceeded';
  }
}

// Expressions run to their end without a break, so one at a time is charged.
let current: CostBudget | undefined;

/** Charges the expression that runs now. Throws CostExceeded. */
export function spend(units: number): void {
  if (current === undefined) return;
  current.left -= units;
  if (current.left < 0) throw new CostExceeded();
}

/** Runs `work` and charges what it spends to `budget`. */
export function charging<T>(budget: CostBudget, work: () => T): T {
  const before = current;
  current = budget;
  try {
    return work();
  } finally {
    current = before;
  }
}
