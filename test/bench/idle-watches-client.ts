import { connect } from 'node:tls';
import type { Access } from './watch-latency.ts';

/**
 * Holds watches open, each on a TLS connection of its own: `bun idle-watches-client.ts COUNT PATH`, the server in BENCH_SERVER as for watch-client.ts. Opens
 * ten and prints `ready`; opens the rest when a line comes on its stdin, and prints `all`; prints `told` when each has got the event of an object `told`.
 */
const [count = '1', path = ''] = process.argv.slice(2);
const { url, ca, token } = JSON.parse(process.env['BENCH_SERVER'] ?? '{}') as Access;
const { hostname, port } = new URL(url);
const REQUEST = `GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${token}\r\n\r\n`;
/** Handshakes that are under way at once. */
const AT_ONCE = 64;

let told = 0;
function open(): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca }, () => socket.write(REQUEST));
    let answered = false;
    socket.on('data', (bytes: Buffer) => {
      if (bytes.includes('HTTP/1.1 200')) {
        answered = true;
        resolve();
      } else if (!answered) reject(new Error(`Cannot watch: ${bytes.toString()}`));
      if (!bytes.includes('"name":"told"')) return;
      told += 1;
      if (told === Number(count)) process.stdout.write('told\n');
    });
    socket.on('error', reject);
  });
}

async function openMany(many: number): Promise<void> {
  let left = many;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while ((left -= 1) >= 0) await open();
    }),
  );
}

await openMany(10);
process.stdout.write('ready\n');
const input = Bun.stdin.stream().getReader();
await input.read();
await openMany(Number(count) - 10);
process.stdout.write('all\n');
await input.read(); // until the benchmark ends us
