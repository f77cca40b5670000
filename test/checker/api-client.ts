import type { ApiObject } from './object-content.ts';
import type { RunServer } from './run-server.ts';

/** A kind as the checker uses it. */
export interface Collection {
  /** As the store names it. */
  readonly resource: string;
  readonly path: string;
  readonly kind: string;
  readonly apiVersion: string;
  /** May be replaced without a resourceVersion. */
  readonly unconditional: boolean;
}

/** The kinds that the checker writes. */
export const COLLECTIONS: readonly Collection[] = [
  { resource: 'configmaps', path: '/api/v1', kind: 'ConfigMap', apiVersion: 'v1', unconditional: true },
  { resource: 'secrets', path: '/api/v1', kind: 'Secret', apiVersion: 'v1', unconditional: true },
  {
    resource: 'leases.coordination.k8s.io',
    path: '/apis/coordination.k8s.io/v1',
    kind: 'Lease',
    apiVersion: 'coordination.k8s.io/v1',
    unconditional: false,
  },
];

/** `/api/v1/namespaces/x/configmaps`, or without a namespace that of all. */
export const pathOf = ({ path, resource }: Collection, namespace: string): string =>
  `${path}${namespace === '' ? '' : `/namespaces/${namespace}`}/${resource.split('.')[0] ?? resource}`;

/** An answer of the API. */
export interface Answer {
  readonly status: number;
  readonly body: ApiBody;
  /** It bears the warning that it may be out of date. */
  readonly stale: boolean;
}

/** An object, a list or a Status. */
export interface ApiBody {
  readonly kind: string;
  readonly reason?: string;
  readonly message?: string;
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly ApiObject[];
}

/** A request. `id` goes as the User-Agent. */
export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly id: string;
  readonly body?: unknown;
}

/** A client gives up an answer after so long. */
const TIMEOUT_MS = 8_000;

/** Undefined when there was no answer: whether the request took effect is then not known. */
export async function ask(server: RunServer, { method, path, id, body }: ApiRequest): Promise<Answer | undefined> {
  const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
  try {
    const response = await server.fetch(path, {
      method,
      // On a connection that was used before, fetch sends a write again by itself when that ends without an answer.
      keepalive: method === 'GET',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: { 'user-agent': id, ...(body === undefined ? {} : { 'content-type': type }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const stale = response.headers.get('warning')?.includes('out of date') === true;
    return { status: response.status, body: (await response.json()) as ApiBody, stale };
  } catch {
    return undefined;
  }
}
