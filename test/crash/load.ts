import type { Random } from '#test/checker/random.ts';
import { type CrashServer, NAMESPACE } from './crash-server.ts';
import type { Attempt, Ledger, Outcome } from './ledger.ts';

const CLIENTS = 16;
const KEYS_OF_EACH = 4;
/** All clients fight over these. */
const SHARED_KEYS = 4;
/** Between two writes of a client, ms: so that the machine is busy and not choked. */
const PAUSE_MS = 15;

/** What a client knows of an object: its resourceVersion, 0 = absent, undefined = to be asked. */
type Known = number | undefined;

/** Clients that create, replace and delete ConfigMaps, each one write at a time. */
export class Load {
  readonly #server: CrashServer;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #known = new Map<string, Known>();
  #running = false;
  #clients: Promise<void>[] = [];
  #sent = 0;
  underWay = 0;

  constructor(server: CrashServer, ledger: Ledger, random: Random) {
    this.#server = server;
    this.#ledger = ledger;
    this.#random = random;
  }

  begin(): void {
    this.#running = true;
    this.#clients = Array.from({ length: CLIENTS }, (_, client) => this.#client(client));
  }

  /** Sends no more; resolves when each client knows of its last write what there is to know. */
  async end(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#clients);
    this.#known.clear();
  }

  async #client(client: number): Promise<void> {
    while (this.#running) {
      const isShared = this.#random.chance(0.2);
      const name = isShared
        ? `crash-shared-${this.#random.below(SHARED_KEYS)}`
        : `crash-${client}-${this.#random.below(KEYS_OF_EACH)}`;
      if (this.#known.get(name) === undefined) await this.#look(name);
      else await this.#write(client, name, this.#known.get(name) ?? 0);
      await new Promise((resolve) => setTimeout(resolve, this.#random.between(0, 2 * PAUSE_MS)));
    }
  }

  async #look(name: string): Promise<void> {
    try {
      const answer = await this.#server.fetch(`${PATH}/${name}`);
      if (answer.status === 404) this.#known.set(name, 0);
      const { metadata } = (await answer.json()) as ApiObject;
      if (answer.status === 200) this.#known.set(name, Number(metadata?.resourceVersion));
    } catch {
      // No server for a moment.
    }
  }

  async #write(client: number, name: string, expected: number): Promise<void> {
    const id = `crash/${client}-${++this.#sent}`;
    const verb = expected === 0 ? 'create' : this.#random.chance(0.1) ? 'delete' : 'update';
    const attempt: Attempt = { id, name, verb, expected, content: verb === 'delete' ? '' : id, outcome: undefined };
    this.#ledger.begin(attempt);
    this.underWay += 1;
    const outcome = await this.#send(attempt).catch((): Outcome => ({ kind: 'unknown' }));
    this.underWay -= 1;
    this.#ledger.end(attempt, outcome);
    this.#known.set(name, outcome.kind === 'acknowledged' ? outcome.revision : undefined);
  }

  async #send({ id, name, verb, expected, content }: Attempt): Promise<Outcome> {
    const metadata = { name, ...(verb === 'update' ? { resourceVersion: String(expected) } : {}) };
    const answer = await this.#server.fetch(verb === 'create' ? PATH : `${PATH}/${name}`, {
      method: METHODS[verb],
      headers: { 'user-agent': id, 'content-type': 'application/json' },
      body: JSON.stringify(
        verb === 'delete'
          ? { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { resourceVersion: String(expected) } }
          : { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { content } },
      ),
    });
    if (answer.status < 300) {
      const body = (await answer.json()) as ApiObject;
      return { kind: 'acknowledged', revision: verb === 'delete' ? 0 : Number(body.metadata?.resourceVersion) };
    }
    await answer.bytes();
    if (answer.status < 500 || answer.status === 503) return { kind: 'refused', status: answer.status };
    return { kind: 'unknown' };
  }
}

const PATH = `/api/v1/namespaces/${NAMESPACE}/configmaps`;
const METHODS = { create: 'POST', update: 'PUT', delete: 'DELETE' } as const;

interface ApiObject {
  readonly metadata?: { readonly resourceVersion?: string };
}
