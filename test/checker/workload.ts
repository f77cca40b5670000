import { type Answer, type ApiRequest, COLLECTIONS, type Collection, ask, pathOf } from './api-client.ts';
import { type Content, type ListRead, type Operation, type Outcome, type Shown, type Verb, keyOf } from './history.ts';
import { type ApiObject, PATCH_TOKEN, PUT_TOKEN, contentOf, shownOf } from './object-content.ts';
import type { Random } from './random.ts';
import type { Recorder } from './recorder.ts';
import type { RunServer } from './run-server.ts';

/** Where all clients write: few keys, so that they meet. */
export const NAMESPACES = ['red', 'blue'] as const;
const NAMES = ['ant', 'bee', 'cow', 'doe'] as const;
/** The values of the label that watchers select by. */
export const TIERS = ['front', 'back'] as const;

/** Every key that the clients write. */
export const KEYS = COLLECTIONS.flatMap(({ resource }) =>
  NAMESPACES.flatMap((namespace) => NAMES.map((name) => ({ resource, namespace, name }))),
);

/** What clients do, by weight: about as controllers and kubectl do. */
const MIX = {
  get: 18,
  update: 26,
  replace: 4,
  patch: 14,
  create: 14,
  delete: 7,
  deleteSeen: 2,
  list: 8,
  anyList: 3,
  pages: 5,
  exactList: 3,
} as const;

/** One in so many objects is large, with so many characters. */
const LARGE_EVERY = 25;
const LARGE_CHARACTERS = 24_000;
const PAGE = 2;

/** What a client last saw of an object. */
interface Seen {
  readonly revision: number;
  readonly content: Content;
}

/** One object that a request is about. */
interface Target {
  readonly collection: Collection;
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
}

/** A client that writes and reads without end, one request after the other, now at one server and now at another. */
export class Client {
  readonly #name: string;
  readonly #servers: readonly RunServer[];
  readonly #random: Random;
  readonly #recorder: Recorder;
  readonly #seen = new Map<string, Seen>();
  #server: RunServer;
  #requests = 0;

  constructor(name: string, servers: readonly RunServer[], random: Random, recorder: Recorder) {
    this.#name = name;
    this.#servers = servers;
    this.#random = random;
    this.#recorder = recorder;
    this.#server = random.pick(servers);
  }

  /** Until `stop` aborts; the request under way is waited for. `pauseMs` = the mean rest between requests. */
  async run(stop: AbortSignal, pauseMs: number): Promise<void> {
    while (!stop.aborted) {
      if (this.#random.chance(0.08)) this.#server = this.#random.pick(this.#servers);
      const ok = await this.#act();
      // Whoever was refused goes elsewhere, not too fast.
      if (!ok) this.#server = this.#random.pick(this.#servers);
      await rest(this.#random.between(0, 2) * pauseMs * (ok ? 1 : 3), stop);
    }
  }

  /** One request by chance; was it answered. */
  async #act(): Promise<boolean> {
    const collection = this.#random.pick(COLLECTIONS);
    const namespace = this.#random.pick(NAMESPACES);
    const name = this.#random.pick(NAMES);
    const target = { collection, namespace, name, key: keyOf(collection.resource, namespace, name) };
    const seen = this.#seen.get(target.key);
    const action = this.#random.weighted(MIX);
    switch (action) {
      case 'list':
        return this.#list(target, '', true);
      case 'anyList':
        return this.#list(target, 'resourceVersion=0', false);
      case 'exactList':
        return this.#exactList(target);
      case 'pages':
        return this.#pages(target);
      case 'create':
        return this.#write(target, 'create', undefined);
      case 'patch':
        return this.#write(target, 'patch', undefined);
      case 'delete':
        return this.#write(target, 'delete', undefined);
      case 'replace':
        return collection.unconditional ? this.#write(target, 'update', undefined) : this.#get(target);
      case 'update':
        return seen === undefined ? this.#get(target) : this.#write(target, 'update', seen);
      case 'deleteSeen':
        return seen === undefined ? this.#get(target) : this.#write(target, 'delete', seen);
      case 'get':
        return this.#get(target);
      default:
        return action satisfies never;
    }
  }

  async #get(target: Target): Promise<boolean> {
    const operation = this.#begin(target, 'get', '', undefined);
    const path = `${pathOf(target.collection, target.namespace)}/${target.name}`;
    return this.#end(target, operation, await ask(operation.at, { method: 'GET', path, id: operation.id }));
  }

