import { expect, test } from 'bun:test';
import { runChecker } from './run.ts';
import { builtProgram } from './run-server.ts';

// A minute each; `make soak` takes longer. SOAK_SEED brings back a run.
const MINUTE_MS = 60_000;
const seed = Number(process.env['SOAK_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

for (const [index, servers] of [1, 3].entries()) {
  test(`a minute of faults with ${servers} server${servers > 1 ? 's' : ''} breaks no promise`, async () => {
    process.stdout.write(`checker: SOAK_SEED=${seed}, ${servers} servers\n`);
    const result = await runChecker({
      seed: seed + index,
      servers,
      // Over the embedded Postgres, or over one beside it.
      embedded: servers === 1 && seed % 2 === 1,
      durationMs: MINUTE_MS,
      program: builtProgram(),
      onProgress: (line) => void process.stdout.write(`checker: ${line}\n`),
    });
    expect(result.violations).toEqual([]);
    expect(result.surprises).toEqual([]);
    // It has looked at something.
    for (const figure of [result.operations, result.lists, result.events]) expect(figure).toBeGreaterThan(100);
  }, 300_000);
}
