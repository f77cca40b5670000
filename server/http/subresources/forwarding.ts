import { podKind } from '#api/kinds/core/pod.ts';
import { StatusError } from '#api/meta/status.ts';
import type { NodeStreamParts } from './pod-container.ts';
import type { Subresource, SubresourceRequest } from './subresource.ts';

/** The servers that share this one's database. */
export interface OtherServers {
  /** The nodes that are linked to them, and where they answer (HOST:PORT). */
  elsewhere(): Promise<ReadonlyMap<string, string>>;
  /** The cluster's CA in PEM: they have certificates of it. */
  readonly caCertificate: string;
}

/** Marks a request that comes from another server, so that two that are wrong about a node do not send it to and fro. */
const FORWARDED = 'x-skep-forwarded';
/** Headers that belong to one connection. */
const NOT_FORWARDED = ['host', 'connection', 'accept-encoding', 'content-length'];

/**
 * A subresource of pods that also serves those whose node is linked to another server: what is plain HTTP is fetched there; a WebSocket is
 * answered with ServiceUnavailable that names the server.
 */
export const forwarding = (subresource: Subresource, parts: NodeStreamParts, others: OtherServers): Subresource => ({
  ...subresource,
  async handle(request) {
    const nodeName = parts.client.get(podKind, request.namespace, request.name)?.spec?.nodeName ?? '';
    const isHere = nodeName === '' || parts.sessions.find(nodeName) !== undefined;
    if (isHere || request.request.headers.has(FORWARDED)) return subresource.handle(request);
    const address = (await others.elsewhere().catch(() => undefined))?.get(nodeName);
    if (address === undefined) return subresource.handle(request);
    if (!request.isUpgrade) return fetchFrom(address, request, others.caCertificate);
    throw new StatusError(
      'ServiceUnavailable',
      `node ${JSON.stringify(nodeName)} is connected to the server at https://${address}, not to this one: ask there`,
    );
  },
});

/** The same request to another server, as the same user: every server knows the token. Its answer comes through as it is. */
async function fetchFrom(address: string, { request, url }: SubresourceRequest, ca: string): Promise<Response> {
  const headers = new Headers(request.headers);
  for (const name of NOT_FORWARDED) headers.delete(name);
  headers.set(FORWARDED, '1');
  try {
    const answer = await fetch(`https://${address}${url.pathname}${url.search}`, {
      method: request.method,
      headers,
      signal: request.signal,
      tls: { ca },
    });
    return new Response(answer.body, { status: answer.status, headers: answer.headers });
  } catch (error) {
    throw Object.assign(
      new StatusError(
        'ServiceUnavailable',
        `the server at https://${address}, which the pod's node is connected to, does not answer`,
      ),
      { cause: error },
    );
  }
}
