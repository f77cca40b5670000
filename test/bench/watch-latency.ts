/** Where a server is and how to get in. */
export interface Access {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

/** One run: ms from before a write's request to a watcher's reading of the event, for every watcher and write. */
export async function watchLatencies(
  access: Access,
  path: string,
  write: (name: string) => Promise<unknown>,
  { watchers = 50, writes = 600, everyMs = 10 }: { watchers?: number; writes?: number; everyMs?: number } = {},
): Promise<number[]> {
  const client = Bun.spawn(
    [process.execPath, `${import.meta.dir}/watch-client.ts`, String(watchers), `${path}?watch=true`],
    {
      env: { ...process.env, BENCH_SERVER: JSON.stringify(access) },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  const output = client.stdout.getReader();
  await output.read();
  await Bun.sleep(1000);
  const sentAt = new Map<string, number>();
  const pending: Promise<unknown>[] = [];
  for (let i = 0; i < writes; i += 1) {
    const name = `w-${i}`;
    sentAt.set(name, performance.timeOrigin + performance.now());
    pending.push(write(name));
    await Bun.sleep(everyMs);
  }
  await Promise.all(pending);
  await Bun.sleep(500);
  await client.stdin.end();
  const decoder = new TextDecoder();
  let told = '';
  for (let part = await output.read(); !part.done; part = await output.read())
    told += decoder.decode(part.value, { stream: true });
  const arrivals = JSON.parse(told) as Record<string, number[]>;
  return Object.entries(arrivals).flatMap(([name, times]) => times.map((time) => time - (sentAt.get(name) ?? 0)));
}
