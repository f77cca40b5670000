import { createLogger } from '#base/logger.ts';
import { DnsServer } from '#agent/dns/dns-server.ts';

/** Serves the names of an empty cluster: `bun test/support/serve-dns.ts ADDRESS`. Prints the port it bound; run inside a test's network namespace. */
const [address = ''] = process.argv.slice(2);
const log = createLogger({ name: 'dns', level: 'silent' });
const server = new DnsServer({ address, domain: 'cluster.local', log, upstreams: [] });
await server.start();
process.stdout.write(`${server.port}\n`);
await server.run();
