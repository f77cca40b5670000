import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { decode, encode } from 'dns-packet';
import type { Service } from '#api/kinds/core/service.ts';
import type { EndpointSlice } from '#api/kinds/discovery/endpointslice.ts';
import { createLogger } from '#base/logger.ts';
import { DnsServer } from './dns-server.ts';
import { splitMessages, withLength } from './upstream.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const service = (name: string, spec: NonNullable<Service['spec']>): Service => ({
  kind: 'Service',
  apiVersion: 'v1',
  metadata: { name, namespace: 'default' },
  spec,
});
const slice = (name: string, endpoints: EndpointSlice['endpoints']): EndpointSlice => ({
  kind: 'EndpointSlice',
  apiVersion: 'discovery.k8s.io/v1',
  metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }],
  endpoints: endpoints ?? [],
});

/** Another resolver: knows one name, and says nothing to `silent.example`. */
const elsewhere = createSocket('udp4', (message, from) => {
  const query = decode(message);
  const name = query.questions?.[0]?.name ?? '';
  if (name === 'silent.example') return;
  const answers = name === 'www.example' ? [{ type: 'A', name, ttl: 60, data: '192.0.2.80' } as const] : [];
  const flags = answers.length > 0 ? 0 : 3;
  const id = query.id ?? 0;
  elsewhere.send(
    encode({ type: 'response', id, flags, questions: query.questions ?? [], answers }),
    from.port,
    from.address,
  );
});
let server: DnsServer;
beforeAll(async () => {
  await new Promise<void>((resolve) => elsewhere.bind(0, '127.0.0.1', resolve));
  server = new DnsServer({
    address: '127.0.0.1',
    domain: 'cluster.local',
    log,
    ports: [0],
    upstreams: [{ address: '127.0.0.1', port: elsewhere.address().port }],
  });
  await server.start();
  server.update({
    services: [
      service('web', { clusterIP: '10.43.0.7', ports: [{ name: 'http', port: 80, protocol: 'TCP' }] }),
      service('db', { clusterIP: 'None', ports: [{ name: 'pg', port: 5432, protocol: 'TCP' }] }),
      service('all', { clusterIP: 'None', publishNotReadyAddresses: true, ports: [{ name: 'pg', port: 5432 }] }),
      service('empty', { clusterIP: 'None' }),
      service('many', { clusterIP: 'None' }),
      service('alias', { type: 'ExternalName', externalName: 'www.example' }),
      service('near', { type: 'ExternalName', externalName: 'web.default.svc.cluster.local' }),
    ],
    slices: [
      slice('db', [
        { addresses: ['10.42.0.5'], hostname: 'db-0', conditions: { ready: true } },
        { addresses: ['10.42.0.6'], conditions: { ready: false } },
      ]),
      slice('all', [{ addresses: ['10.42.0.6'], conditions: { ready: false } }]),
      slice(
        'many',
        Array.from({ length: 200 }, (_, index) => ({ addresses: [`10.42.1.${index}`] })),
      ),
    ],
  });
});
afterAll(async () => {
  await server.stop();
  elsewhere.close();
});

interface Said {
  readonly code: string;
  readonly answers: readonly string[];
  readonly truncated: boolean;
}
function read(message: Uint8Array): Said {
  const packet = decode(Buffer.from(message)) as ReturnType<typeof decode> & { readonly rcode: string };
  return {
    code: packet.rcode,
    truncated: packet.flag_tc,
    answers: (packet.answers ?? []).map((one) => {
      const data = 'data' in one ? one.data : '';
      return `${one.type} ${typeof data === 'string' ? data : JSON.stringify(data)}`;
    }),
  };
}
function ask(name: string, type: 'A' | 'AAAA' | 'SRV' | 'PTR' | 'CNAME'): Promise<Said> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    socket.on('message', (message) => {
      socket.close();
      resolve(read(message));
    });
    const query = encode({ type: 'query', id: 7, flags: 256, questions: [{ type, name }] });
    socket.send(query, server.port, '127.0.0.1');
  });
}
function askTcp(name: string): Promise<Said> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port: server.port });
    let received = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const [message] = splitMessages(received);
      if (message === undefined) return;
      socket.destroy();
      resolve(read(message));
    });
    socket.write(withLength(encode({ type: 'query', id: 8, questions: [{ type: 'A', name }] })));
  });
}

