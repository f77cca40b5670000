import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import type { Answer } from 'dns-packet';
import type { Service as KubeService } from '#api/kinds/core/service.ts';
import type { EndpointSlice } from '#api/kinds/discovery/endpointslice.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import { ClusterZone } from './cluster-zone.ts';
import {
  answerOf,
  authorityOf,
  type Query,
  RCODE,
  readAnswers,
  readQuery,
  type Response,
  writeQuery,
  writeRefusal,
  writeResponse,
} from './dns-message.ts';
import { forward, splitMessages, type Upstream, upstreamsOf, withLength } from './upstream.ts';

/** What a DnsServer needs. */
export interface DnsServerOptions {
  /** The cluster's DNS address; it stands on the node's bridge. */
  readonly address: string;
  /** `cluster.local`. */
  readonly domain: string;
  readonly log: Logger;
  /** Ports to try, in this order. Default: 53, then 10053 for a host whose own DNS server holds port 53 of every address. */
  readonly ports?: readonly number[];
  /** Where other names are asked for. Default: the nameservers of /etc/resolv.conf, read again as it changes. */
  readonly upstreams?: readonly Upstream[];
}

const PORTS = [53, 10_053];
const RESOLV_CONF = '/etc/resolv.conf';
const RESOLV_CONF_MS = 10_000;
/** Questions that wait for another resolver; one more is answered SERVFAIL at once, so that a dead resolver cannot fill the memory. */
const MAX_FORWARDS = 1000;
const MAX_CONNECTIONS = 256;
const TCP_IDLE_MS = 10_000;

/**
 * The node's DNS: answers for the cluster from its own copy of Services and slices, passes everything else on to the host's resolvers.
 * Nothing that was passed on is kept.
 */
export class DnsServer implements Service {
  readonly name = 'dns';
  readonly #options: DnsServerOptions;
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<void>();
  readonly #connections = new Set<Socket>();
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  #port = 0;
  #zone: ClusterZone;
  #serial = 1;
  #forwards = 0;
  #upstreams: readonly Upstream[] = [];
  #upstreamsReadAt = -RESOLV_CONF_MS;

  constructor(options: DnsServerOptions) {
    this.#options = options;
    this.#zone = new ClusterZone(options.domain, [], []);
  }

  /** The port that was bound; known after `start`. The service proxy leads port 53 to it when it is another one. */
  get port(): number {
    return this.#port;
  }

