import { type Command, CommanderError, program } from 'commander';
import { UsageError } from '#base/options.ts';
import { VERSION } from '#base/version.ts';
import type { Process } from './command.ts';
import { agentCommand } from './commands/agent.ts';
import { backupCommand } from './commands/backup.ts';
import { historyCommand } from './commands/history.ts';
import { imageCommand } from './commands/image.ts';
import { kubeconfigCommand } from './commands/kubeconfig.ts';
import { resetCommand } from './commands/reset.ts';
import { serverCommand } from './commands/server.ts';
import { restoreCommand } from './commands/restore.ts';
import { sqlCommand } from './commands/sql.ts';
import { statusCommand } from './commands/status.ts';
import { tokenCommand } from './commands/token.ts';
import { undoCommand } from './commands/undo.ts';
import { upCommand } from './commands/up.ts';

/** What only the compiled binary has: where its embedded Postgres archive is. */
export interface Embedded {
  readonly postgresArchive?: string;
}

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Runs the command line to its end and exits: 0 done, 1 failed, 2 wrong usage. */
export async function main(embedded: Embedded = {}): Promise<void> {
  const host: Process = {
    environment: process.env,
    postgresArchive: embedded.postgresArchive,
    say: (line) => void process.stderr.write(`${line}\n`),
    print: (line) => void process.stdout.write(`${line}\n`),
  };
  // `skep sql … | head`: who reads no more wants no more, which is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  program
    .name('skep')
    .description('Kubernetes for homelabs and device fleets in one binary')
    .version(VERSION)
    .exitOverride()
    .showHelpAfterError("(see 'skep --help')");
  for (const add of COMMANDS) add(program, host);
  try {
    await program.parseAsync();
    process.exit(0);
  } catch (error) {
    process.exit(report(error, host));
  }
}

const COMMANDS: readonly ((program: Command, host: Process) => void)[] = [
  upCommand,
  serverCommand,
  agentCommand,
  tokenCommand,
  kubeconfigCommand,
  imageCommand,
  statusCommand,
  backupCommand,
  restoreCommand,
  historyCommand,
  undoCommand,
  sqlCommand,
  resetCommand,
];

function report(error: unknown, host: Process): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE;
  for (let one = error, depth = 0; one instanceof Error && depth < 4; one = one.cause, depth += 1) {
    host.say(depth === 0 ? `skep: ${one.message}` : `  because: ${one.message}`);
  }
  if (!(error instanceof Error)) host.say(`skep: ${String(error)}`);
  return error instanceof UsageError ? EXIT_USAGE : EXIT_FAILED;
}

if (import.meta.main) await main();
