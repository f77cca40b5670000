import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Pod, podKind } from '#api/kinds/core/pod.ts';
import { type Service, serviceKind } from '#api/kinds/core/service.ts';
import { type EndpointSlice, endpointSliceKind } from '#api/kinds/discovery/endpointslice.ts';
import { StatusError, notFoundError } from '#api/meta/status.ts';
import type { NodePath } from '#server/nodes/node-path.ts';
import type { Client } from '#server/store/client.ts';
import { WireDuplex } from './wire-duplex.ts';

/** A port of a Service: its number, or the name that the Service gives it. */
export interface ServicePort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number | string;
}

/** A port of a pod. */
export interface PodPort {
  readonly namespace: string;
  readonly name: string;
  readonly port: number;
}

/** Connects to what runs in the cluster. The caller owns the stream and destroys it. Rejects with StatusError or the connection's error. */
export interface Dialer {
  /** To one of the ready endpoints of a Service, by chance. */
  service(target: ServicePort): Promise<Duplex>;
  /** To a pod, ready or not. */
  pod(target: PodPort): Promise<Duplex>;
  /** To an address that the server reaches by itself. */
  address(host: string, port: number): Promise<Duplex>;
}

/** What dialing needs of the rest of the server. */
export interface DialerParts {
  /** A function, because admission has a dialer before there is a client. */
  readonly client: () => Pick<Client, 'get' | 'list'>;
  /** The way to a pod's node. */
  readonly nodes: { find(nodeName: string): Promise<NodePath> };
}

/** A server's own connections must be there within so long. */
const CONNECT_TIMEOUT_MS = 10_000;
const SERVICE_NAME = 'kubernetes.io/service-name';

/**
 * The one way from the server into the cluster's network. The server need not be part of it: a pod is reached by a stream over its node's
 * link, so that webhooks, aggregated APIs and proxies work for nodes behind NAT. An endpoint that is no pod is dialed from here.
 */
export function createDialer({ client, nodes }: DialerParts): Dialer {
  async function pod({ namespace, name, port }: PodPort): Promise<Duplex> {
    const found = client().get(podKind, namespace, name);
    if (found === undefined) throw notFoundError({ group: '', plural: 'pods' }, name);
    const { nodeName = '' } = found.spec ?? {};
    if (nodeName === '') throw unavailable(`pod ${JSON.stringify(name)} has no node yet`);
    const path = await nodes.find(nodeName);
    try {
      return new WireDuplex(path.open({ verb: 'portForward', namespace, pod: name, port }), () => path.close());
    } catch (error) {
      path.close();
      throw error;
    }
  }

  return {
    pod,
    address: dialAddress,
    async service(target) {
      const { namespace, name } = target;
      const service = client().get(serviceKind, namespace, name);
      // Upstream's lister says it with the singular.
      if (service === undefined) throw notFoundError({ group: '', plural: 'service' }, name);
      if (service.spec?.type === 'ExternalName')
        return dialAddress(service.spec.externalName ?? '', Number(target.port));
      const port = portOf(service, target.port);
      const slices = client()
        .list(endpointSliceKind, namespace)
        .filter(({ metadata }) => metadata.labels?.[SERVICE_NAME] === name);
      const endpoint = chosen(readyEndpoints(slices, port));
      if (endpoint === undefined) throw unavailable(`no endpoints available for service ${JSON.stringify(name)}`);
      return endpoint.pod === undefined
        ? dialAddress(endpoint.address, endpoint.port)
        : pod({ namespace, name: endpoint.pod, port: endpoint.port });
    },
  };
}

/** A port of a Service by number or name (upstream: proxy.ResolveEndpoint). Throws ServiceUnavailable. */
function portOf({ metadata, spec }: Service, asked: number | string): string {
  const found = spec?.ports?.find(({ port, name }) => port === Number(asked) || name === asked);
  if (found === undefined)
    throw unavailable(`no service port ${asked} found for service ${JSON.stringify(metadata.name)}`);
  return found.name ?? '';
}

/** Where a Service's port leads: an address, and the pod that has it. */
interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly pod: Pod['metadata']['name'];
}

function readyEndpoints(slices: readonly EndpointSlice[], portName: string): Endpoint[] {
  return slices.flatMap(({ endpoints = [], ports = [] }) =>
    ports
      .filter(({ name, port }) => (name ?? '') === portName && port !== undefined)
      .flatMap(({ port = 0 }) =>
        endpoints
          .filter(({ conditions }) => conditions?.ready !== false)
          .map(({ addresses, targetRef }) => ({
            address: addresses[0] ?? '',
            port,
            pod: targetRef?.kind === 'Pod' ? targetRef.name : undefined,
          })),
      ),
  );
}

const chosen = <T>(list: readonly T[]): T | undefined => list[Math.floor(Math.random() * list.length)];

function dialAddress(host: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, allowHalfOpen: true });
    const timer = setTimeout(() => fail(new Error('i/o timeout')), CONNECT_TIMEOUT_MS);
    const fail = (cause: Error): void => {
      clearTimeout(timer);
      socket.destroy();
      const refused = 'code' in cause && cause.code === 'ECONNREFUSED';
      const why = refused ? 'connect: connection refused' : cause.message;
      reject(new Error(`dial tcp ${host.includes(':') ? `[${host}]` : host}:${port}: ${why}`, { cause }));
    };
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

const unavailable = (message: string): StatusError => new StatusError('ServiceUnavailable', message, undefined, 503);
