import { createServer } from 'node:net';
import { createSocket } from 'node:dgram';

/**
 * Answers every TCP connection and every UDP packet with a name and the address it came from: `bun test/support/answer-name.ts PORT NAME`.
 * Prints nothing; run inside a test's network namespace.
 */
const [port = '0', name = ''] = process.argv.slice(2);
createServer((socket) => {
  socket.on('error', () => {});
  socket.end(`${name} ${socket.remoteAddress?.replace('::ffff:', '') ?? ''}\n`);
}).listen(Number(port), '0.0.0.0');
const udp = createSocket('udp4', (_, from) => udp.send(`${name} ${from.address}\n`, from.port, from.address));
udp.bind(Number(port), '0.0.0.0');
