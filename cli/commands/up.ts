import { join } from 'node:path';
import type { Command } from 'commander';
import { AGENT_OPTIONS } from '#agent/config.ts';
import { createLogger } from '#base/logger.ts';
import type { OptionTable } from '#base/options.ts';
import { SERVER_OPTIONS } from '#server/config.ts';
import type { Hub } from '#server/hub.ts';
import { addOptions, type Process, readOptions } from '../command.ts';
import { runInForeground } from '../foreground.ts';
import { startServer } from './server.ts';

const OPTIONS = {
  ...SERVER_OPTIONS,
  nodeName: AGENT_OPTIONS.nodeName,
  nodeIP: AGENT_OPTIONS.nodeIP,
} satisfies OptionTable;

/** `skep up`: server and agent on this host, in one process. */
export function upCommand(program: Command, host: Process): void {
  const command = addOptions(program.command('up').description('run server and agent on this host'), OPTIONS);
  command.action(async () => {
    const config = await readOptions(command, OPTIONS, host);
    const { defaultNodeName, startAgent } = await import('#agent/agent.ts');
    let hub: Hub | undefined;
    const server = async (): Promise<Hub> => {
      hub = await startServer(config, host);
      return hub;
    };
    const agent = async () => {
      if (hub === undefined) throw new Error('Cannot start the agent: there is no server');
      const { nodeName = defaultNodeName(), nodeIP, dataDir, logLevel } = config;
      return startAgent({
        config: { server: hub.url, token: undefined, dataDir, nodeName, nodeIP, logLevel },
        log: createLogger({ name: 'agent', level: logLevel }),
        say: host.say,
        credentials: { caCertificate: hub.authority.caCertificate, nodeToken: await hub.nodeToken(nodeName) },
      });
    };
    await runInForeground([server, agent], join(config.dataDir, 'server.pid'));
  });
}
