import type { Violation } from './history.ts';
import { type RunResult, runChecker } from './run.ts';
import { builtProgram } from './run-server.ts';

/**
 * `make soak`: the checker for SOAK_MINUTES (default 30), half with one server (with an odd seed over the embedded Postgres) and half with three, in
 * runs of at most 5 minutes, each with a seed of its own that follows from SOAK_SEED (default: by chance). To look closer: SOAK_SERVERS for one number
 * of servers, SOAK_FAULTS for some faults only (names, with commas), SOAK_KEEP to keep the directory with the servers' logs, SOAK_BINARY for another
 * program. Ends with a line of totals; exit status 1 when a promise was broken.
 */
const minutes = Number(process.env['SOAK_MINUTES'] ?? 30);
const seed = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const only = process.env['SOAK_SERVERS'];
const faultsOnly = process.env['SOAK_FAULTS']?.split(',').filter((name) => name !== '');
const LONGEST_RUN_MS = 5 * 60_000;

const say = (line: string): boolean => process.stdout.write(`${line}\n`);

function tell(violations: readonly Violation[], runSeed: number): void {
  for (const { kind, key, what, piece } of violations.slice(0, 20)) {
    say(`\nVIOLATION ${kind} (seed ${runSeed}) ${key}: ${what}`);
    for (const line of piece) say(`  ${line}`);
  }
  if (violations.length > 20) say(`\n… and ${violations.length - 20} more`);
}

say(`soak: ${minutes} minutes, seed ${seed}`);
const halves = (only === undefined ? [1, 3] : [Number(only)]).map((servers, _, all) => ({
  servers,
  durationMs: (minutes * 60_000) / all.length,
}));
const results: RunResult[] = [];
let next = seed;
for (const { servers, durationMs } of halves) {
  const runs = Math.ceil(durationMs / LONGEST_RUN_MS);
  for (let run = 0; run < runs; run++) {
    const runSeed = next++;
    const result = await runChecker({
      seed: runSeed,
      servers,
      embedded: servers === 1 && runSeed % 2 === 1,
      durationMs: durationMs / runs,
      program: builtProgram(),
      ...(faultsOnly === undefined ? {} : { faults: faultsOnly }),
      onProgress: (line) => void say(line),
    });
    tell(result.violations, runSeed);
    const sorted = [...result.counts].sort(([a], [b]) => (a < b ? -1 : 1));
    say(`answers: ${sorted.map(([name, count]) => `${name} ${count}`).join(', ')}`);
    say(`faults: ${[...result.faults].map(([name, count]) => `${name} ${count}`).join(', ')}`);
    for (const line of result.surprises.slice(0, 5)) say(`surprise: ${line}`);
    results.push(result);
  }
}
const sum = (of: (result: RunResult) => number): number => results.reduce((total, result) => total + of(result), 0);
const faults = sum(({ faults: each }) => [...each.values()].reduce((total, count) => total + count, 0));
const violations = sum((result) => result.violations.length);
say(
  `soak: seed ${seed}, ${minutes} minutes, ${sum((result) => result.operations)} requests, ${sum((result) => result.lists)} lists, ` +
    `${sum((result) => result.revisions)} revisions, ${sum((result) => result.events)} events, ${faults} faults, ${violations} violations`,
);
process.exit(violations > 0 ? 1 : 0);