  /** Binds the address. Rejects when no port of it is free or the address is not on this host. */
  async start(): Promise<void> {
    const { address, ports = PORTS, log } = this.#options;
    let failure: unknown;
    for (const port of ports) {
      try {
        await this.#bind(address, port);
        log.info({ address, port: this.#port }, 'DNS answers');
        return;
      } catch (error) {
        failure = error;
      }
    }
    throw new Error(`Cannot serve DNS at ${address}: ports ${ports.join(', ')} cannot be bound`, { cause: failure });
  }

  /** Resolves after `stop`. */
  run(): Promise<void> {
    return this.#ended.promise;
  }

  /** All Services and EndpointSlices, as they are now. */
  update({
    services,
    slices,
  }: {
    readonly services: readonly KubeService[];
    readonly slices: readonly EndpointSlice[];
  }): void {
    this.#zone = new ClusterZone(this.#options.domain, services, slices);
    this.#serial += 1;
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const socket of this.#connections) socket.destroy();
    this.#udp?.close();
    this.#tcp?.close();
    this.#udp = undefined;
    this.#tcp = undefined;
    this.#ended.resolve();
    await this.#ended.promise;
  }

  async #bind(address: string, port: number): Promise<void> {
    const udp = createSocket('udp4');
    udp.on('message', (message, from) => {
      void this.#respond(message, 'udp').then((response) => {
        if (response !== undefined && this.#udp === udp) udp.send(response, from.port, from.address, () => {});
      });
    });
    await new Promise<void>((resolve, reject) => {
      udp.once('error', reject);
      udp.bind({ address, port, exclusive: true }, resolve);
    });
    udp.on('error', (error) => this.#options.log.warn({ err: error }, 'DNS socket'));
    const bound = udp.address().port;
    const tcp = createServer((socket) => this.#serve(socket));
    tcp.maxConnections = MAX_CONNECTIONS;
    try {
      await new Promise<void>((resolve, reject) => {
        tcp.once('error', reject);
        tcp.listen(bound, address, resolve);
      });
    } catch (error) {
      udp.close();
      throw error;
    }
    this.#udp = udp;
    this.#tcp = tcp;
    this.#port = bound;
  }

  #serve(socket: Socket): void {
    let received = Buffer.alloc(0);
    this.#connections.add(socket);
    socket.on('close', () => this.#connections.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(TCP_IDLE_MS, () => socket.destroy());
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, typeof chunk === 'string' ? Buffer.from(chunk) : chunk]);
      const messages = splitMessages(received);
      received = received.subarray(messages.reduce((sum, { length }) => sum + length + 2, 0));
      for (const message of messages) {
        void this.#respond(message, 'tcp').then((response) => {
          if (response === undefined) socket.destroy();
          else if (!socket.destroyed) socket.write(withLength(response));
        });
      }
    });
  }

  async #respond(message: Uint8Array, transport: 'udp' | 'tcp'): Promise<Uint8Array | undefined> {
    const query = readQuery(message);
    if (query === undefined) return undefined;
    if ('refused' in query) return writeRefusal(query.id, query.refused);
    try {
      const response = await this.#answer(query, message, transport);
      return response instanceof Uint8Array ? response : writeResponse(query, response, transport);
    } catch (error) {
      this.#options.log.warn({ err: error, name: query.question.name }, 'DNS question not answered');
      return writeResponse(query, failure, transport);
    }
  }

  async #answer(query: Query, message: Uint8Array, transport: 'udp' | 'tcp'): Promise<Response | Uint8Array> {
    const { name, type } = query.question;
    const found = this.#zone.answer(name, type);
    if (found.kind === 'foreign') return (await this.#forward(message, transport)) ?? failure;
    if (found.kind === 'missing' || found.records.length === 0) {
      const code = found.kind === 'missing' ? RCODE.noSuchName : RCODE.noError;
      const authorities = [authorityOf(this.#options.domain, this.#serial)];
      return { code, authoritative: true, answers: [], authorities };
    }
    const [first] = found.records;
    if (first?.type === 'CNAME' && type !== 'CNAME')
      return this.#follow(query, answerOf(first), first.target, transport);
    const hosts = new Map(
      found.records.flatMap((record) => (record.type === 'SRV' ? [[record.target, record.address]] : [])),
    );
    return {
      code: RCODE.noError,
      authoritative: true,
      // The question's own spelling of the name: some resolvers vary its case and compare. Any order, for clients that take the first.
      answers: rotated(found.records.map((record) => answerOf({ ...record, name }))),
      additionals: [...hosts].map(([host, address]) =>
        answerOf({ type: 'A', name: host ?? '', address: address ?? '' }),
      ),
    };
  }

  /** An ExternalName: clients' resolvers expect the whole chain in one answer. */
  async #follow(query: Query, alias: Answer, target: string, transport: 'udp' | 'tcp'): Promise<Response> {
    const inside = this.#zone.answer(target, query.question.type);
    if (inside.kind === 'missing') return { code: RCODE.noSuchName, authoritative: true, answers: [alias] };
    if (inside.kind === 'records') {
      // One step only: an ExternalName that names an ExternalName could go round for ever.
      return { code: RCODE.noError, authoritative: true, answers: [alias, ...inside.records.map(answerOf)] };
    }
    const answer = await this.#forward(writeQuery(query, target), transport);
    const outside = answer === undefined ? undefined : readAnswers(answer);
    if (outside === undefined) return { ...failure, answers: [alias] };
    return { code: outside.code, authoritative: false, answers: [alias, ...outside.answers] };
  }

  async #forward(message: Uint8Array, transport: 'udp' | 'tcp'): Promise<Uint8Array | undefined> {
    if (this.#forwards >= MAX_FORWARDS) return undefined;
    this.#forwards += 1;
    try {
      return await forward(message, await this.#currentUpstreams(), transport, this.#stop.signal);
    } finally {
      this.#forwards -= 1;
    }
  }

  async #currentUpstreams(): Promise<readonly Upstream[]> {
    const { upstreams, address } = this.#options;
    if (upstreams !== undefined) return upstreams;
    if (performance.now() - this.#upstreamsReadAt > RESOLV_CONF_MS) {
      this.#upstreamsReadAt = performance.now();
      this.#upstreams = upstreamsOf(await readFile(RESOLV_CONF, 'utf8').catch(() => ''), address);
    }
    return this.#upstreams;
  }
}

const failure: Response = { code: RCODE.serverFailure, authoritative: false, answers: [] };

function rotated(answers: readonly Answer[]): Answer[] {
  const start = Math.floor(Math.random() * answers.length);
  return [...answers.slice(start), ...answers.slice(0, start)];
}
