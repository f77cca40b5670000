import { startBenchServer } from '../bench/api-server.ts';
import { fuzz } from './fuzz.ts';

/** `make fuzz`: FUZZ_MINUTES (default 10) of requests made by chance against dist/skep; FUZZ_SEED makes the same ones again. Exit status 1 on a fault. */
const minutes = Number(process.env['FUZZ_MINUTES'] ?? 10);
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32);
const say = (line: string): void => void process.stdout.write(`${line}\n`);

say(`seed ${seed}`);
const server = await startBenchServer();
const report = await fuzz({ ...server.access, seconds: minutes * 60, seed, pid: server.pid });
await server.stop();
for (const one of report.faults) say(`fault: ${one}`);
const codes = Object.entries(report.codes).map(([code, count]) => `${code}: ${count}`);
say(
  `${report.requests} requests (${codes.join(', ')}), slowest ${Math.round(report.slowest.ms)} ms: ${report.slowest.request.slice(0, 200)}`,
);
say(
  `memory ${report.rss.early} MB after a tenth of the run, ${report.rss.end} MB at its end; ${report.faults.length} faults`,
);
process.exit(report.faults.length === 0 ? 0 : 1);
