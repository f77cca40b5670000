import { startCluster } from '../support/cluster.ts';
import { waitFor } from '../support/hosts.ts';
import { deployment } from '../support/manifests.ts';
import { type Figure, memoryFigures, memoryOf, memoryOfOne, percentile, printFigures } from './figures.ts';

/** Times of pods on one real node, as seen by an API client that asks every 10 ms, and the agent's memory. */
const figures: Figure[] = [];
const cluster = await startCluster();
try {
  const once: number[] = [];
  for (let i = 0; i < 10; i += 1) {
    once.push(await timeOf(`pod-ready p${i}`));
  }
  figures.push({
    what: 'pod create → Ready, image present, p50',
    value: percentile(once, 0.5),
    unit: 'ms',
    budget: 400,
  });
  const agentPid = Number(await Bun.file(`${cluster.dataDirs[0]}/agent.pid`).text());
  await Bun.sleep(3000);
  const own = memoryOfOne(agentPid);
  figures.push({ what: 'agent memory beside containerd, 10 pods (RSS)', value: own.rss, unit: 'MB', budget: 70 });
  figures.push(...memoryFigures('memory, 10 pods', memoryOf(agentPid)));
  const killed = await timeOf('replace p0');
  figures.push({ what: 'a killed container restarted and Ready', value: killed, unit: 'ms', budget: 600 });
  await cluster.kubectl('delete pods --all --grace-period=0 --force');
  await waitFor('no pod is left', async () => (await cluster.kubectl('get pods -o name')) === '', 120_000);

  const stdin = deployment('burst', 30, { command: ['sleep', '3600'] });
  let startedAt = performance.now();
  await cluster.kubectl('apply -f -', { stdin });
  await settled(30);
  figures.push({
    what: '30-pod Deployment, all Ready',
    value: (performance.now() - startedAt) / 1000,
    unit: 's',
    budget: 7,
  });
  startedAt = performance.now();
  await cluster.kubectl('set image deployment/burst main=localhost/bb:2');
  await cluster.kubectl('rollout status deployment/burst --timeout=180s', { timeoutMs: 200_000 });
  figures.push({
    what: 'rolling update of the 30',
    value: (performance.now() - startedAt) / 1000,
    unit: 's',
    budget: 15,
  });
  startedAt = performance.now();
  await cluster.kubectl('delete deployment burst');
  await waitFor('no pod is left', async () => (await cluster.kubectl('get pods -o name')) === '', 120_000);
  figures.push({ what: 'delete of the 30', value: (performance.now() - startedAt) / 1000, unit: 's', budget: 5 });
  printFigures('Pods', figures);
} finally {
  await cluster.stop();
}

async function settled(count: number): Promise<void> {
  await waitFor(
    `${count} pods are Ready`,
    async () => (await cluster.kubectl('get deployment burst --no-headers')).includes(`${count}/${count}`),
    180_000,
  );
}

/** Runs one task of pod-client.ts inside the host's network; milliseconds. */
async function timeOf(task: string): Promise<number> {
  const { stdout, stderr, code } = await cluster.first.run(
    [process.execPath, `${import.meta.dir}/pod-client.ts`, cluster.kubeconfig, ...task.split(' ')],
    { timeoutMs: 60_000 },
  );
  if (code !== 0) throw new Error(`${task}: ${stderr}`);
  return Number(stdout);
}
