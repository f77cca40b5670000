import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { VERSION } from '#base/version.ts';

const TIMEOUT_MS = 15_000;

/** A client of the API by the admin kubeconfig in a data directory. */
export interface ApiClient {
  readonly server: string;
  readonly caCertificate: string;
  /** Sends JSON and reads JSON, in the form that `accept` names. Rejects with ApiError when the server refuses. */
  call<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown, accept?: string): Promise<T>;
}

/** The server's refusal: the Status' message and the response's code. */
export class ApiError extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
  }
}

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly { readonly user: { readonly token: string } }[];
}

/**
 * Reads `DATA_DIR/kubeconfig`.
 *
 * @throws Error that says how to get one when it is not there.
 */
export async function connectByDataDir(dataDir: string): Promise<ApiClient> {
  const path = join(dataDir, 'kubeconfig');
  let config: Kubeconfig;
  try {
    config = parse(await readFile(path, 'utf8')) as Kubeconfig;
  } catch (error) {
    throw new Error(
      `Cannot read ${path}: start a server with this data directory first ('skep server --data-dir ${dataDir}')`,
      { cause: error },
    );
  }
  const cluster = config.clusters[0]?.cluster;
  const token = config.users[0]?.user.token;
  if (cluster === undefined || token === undefined) throw new Error(`${path} holds no cluster or no user`);
  const caCertificate = Buffer.from(cluster['certificate-authority-data'], 'base64').toString();
  return {
    server: cluster.server,
    caCertificate,
    async call<T>(method: string, path: string, body?: unknown, accept = 'application/json'): Promise<T> {
      let response: Response;
      try {
        response = await fetch(new URL(path, cluster.server), {
          method,
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': 'application/json',
            accept,
            'user-agent': `skep/${VERSION}`,
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
          tls: { ca: caCertificate },
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
      } catch (error) {
        throw new Error(`Cannot reach the server at ${cluster.server}: is it running?`, { cause: error });
      }
      const failed = (why?: string) => new ApiError(response.status, why ?? `${method} ${path}: ${response.status}`);
      if (response.headers.get('content-type')?.includes('json') !== true) throw failed();
      const answer = (await response.json()) as { readonly message?: string };
      if (!response.ok) throw failed(answer.message);
      return answer as T;
    },
  };
}