const svc = 'svc.cluster.local';
const cases: readonly [name: string, type: 'A' | 'AAAA' | 'SRV' | 'PTR' | 'CNAME', code: string, answers: string[]][] =
  [
    [`web.default.${svc}`, 'A', 'NOERROR', ['A 10.43.0.7']],
    [`WEB.Default.${svc}`, 'A', 'NOERROR', ['A 10.43.0.7']],
    [`web.default.${svc}`, 'AAAA', 'NOERROR', []],
    [`none.default.${svc}`, 'A', 'NXDOMAIN', []],
    [`web.other.${svc}`, 'A', 'NXDOMAIN', []],
    [`web.default.${svc}.default.${svc}`, 'A', 'NXDOMAIN', []],
    ['www.example.cluster.local', 'A', 'NXDOMAIN', []],
    [`default.${svc}`, 'A', 'NOERROR', []],
    [svc, 'A', 'NOERROR', []],
    [
      `_http._tcp.web.default.${svc}`,
      'SRV',
      'NOERROR',
      [`SRV {"priority":0,"weight":100,"port":80,"target":"web.default.${svc}"}`],
    ],
    [`_https._tcp.web.default.${svc}`, 'SRV', 'NXDOMAIN', []],
    [`_http._udp.web.default.${svc}`, 'SRV', 'NXDOMAIN', []],
    ['7.0.43.10.in-addr.arpa', 'PTR', 'NOERROR', [`PTR web.default.${svc}`]],
    ['5.0.42.10.in-addr.arpa', 'PTR', 'NOERROR', [`PTR db-0.db.default.${svc}`]],
    [`db.default.${svc}`, 'A', 'NOERROR', ['A 10.42.0.5']],
    [`db-0.db.default.${svc}`, 'A', 'NOERROR', ['A 10.42.0.5']],
    [`db-1.db.default.${svc}`, 'A', 'NXDOMAIN', []],
    [
      `_pg._tcp.db.default.${svc}`,
      'SRV',
      'NOERROR',
      [`SRV {"priority":0,"weight":100,"port":5432,"target":"db-0.db.default.${svc}"}`],
    ],
    [`all.default.${svc}`, 'A', 'NOERROR', ['A 10.42.0.6']],
    [`10-42-0-6.all.default.${svc}`, 'A', 'NOERROR', ['A 10.42.0.6']],
    [`empty.default.${svc}`, 'A', 'NXDOMAIN', []],
    ['10-42-0-9.default.pod.cluster.local', 'A', 'NOERROR', ['A 10.42.0.9']],
    ['10-42-0-900.default.pod.cluster.local', 'A', 'NXDOMAIN', []],
    [`alias.default.${svc}`, 'CNAME', 'NOERROR', ['CNAME www.example']],
    [`alias.default.${svc}`, 'A', 'NOERROR', ['CNAME www.example', 'A 192.0.2.80']],
    [`near.default.${svc}`, 'A', 'NOERROR', [`CNAME web.default.${svc}`, 'A 10.43.0.7']],
    ['www.example', 'A', 'NOERROR', ['A 192.0.2.80']],
    ['nobody.example', 'A', 'NXDOMAIN', []],
  ];
for (const [name, type, code, answers] of cases) {
  test(`${type} ${name} → ${code} ${answers.join(', ')}`, async () => {
    expect(await ask(name, type)).toEqual({ code, answers, truncated: false });
  });
}

test('a long answer is cut over UDP and whole over TCP', async () => {
  const short = await ask(`many.default.${svc}`, 'A');
  expect([short.truncated, short.answers.length > 0, short.answers.length < 200]).toEqual([true, true, true]);
  const long = await askTcp(`many.default.${svc}`);
  expect([long.truncated, long.answers.length]).toEqual([false, 200]);
});

test('a question that no resolver answers is answered SERVFAIL after two rounds of two seconds', async () => {
  const startedAt = performance.now();
  expect((await ask('silent.example', 'A')).code).toBe('SERVFAIL');
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(3900);
}, 6000);

test('bytes that are no question do no harm', async () => {
  const socket = createSocket('udp4');
  const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve));
  socket.send(Buffer.alloc(5), server.port, '127.0.0.1');
  socket.send(Buffer.from('000901000001000000000000ffffffff', 'hex'), server.port, '127.0.0.1');
  expect((await answer).subarray(0, 4).toString('hex')).toBe('00098001');
  socket.close();
  expect((await ask(`web.default.${svc}`, 'A')).answers).toEqual(['A 10.43.0.7']);
});
