import type { Duplex } from 'node:stream';
import { isIP } from 'node:net';
import { podKind } from '#api/kinds/core/pod.ts';
import { serviceKind } from '#api/kinds/core/service.ts';
import { StatusError, badRequest, notFoundError } from '#api/meta/status.ts';
import type { Dialer } from '#server/proxy/dialer.ts';
import type { Client } from '#server/store/client.ts';

/** What proxying works with. */
export interface ProxyParts {
  readonly client: Pick<Client, 'get'>;
  readonly dialer: Pick<Dialer, 'pod' | 'service'>;
}

/** Where a proxied request goes. */
export interface ProxyTarget {
  readonly scheme: 'http' | 'https';
  /** `10.42.0.7:80`: how pages of the target may call it. */
  readonly host: string;
  dial(): Promise<Duplex>;
}

/** What the name in the path says: `name`, `name:port` or `scheme:name:port` (apimachinery: SplitSchemeNamePort). Undefined when it is none of them. */
export function splitName(
  id: string,
): { readonly scheme: 'http' | 'https'; readonly name: string; readonly port: string } | undefined {
  const parts = id.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || name === '' || (scheme !== '' && scheme !== 'http' && scheme !== 'https')) return undefined;
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

/** A pod by name, at the port in the name, else its first one (upstream: registry/core/pod ResourceLocation). Throws 400 and 404. */
export function podTarget({ client, dialer }: ProxyParts, namespace: string, id: string): ProxyTarget {
  const split = splitName(id);
  if (split === undefined) throw badRequest(`invalid pod request ${JSON.stringify(id)}`);
  const { scheme, name } = split;
  const pod = client.get(podKind, namespace, name);
  if (pod === undefined) throw notFoundError({ group: '', plural: 'pods' }, name);
  const first = pod.spec?.containers.flatMap(({ ports = [] }) => ports)[0]?.containerPort;
  const port = split.port !== '' ? split.port : String(first ?? (scheme === 'https' ? 443 : 80));
  const address = pod.status?.podIPs?.[0]?.ip ?? pod.status?.podIP ?? '';
  if (isIP(address) === 0 || address.startsWith('127.') || address === '::1') throw badRequest('address not allowed');
  return {
    scheme,
    host: `${address.includes(':') ? `[${address}]` : address}:${port}`,
    async dial() {
      if (!/^\d{1,5}$/.test(port)) throw new Error(`dial tcp: lookup tcp/${port}: unknown port`);
      return dialer.pod({ namespace, name, port: Number(port) });
    },
  };
}

/** A Service by name, at the port in the name by number or name, else the one without a name (upstream: service ResourceLocation). Throws 400, 404, 503. */
export function serviceTarget({ client, dialer }: ProxyParts, namespace: string, id: string): ProxyTarget {
  const split = splitName(id);
  if (split === undefined) throw badRequest(`invalid service request ${JSON.stringify(id)}`);
  const { scheme, name, port } = split;
  const service = client.get(serviceKind, namespace, name);
  if (service === undefined) throw notFoundError({ group: '', plural: 'services' }, name);
  const byNumber = /^[+-]?\d+$/.test(port);
  const found = service.spec?.ports?.find((one) => (byNumber ? one.port === Number(port) : (one.name ?? '') === port));
  if (found === undefined) {
    throw unavailable(
      byNumber
        ? `no service port ${Number(port)} found for service ${JSON.stringify(name)}`
        : `no endpoints available for service ${JSON.stringify(id)}`,
    );
  }
  return {
    scheme,
    host: `${service.spec?.clusterIP ?? name}:${found.port}`,
    dial: () => dialer.service({ namespace, name, port: found.port }),
  };
}

/** 503 with its own text. */
export const unavailable = (message: string): StatusError =>
  new StatusError('ServiceUnavailable', message, undefined, 503);