  async #write(
    target: Target,
    verb: 'create' | 'update' | 'patch' | 'delete',
    seen: Seen | undefined,
  ): Promise<boolean> {
    const token = verb === 'delete' ? '' : `${this.#name}.${this.#requests}`;
    const operation = this.#begin(target, verb, token, seen?.content);
    return this.#end(target, operation, await ask(operation.at, this.#request(target, operation, seen)));
  }

  #request(target: Target, { verb, id, token }: Begun, seen: Seen | undefined): ApiRequest {
    const { collection, namespace, name } = target;
    const path = pathOf(collection, namespace);
    const version = seen === undefined ? {} : { resourceVersion: String(seen.revision) };
    const tier = this.#random.pick(TIERS);
    switch (verb) {
      case 'create':
      case 'update': {
        const metadata = { name, labels: { tier }, annotations: { [PUT_TOKEN]: token }, ...version };
        const body = {
          kind: collection.kind,
          apiVersion: collection.apiVersion,
          metadata,
          ...this.#payload(collection),
        };
        return verb === 'create'
          ? { method: 'POST', path, id, body }
          : { method: 'PUT', path: `${path}/${name}`, id, body };
      }
      case 'patch': {
        const labels = this.#random.chance(0.5) ? { labels: { tier } } : {};
        const body = { metadata: { annotations: { [PATCH_TOKEN]: token }, ...labels } };
        return { method: 'PATCH', path: `${path}/${name}`, id, body };
      }
      case 'delete':
        return {
          method: 'DELETE',
          path: `${path}/${name}`,
          id,
          body: { kind: 'DeleteOptions', apiVersion: 'v1', ...(seen === undefined ? {} : { preconditions: version }) },
        };
      case 'get':
        return { method: 'GET', path: `${path}/${name}`, id };
      default:
        return verb satisfies never;
    }
  }

  #payload({ kind }: Collection): object {
    if (kind === 'Lease') return { spec: { holderIdentity: this.#name, leaseDurationSeconds: 15 } };
    const length = this.#random.below(LARGE_EVERY) === 0 ? LARGE_CHARACTERS : this.#random.below(400);
    return kind === 'Secret' ? { stringData: { a: 'x'.repeat(length) } } : { data: { a: 'x'.repeat(length) } };
  }

  #begin({ key }: Target, verb: Verb, token: string, expected: Content | undefined): Begun {
    const id = `${this.#name}-${this.#requests++}`;
    return { id, verb, token, expected, key, at: this.#server, invoked: this.#recorder.now() };
  }

  #end(target: Target, begun: Begun, answer: Answer | undefined): boolean {
    const { at, ...rest } = begun;
    const outcome = outcomeOf(answer);
    const shown =
      outcome === 'ok' && answer !== undefined && answer.body.kind !== 'Status'
        ? (answer.body as ApiObject)
        : undefined;
    const content = shown === undefined ? undefined : contentOf(shown);
    const revision = shown === undefined ? undefined : Number(shown.metadata.resourceVersion);
    const returned = outcome === 'unknown' ? Infinity : this.#recorder.now();
    const stale = answer?.stale === true;
    const operation: Operation = {
      ...rest,
      client: this.#name,
      server: at.index,
      returned,
      outcome,
      content,
      revision,
      stale,
    };
    this.#recorder.operations.push(operation);
    this.#recorder.count(`${operation.verb} ${outcome}`);
    if (content !== undefined && revision !== undefined) this.#seen.set(target.key, { revision, content });
    else if (outcome === 'missing' || outcome === 'ok') this.#seen.delete(target.key);
    if (answer !== undefined && SURPRISES.has(answer.status))
      this.#recorder.surprises.push(`${operation.verb} ${target.key}: ${answer.status} ${answer.body.message ?? ''}`);
    return outcome !== 'unknown' && outcome !== 'refused';
  }

  async #list(target: Target, query: string, consistent: boolean): Promise<boolean> {
    const at = this.#server;
    const invoked = this.#recorder.now();
    const path = `${pathOf(target.collection, target.namespace)}?${query}`;
    const answer = await ask(at, { method: 'GET', path, id: `${this.#name}-list` });
    if (answer?.status !== 200) return this.#noList(answer);
    this.#listed(target, at, invoked, answer, answer.body.items ?? [], consistent && !answer.stale);
    return true;
  }

  /** The state of a revision seen a while ago. */
  async #exactList(target: Target): Promise<boolean> {
    const revision = this.#recorder.lists.at(-1 - this.#random.below(40))?.revision;
    if (revision === undefined) return true;
    return this.#list(target, `resourceVersion=${revision}&resourceVersionMatch=Exact`, false);
  }

  /** All pages, some of them of another server, make one list of the revision of the first. */
  async #pages(target: Target): Promise<boolean> {
    const invoked = this.#recorder.now();
    const path = pathOf(target.collection, target.namespace);
    const items: ApiObject[] = [];
    const at = this.#server;
    const first = await ask(at, { method: 'GET', path: `${path}?limit=${PAGE}`, id: `${this.#name}-pages` });
    if (first?.status !== 200) return this.#noList(first);
    const firstAt = this.#recorder.now();
    items.push(...(first.body.items ?? []));
    for (let token = first.body.metadata.continue ?? ''; token !== '';) {
      const from = this.#random.chance(0.3) ? this.#random.pick(this.#servers) : at;
      const query = `limit=${PAGE}&continue=${encodeURIComponent(token)}`;
      const page = await ask(from, { method: 'GET', path: `${path}?${query}`, id: `${this.#name}-pages` });
      if (page?.status !== 200) return this.#noList(page);
      if (page.body.metadata.resourceVersion !== first.body.metadata.resourceVersion)
        this.#recorder.found('torn-list', target.key, 'the pages of one list are of several revisions', [
          `${this.#name} at server ${at.index}: first page @${first.body.metadata.resourceVersion ?? ''}`,
          `then at server ${from.index}: a page @${page.body.metadata.resourceVersion ?? ''}`,
        ]);
      items.push(...(page.body.items ?? []));
      token = page.body.metadata.continue ?? '';
    }
    this.#listed(target, at, invoked, first, items, !first.stale, firstAt);
    return true;
  }

  #listed(
    { collection, namespace }: Target,
    at: RunServer,
    invoked: number,
    answer: Answer,
    objects: readonly ApiObject[],
    consistent: boolean,
    returned = this.#recorder.now(),
  ): void {
    const items = objects.map((object) => shownOf(collection.resource, object));
    const read: ListRead = {
      client: this.#name,
      server: at.index,
      resource: collection.resource,
      namespace,
      invoked,
      returned,
      revision: Number(answer.body.metadata.resourceVersion),
      items,
      consistent,
    };
    this.#recorder.lists.push(read);
    this.#recorder.count('list ok');
    if (consistent) for (const item of items) this.#look(item);
  }

  #look({ key, revision, content }: Shown): void {
    this.#seen.set(key, { revision, content });
  }

  #noList(answer: Answer | undefined): boolean {
    this.#recorder.count(`list ${answer?.status ?? 'unanswered'}`);
    return answer !== undefined && answer.status < 500;
  }
}

/** A request under way. */
interface Begun extends Pick<Operation, 'id' | 'verb' | 'token' | 'expected' | 'key' | 'invoked'> {
  readonly at: RunServer;
}

/** The mix asks for nothing that is answered so. */
const SURPRISES = new Set([400, 401, 403, 405, 413, 415, 422, 500]);

/** 504 says that nobody knows; 429, 500 and 503 that nothing was done. */
function outcomeOf(answer: Answer | undefined): Outcome {
  if (answer === undefined || answer.status === 504) return 'unknown';
  if (answer.status === 200 || answer.status === 201) return 'ok';
  if (answer.status === 404) return 'missing';
  if (answer.status === 409) return answer.body.reason === 'AlreadyExists' ? 'exists' : 'conflict';
  return 'refused';
}

/** Resolves after so long, or at once when `stop` aborts. */
export function rest(ms: number, stop?: AbortSignal): Promise<void> {
  if (stop?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stop?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stop?.addEventListener('abort', end);
  });
}
