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

/** Resident memory of a process and all its descendants, in MB, by the name of the program. */
export function residentMemory(root: number): Record<string, number> {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = readProc(`/proc/${entry}/stat`);
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const sum: Record<string, number> = {};
  const add = (pid: number): void => {
    const status = readProc(`/proc/${pid}/status`);
    const name = /^Name:\s+(.*)$/m.exec(status)?.[1] ?? 'gone';
    const kilobytes = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    sum[name] = (sum[name] ?? 0) + kilobytes / 1024;
    for (const child of children.get(pid) ?? []) add(child);
  };
  add(root);
  return sum;
}

function readProc(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process ended meanwhile
  }
}
