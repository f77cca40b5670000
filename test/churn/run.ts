import { type ChurnHour, churn } from './churn.ts';
import { growth, megabytes } from './sizes.ts';

/**
 * A day of ten writes a second, compressed: `run.ts [--rate WRITES_PER_SECOND] [--hours N] [--seed N]`. Prints a row for each hour as Markdown; exit
 * status 1 when something was larger in the last quarter than in the second one.
 */
const argument = (name: string, standard: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at === -1 ? standard : Number(process.argv[at + 1]);
};
const WRITES_PER_HOUR = 36_000;
const hourSeconds = WRITES_PER_HOUR / argument('rate', 3_000);

const columns: readonly (readonly [title: string, cell: (hour: ChurnHour) => string])[] = [
  ['hour', ({ hour }) => String(hour)],
  ['took', ({ seconds }) => `${seconds.toFixed(1)} s`],
  ['objects', ({ objects }) => megabytes(objects)],
  ['indexes', ({ objectsIndexes }) => megabytes(objectsIndexes)],
  ['TOAST', ({ objectsToast }) => megabytes(objectsToast)],
  ['changes', ({ changes, partitions }) => `${megabytes(changes)} in ${partitions}`],
  ['catalogs', ({ catalogs }) => megabytes(catalogs)],
  ['database', ({ database }) => megabytes(database)],
  ['dead rows', ({ deadTuples }) => String(deadTuples)],
  ['HOT', ({ updates, hotUpdates }) => `${((100 * hotUpdates) / updates).toFixed(1)} %`],
  ['vacuums, analyzes', ({ autovacuums, autoanalyzes }) => `${autovacuums}, ${autoanalyzes}`],
  ['Events', ({ events }) => String(events)],
  ['p50, p99', ({ p50Ms, p99Ms }) => `${p50Ms.toFixed(1)}, ${p99Ms.toFixed(1)} ms`],
];
const row = (cells: readonly string[]): void => void process.stdout.write(`| ${cells.join(' | ')} |\n`);
row(columns.map(([title]) => title));
row(columns.map(() => '---'));
const hours = await churn({
  hours: argument('hours', 24),
  writesPerHour: WRITES_PER_HOUR,
  hourSeconds,
  seed: argument('seed', 1),
  fsync: true,
  onHour: (hour) => row(columns.map(([, cell]) => cell(hour))),
});
const quarter = Math.floor(hours.length / 4);
const worst = (from: number): string =>
  Math.max(...hours.slice(from, from + quarter).map(({ p99Ms }) => p99Ms)).toFixed(1);
const slow = hours.filter(({ seconds }) => seconds > hourSeconds * 1.1).length;
process.stdout.write(
  `worst p99: ${worst(quarter)} ms in the second quarter, ${worst(hours.length - quarter)} ms in the last; ${slow} hours took longer than their ${hourSeconds} s\n`,
);
const grown = growth(hours);
for (const line of grown) process.stdout.write(`grown: ${line}\n`);
process.stdout.write(grown.length === 0 ? 'flat\n' : 'not flat\n');
process.exit(grown.length === 0 ? 0 : 1);
