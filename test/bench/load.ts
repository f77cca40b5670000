/** Where the benchmarks keep their ConfigMaps. */
export const CONFIGMAPS = '/api/v1/namespaces/default/configmaps';

const PAYLOAD = 'x'.repeat(900);

/** A ConfigMap of about 1 KB as it is posted, 1.2 KB as it is stored. */
export const configMap = (name: string, value: string, labels: Record<string, string> = { app: 'bench' }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data: { value, payload: PAYLOAD },
});

/** Runs `once` in `clients` loops for some seconds; `once` gets the number of the call, from 1. Returns the times in ms, and how long it all took in s. */
export async function load(
  what: string,
  { clients, seconds }: { readonly clients: number; readonly seconds: number },
  once: (n: number) => Promise<unknown>,
): Promise<{ readonly times: readonly number[]; readonly seconds: number }> {
  process.stderr.write(`bench: ${what}\n`);
  const times: number[] = [];
  const begunAt = performance.now();
  const end = begunAt + seconds * 1000;
  let n = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (performance.now() < end) {
        const startedAt = performance.now();
        await once((n += 1));
        times.push(performance.now() - startedAt);
      }
    }),
  );
  return { times, seconds: (performance.now() - begunAt) / 1000 };
}

/** Calls `once` with 1…count, `clients` at a time. */
export async function callAll(count: number, clients: number, once: (n: number) => Promise<unknown>): Promise<void> {
  let n = 0;
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (n < count) await once((n += 1));
    }),
  );
}
