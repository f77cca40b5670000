import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CA_PATH } from '#api/wire/version.ts';

/** What an agent knows of the cluster, kept in its data directory. */
export interface Credentials {
  /** The cluster's CA certificate, PEM. */
  readonly ca: string;
  /** The bearer token: this node's own, or the join token. */
  readonly token: string;
}

const FETCH_DEADLINE_MS = 10_000;

/**
 * `ca.crt` and `node.token` (mode 0600) in the agent's data directory. A join token has the form `skep1.<SHA-256 of the CA's DER, hex>.<id>.<secret>`:
 * the CA is fetched without trust and believed only when it has that hash.
 */
export class CredentialStore {
  readonly #directory: string;
  readonly #joinToken: string | undefined;

  constructor(dataDirectory: string, joinToken: string | undefined) {
    this.#directory = dataDirectory;
    this.#joinToken = joinToken;
  }

  /** What to present to the server. Throws when there is neither a node token nor a join token, or the CA is not the one that the token names. */
  async load(server: string): Promise<Credentials> {
    const token = this.#read('node.token') ?? this.#joinToken;
    if (token === undefined)
      throw new Error('Cannot join: there is no node token in the data directory and no join token was given');
    return { ca: await this.#ca(server), token };
  }

  /** Keeps the token that the hub gave to this node. */
  saveNodeToken(token: string): void {
    if (this.#read('node.token') !== token) writeSecret(this.#directory, 'node.token', token, 0o600);
  }

  /** The node token is not accepted (any more): tries the join token next, if there is one. True when there is. */
  dropNodeToken(): boolean {
    if (this.#joinToken === undefined || this.#read('node.token') === undefined) return false;
    renameSync(join(this.#directory, 'node.token'), join(this.#directory, 'node.token.refused'));
    return true;
  }

  async #ca(server: string): Promise<string> {
    const kept = this.#read('ca.crt');
    const wanted = this.#joinToken === undefined ? undefined : hashOfToken(this.#joinToken);
    if (kept !== undefined && (wanted === undefined || hashOfCertificate(kept) === wanted)) return kept;
    if (wanted === undefined) throw new Error('Cannot trust the server: no CA is kept and no join token was given');
    const response = await fetch(new URL(CA_PATH, server), {
      tls: { rejectUnauthorized: false },
      signal: AbortSignal.timeout(FETCH_DEADLINE_MS),
    });
    const pem = await response.text();
    if (!response.ok) throw new Error(`Cannot fetch the CA of the cluster: the server answers ${response.status}`);
    if (hashOfCertificate(pem) !== wanted)
      throw new Error('Cannot trust the server: its CA is not the one that the join token names');
    writeSecret(this.#directory, 'ca.crt', pem, 0o644);
    return pem;
  }

  #read(name: string): string | undefined {
    const path = join(this.#directory, name);
    return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
  }
}

/** Puts a CA and a node token where a link finds them: for an agent on the server's own host, which needs no join token. */
export function keepCredentials(dataDirectory: string, { ca, token }: Credentials): void {
  writeSecret(dataDirectory, 'ca.crt', ca, 0o644);
  writeSecret(dataDirectory, 'node.token', token, 0o600);
}

function writeSecret(directory: string, name: string, text: string, mode: number): void {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, name);
  writeFileSync(`${path}.new`, `${text.trim()}\n`, { mode });
  renameSync(`${path}.new`, path);
}

function hashOfToken(token: string): string {
  const found = /^skep1\.([0-9a-f]{64})\./.exec(token)?.[1];
  if (found === undefined) throw new Error('Cannot read the join token: it should begin with skep1.');
  return found;
}

function hashOfCertificate(pem: string): string | undefined {
  try {
    return createHash('sha256').update(new X509Certificate(pem).raw).digest('hex');
  } catch {
    return undefined;
  }
}
