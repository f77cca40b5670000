import { join } from 'node:path';
import type { Command } from 'commander';
import { AGENT_OPTIONS } from '#agent/config.ts';
import { createLogger } from '#base/logger.ts';
import { addOptions, type Process, readOptions } from '../command.ts';
import { runInForeground } from '../foreground.ts';

/** `skep agent`: makes this host a node of a cluster. */
export function agentCommand(program: Command, host: Process): void {
  const command = addOptions(
    program.command('agent').description('join a cluster: run its containers on this host'),
    AGENT_OPTIONS,
  );
  command.action(async () => {
    const config = await readOptions(command, AGENT_OPTIONS, host);
    const { startAgent } = await import('#agent/agent.ts');
    const log = createLogger({ name: 'agent', level: config.logLevel });
    await runInForeground([() => startAgent({ config, log, say: host.say })], join(config.dataDir, 'agent.pid'));
  });
}
