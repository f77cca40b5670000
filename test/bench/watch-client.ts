export {};

/**
 * Opens watches and notes when each event was read: `bun watch-client.ts COUNT PATH`, with the URL, the CA and the token as JSON in the
 * environment's BENCH_SERVER. Prints `ready` when all are open; when its stdin ends, prints as JSON the times of arrival by object name, in ms since
 * the epoch. A process of its own, so that reading does not hold up the writes that it times.
 */
const [count = '1', path = ''] = process.argv.slice(2);
const { url, ca, token } = JSON.parse(process.env['BENCH_SERVER'] ?? '{}') as {
  url: string;
  ca: string;
  token: string;
};
const stop = new AbortController();
const arrivals: Record<string, number[]> = {};

async function watch(opened: () => void): Promise<void> {
  const init = { headers: { authorization: `Bearer ${token}` }, tls: { ca }, signal: stop.signal };
  const { body } = await fetch(url + path, init);
  if (body === null) throw new Error('a watch without a body');
  opened();
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of body) {
      const now = performance.timeOrigin + performance.now();
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const name = /"name":"(w-\d+)"/.exec(line)?.[1];
        if (name !== undefined) (arrivals[name] ??= []).push(now);
      }
    }
  } catch {
    // the watch is ended by our own abort
  }
}

const open: Promise<void>[] = [];
const watchers: Promise<void>[] = [];
for (let i = 0; i < Number(count); i += 1) {
  const opened = Promise.withResolvers<void>();
  open.push(opened.promise);
  watchers.push(watch(opened.resolve));
}
await Promise.race([Promise.all(open), Promise.all(watchers)]);
process.stdout.write('ready\n');
await Bun.stdin.text();
stop.abort();
await Promise.all(watchers);
await Bun.write(Bun.stdout, JSON.stringify(arrivals)); // the pipe is short: an exit must wait for its reader
process.exit(0);
