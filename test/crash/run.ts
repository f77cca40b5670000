import { builtProgram } from '#test/checker/run-server.ts';
import { type CrashReport, runCrashes } from './crashes.ts';

/**
 * `make crash`: kills `skep server` and its embedded Postgres under load, the given number of times (default 200), and looks whether all that was
 * acknowledged is there. CRASH_SEED repeats the order and the pauses of a run, not its timing. Exit status 1 on a violation.
 */
const count = Number(process.argv[2] ?? 200);
const seed = Number(process.env['CRASH_SEED'] ?? Date.now() % 2 ** 32);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const totals = ({ kills, midway, ...writes }: CrashReport): string =>
  `${kills.postgres + kills.server + kills.both} kills (${kills.postgres} of Postgres, ${kills.server} of the server, ${kills.both} of both; ` +
  `${midway} with writes under way), writes: ${writes.acknowledged} acknowledged, ${writes.refused} refused, ${writes.unknown} unknown ` +
  `(${writes.tookEffect} of them took effect)`;

say(`seed ${seed}`);
let done = 0;
const result = await runCrashes({
  count,
  seed,
  program: builtProgram(),
  onCrash: (report) => {
    done += 1;
    if (done % 10 === 0) say(totals(report));
  },
});
for (const violation of result.violations) say(`violation: ${violation}`);
say(`${totals(result)}, ${result.violations.length === 0 ? 'nothing lost' : `${result.violations.length} violations`}`);
process.exit(result.violations.length === 0 ? 0 : 1);
