import { readdirSync, readFileSync } from 'node:fs';

/** One measured figure beside the budget it has. `unit` such as `/s`, `ms`, `MB`. `better` says which side of the budget is good. */
export interface Figure {
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly budget?: number;
  readonly better?: 'higher' | 'lower';
}

/** The value below which `share` (0…1) of the values lie; NaN of none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Prints figures as the rows of a Markdown table: what, measured, budget, whether it holds. */
export function printFigures(title: string, figures: readonly Figure[]): void {
  const number = (value: number): string => (value >= 100 ? Math.round(value).toLocaleString('en') : value.toFixed(1));
  const lines = figures.map(({ what, value, unit, budget, better = 'lower' }) => {
    const holds = budget === undefined ? '' : (better === 'higher' ? value >= budget : value <= budget) ? 'yes' : 'no';
    const wanted = budget === undefined ? '' : `${better === 'higher' ? '≥' : '≤'} ${number(budget)} ${unit}`;
    return `| ${what} | ${number(value)} ${unit} | ${wanted} | ${holds} |`;
  });
  process.stdout.write(
    `\n### ${title}\n\n| what | measured | budget | holds |\n|---|---|---|---|\n${lines.join('\n')}\n`,
  );
}

/**
 * Memory in MB. `rss` counts a page for every process that has it, so a sum of it counts shared pages (a program's own code, Postgres' buffers)
 * many times; `pss` divides each page among those that share it, so a sum of it is what is really there.
 */
export interface Memory {
  readonly rss: number;
  readonly pss: number;
  /** How many processes. */
  readonly count: number;
}

/** The memory of a process and all its descendants, by the name of the program. */
export function memoryOf(root: number): Record<string, Memory> {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readProc(`/proc/${entry}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const sum: Record<string, Memory> = {};
  const add = (pid: number): void => {
    const name = readProc(`/proc/${pid}/comm`).trim();
    if (name !== '') {
      const own = memoryOfOne(pid);
      const { rss, pss, count } = sum[name] ?? { rss: 0, pss: 0, count: 0 };
      sum[name] = { rss: rss + own.rss, pss: pss + own.pss, count: count + 1 };
    }
    for (const child of children.get(pid) ?? []) add(child);
  };
  add(root);
  return sum;
}

/** The memory of one process; zero when it has ended. */
export function memoryOfOne(pid: number): Memory {
  const rollup = readProc(`/proc/${pid}/smaps_rollup`);
  const megabytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0) / 1024;
  return { rss: megabytes('Rss'), pss: megabytes('Pss'), count: 1 };
}

/** Rows for the memory of several programs. */
export function memoryFigures(what: string, memory: Readonly<Record<string, Memory>>): Figure[] {
  return Object.entries(memory).flatMap(([name, { rss, pss, count }]) => [
    { what: `${what}: ${name} (${count}), RSS`, value: rss, unit: 'MB' },
    { what: `${what}: ${name} (${count}), PSS`, value: pss, unit: 'MB' },
  ]);
}

/** Of all programs together. */
export const total = (memory: Readonly<Record<string, Memory>>, kind: 'rss' | 'pss'): number =>
  Object.values(memory).reduce((sum, one) => sum + one[kind], 0);

function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process ended meanwhile
  }
}
