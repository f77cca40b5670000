import { readdirSync } from 'node:fs';

/**
 * Times one thing about a pod, by a watch: `bun pod-client.ts KUBECONFIG pod-ready NAME` creates a pod and prints the milliseconds until it is
 * Ready; `… restart NAME` kills the pod's container from the host and prints the milliseconds until it is Ready again; `… replace NAME` deletes
 * the one pod with the label `app: NAME` by force and prints the milliseconds until its successor is Ready.
 */
const [kubeconfigPath = '', task = '', name = ''] = process.argv.slice(2);
const kubeconfig = await Bun.file(kubeconfigPath).text();
const server = /server: (.*)/.exec(kubeconfig)?.[1] ?? '';
const init = {
  headers: { authorization: `Bearer ${/token: (.*)/.exec(kubeconfig)?.[1] ?? ''}`, 'content-type': 'application/json' },
  tls: { ca: Buffer.from(/certificate-authority-data: (.*)/.exec(kubeconfig)?.[1] ?? '', 'base64').toString() },
};
const PODS = `${server}/api/v1/namespaces/default/pods`;

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
    readonly containerStatuses?: readonly { readonly restartCount: number; readonly containerID?: string }[];
  };
}
const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some((one) => one.type === 'Ready' && one.status === 'True') ?? false;

/** Resolves when an event of the watch satisfies `holds`. */
async function seen(body: ReadableStream<Uint8Array> | null, holds: (pod: Pod) => boolean): Promise<void> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body ?? []) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.trim() !== '' && holds((JSON.parse(line) as { object: Pod }).object)) return;
    }
  }
  throw new Error('the watch ended early');
}

const selector = task === 'replace' ? `labelSelector=app%3D${name}` : `fieldSelector=metadata.name%3D${name}`;
const watch = await fetch(`${PODS}?watch=true&${selector}&timeoutSeconds=50`, init);
let startedAt = performance.now();
if (task === 'pod-ready') {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: 'main', image: 'localhost/bb:1', command: ['sleep', '3600'] }],
    },
  };
  await fetch(PODS, { ...init, method: 'POST', body: JSON.stringify(pod) });
  await seen(watch.body, isReady);
} else if (task === 'replace') {
  const { items } = (await (await fetch(`${PODS}?${selector}`, init)).json()) as { items: Pod[] };
  const [victim] = items;
  if (victim === undefined || items.length > 1)
    throw new Error(`${items.length} pods with the label, one was expected`);
  startedAt = performance.now();
  const killed = await fetch(`${PODS}/${victim.metadata.name}?gracePeriodSeconds=0`, { ...init, method: 'DELETE' });
  if (!killed.ok) throw new Error(await killed.text());
  await seen(watch.body, (one) => isReady(one) && one.metadata.uid !== victim.metadata.uid);
} else {
  const pod = (await (await fetch(`${PODS}/${name}`, init)).json()) as Pod;
  const before = pod.status?.containerStatuses?.[0];
  const id = (before?.containerID ?? '').replace('containerd://', '');
  for (const pid of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const cgroups = await Bun.file(`/proc/${pid}/cgroup`)
      .text()
      .catch(() => '');
    if (id !== '' && cgroups.includes(id)) process.kill(Number(pid), 'SIGKILL');
  }
  startedAt = performance.now();
  await seen(
    watch.body,
    (one) => isReady(one) && (one.status?.containerStatuses?.[0]?.restartCount ?? 0) > (before?.restartCount ?? 0),
  );
}
process.stdout.write(String(performance.now() - startedAt));
process.exit(0);
