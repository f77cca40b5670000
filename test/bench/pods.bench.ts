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
  const restarted = await timeOf('restart p0');
  figures.push({ what: 'a killed container restarted and Ready', value: restarted, unit: 'ms' });
  await cluster.kubectl('apply -f -', { stdin: deployment('victim', 1, { command: ['sleep', '3600'] }) });
  await settled('victim', 1);
  const replaced: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    replaced.push(await timeOf('replace victim'));
    // The next one is not to share the machine with the end of this one.
    await Bun.sleep(2000);
  }
  figures.push({
    what: 'a killed pod replaced and Ready, p50 of 5',
    value: percentile(replaced, 0.5),
    unit: 'ms',
    budget: 600,
  });
  await cluster.kubectl('delete deployment victim');
  await cluster.kubectl('delete pods --all --grace-period=0 --force');
  await waitFor('no pod is left', async () => (await cluster.kubectl('get pods -o name')) === '', 120_000);

  const stdin = deployment('burst', 30, { command: ['sleep', '3600'] });
  let startedAt = performance.now();
  await cluster.kubectl('apply -f -', { stdin });
  await settled('burst', 30);
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

async function settled(name: string, count: number): Promise<void> {
  await waitFor(
    `${count} pods are Ready`,
    async () => (await cluster.kubectl(`get deployment ${name} --no-headers`)).includes(`${count}/${count}`),
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
