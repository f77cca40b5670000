import { PassThrough } from 'node:stream';
import {
  CoreV1Api,
  Exec,
  KubeConfig,
  Log,
  PatchStrategy,
  type V1ConfigMap,
  type V1Status,
  Watch,
  makeInformer,
  setHeaderOptions,
} from '@kubernetes/client-node';

/**
 * Uses the API as programs in TypeScript do: informer, watch, patches, exec and logs. Arguments: namespace, a pod that runs.
 * Prints a line for each thing that it saw. The CA has to be in NODE_EXTRA_CA_CERTS: Bun's fetch does not take the library's.
 */
const [namespace = 'default', pod = ''] = process.argv.slice(2);
const config = new KubeConfig();
config.loadFromDefault();
const core = config.makeApiClient(CoreV1Api);

const seen = new Set<string>();
const waiting = new Set<() => void>();
function see(what: string): void {
  process.stdout.write(`${what}\n`);
  seen.add(what);
  for (const look of waiting) look();
}
/** Resolves when the line was printed. */
const until = (what: string): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (!seen.has(what)) return;
      waiting.delete(look);
      resolve();
    };
    waiting.add(look);
    look();
  });

const path = `/api/v1/namespaces/${namespace}/configmaps`;
const informer = makeInformer(config, path, () => core.listNamespacedConfigMap({ namespace }));
for (const event of ['add', 'update', 'delete'] as const) {
  informer.on(event, ({ metadata, data }: V1ConfigMap) => {
    if (metadata?.name === 'node-client') see(`informer ${event} ${data?.['value'] ?? ''}`);
  });
}
await informer.start();
const watch = await new Watch(config).watch(
  path,
  { fieldSelector: 'metadata.name=node-client' },
  (type: string, object: V1ConfigMap) => see(`watch ${type} ${object.data?.['value'] ?? ''}`),
  () => see('watch ended'),
);

await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'node-client' }, data: { value: '1' } } });
await until('watch ADDED 1');
const named = { name: 'node-client', namespace };
await core.patchNamespacedConfigMap(
  { ...named, body: [{ op: 'replace', path: '/data/value', value: '2' }] },
  setHeaderOptions('Content-Type', PatchStrategy.JsonPatch),
);
await until('informer update 2');
await core.patchNamespacedConfigMap(
  { ...named, body: { data: { value: '3' } } },
  setHeaderOptions('Content-Type', PatchStrategy.MergePatch),
);
await until('watch MODIFIED 3');
await core.patchNamespacedConfigMap(
  {
    ...named,
    body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'node-client' }, data: { value: '4' } },
    fieldManager: 'node-client',
    force: true,
  },
  setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
);
await until('watch MODIFIED 4');
await core.deleteNamespacedConfigMap(named);
await until('informer delete 4');
await until('watch DELETED 4');
watch.abort();
await informer.stop();

try {
  await core.readNamespacedConfigMap(named);
} catch (error) {
  const { code, body } = error as { code: number; body: string };
  see(`read ${code} ${(JSON.parse(body) as V1Status).message ?? ''}`);
}

const output = new PassThrough();
let said = '';
output.on('data', (chunk: Buffer) => (said += chunk.toString()));
await new Promise<void>((resolve, reject) => {
  new Exec(config)
    .exec(
      namespace,
      pod,
      'main',
      ['sh', '-c', 'echo hello; exit 3'],
      output,
      output,
      null,
      false,
      (status: V1Status) => {
        see(`exec ${said.trim()} ${status.status ?? ''} ${status.details?.causes?.[0]?.message ?? ''}`);
        resolve();
      },
    )
    .catch(reject);
});

const log = new PassThrough();
log.on('data', (chunk: Buffer) => {
  for (const line of chunk.toString().split('\n')) if (line !== '') see(`log ${line}`);
});
await new Log(config).log(namespace, pod, 'main', log, { tailLines: 1 });
await until('log ready');
process.exit(0);
