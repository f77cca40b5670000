import { join } from 'node:path';
import type { Command } from 'commander';
import type { Node } from '#api/kinds/core/node.ts';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { OptionTable } from '#base/options.ts';
import { COMMON_OPTIONS } from '#server/config.ts';
import { type ApiClient, connectByDataDir } from '../api-client.ts';
import { addOptions, type Process, readOptions } from '../command.ts';
import { runningProcess, runsAgent } from '../foreground.ts';

const OPTIONS = { dataDir: COMMON_OPTIONS.dataDir } satisfies OptionTable;

/** `skep status`: what runs on this host, and, where its server answers, the nodes and pods. Fails when nothing runs. */
export function statusCommand(program: Command, host: Process): void {
  const command = addOptions(program.command('status').description('show what runs here and how it is'), OPTIONS);
  command.action(async () => {
    const { dataDir } = await readOptions(command, OPTIONS, host);
    const server = await runningProcess(join(dataDir, 'server.pid'));
    const agent = await runningProcess(join(dataDir, 'agent.pid'));
    host.print(`server  ${server === undefined ? 'not running' : `running, process ${server}`}`);
    const together = agent === undefined && (await runsAgent(dataDir));
    host.print(
      `agent   ${together ? 'running, in the same process' : agent === undefined ? 'not running' : `running, process ${agent}`}`,
    );
    if (server === undefined && agent === undefined) throw new Error(`Nothing of Skep runs with ${dataDir}`);
    if (server !== undefined) await printCluster(await connectByDataDir(dataDir), host);
  });
}

async function printCluster(client: ApiClient, host: Process): Promise<void> {
  const version = await client.call<{ gitVersion: string }>('GET', '/version');
  const nodes = (await client.call<{ items: Node[] }>('GET', '/api/v1/nodes')).items;
  const pods = (await client.call<{ items: Pod[] }>('GET', '/api/v1/pods')).items;
  const ready = nodes.filter((node) => conditionIsTrue(node.status?.conditions, 'Ready'));
  const running = pods.filter((pod) => pod.status?.phase === 'Running');
  host.print(`api     ${client.server}, ${version.gitVersion}`);
  host.print(
    `nodes   ${ready.length} of ${nodes.length} ready${ready.length === 0 ? '' : `: ${ready.map((node) => node.metadata.name).join(', ')}`}`,
  );
  host.print(`pods    ${running.length} of ${pods.length} running`);
}

const conditionIsTrue = (
  conditions: readonly { readonly type: string; readonly status: string }[] | undefined,
  type: string,
): boolean => conditions?.some((one) => one.type === type && one.status === 'True') ?? false;
