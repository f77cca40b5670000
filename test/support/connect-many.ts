import { connect } from 'node:net';

/**
 * Opens connections one after another to an address and counts who answers. Run inside a test's network namespace:
 * `bun test/support/connect-many.ts ADDRESS PORT COUNT [PAUSE_MS]`. Prints `{"answers": {"<first line>": n}, "failures": [milliseconds since start, …]}`.
 */
const [address = '', port = '', count = '1', pauseMs = '0'] = process.argv.slice(2);
const CONNECT_DEADLINE_MS = 1000;
const startedAt = Date.now();

const once = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port: Number(port) });
    let text = '';
    socket.setTimeout(CONNECT_DEADLINE_MS, () => socket.destroy(new Error('timeout')));
    socket.on('data', (data) => {
      text += data.toString();
    });
    socket.on('error', reject);
    socket.on('close', () => (text === '' ? reject(new Error('no answer')) : resolve(text.trim())));
  });

const answers: Record<string, number> = {};
const failures: number[] = [];
for (let i = 0; i < Number(count); i += 1) {
  const at = Date.now() - startedAt;
  try {
    const answer = await once();
    answers[answer] = (answers[answer] ?? 0) + 1;
  } catch {
    failures.push(at);
  }
  if (Number(pauseMs) > 0) await Bun.sleep(Number(pauseMs));
}
process.stdout.write(`${JSON.stringify({ answers, failures, startedAt })}\n`);
