import type { KubeObject } from '#api/kind.ts';
import { type NodeStatus, nodeKind } from '#api/kinds/core/node.ts';
import { podKind } from '#api/kinds/core/pod.ts';
import type { PodStatus } from '#api/kinds/core/pod-status.ts';
import { serviceAccountKind } from '#api/kinds/core/serviceaccount.ts';
import { StatusError } from '#api/meta/status.ts';
import type {
  AgentFrame,
  HelloFrame,
  HubFrame,
  ObjectKey,
  PodGoneFrame,
  PodStatusFrame,
  RequestFrame,
  StreamRequest,
  SyncedResource,
} from '#api/wire/frames.ts';
import { decodeStreamData } from '#api/wire/stream-frame.ts';
import { StreamTable, type WireStream } from '#api/wire/wire-stream.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { TokenIssuer } from '#server/identity/identity.ts';
import type { Client } from '#server/store/client.ts';
import { type AgentSocket, OrderedSender } from './agent-socket.ts';
import { KeyedLatest } from './keyed-latest.ts';
import type { NodeEvents } from './node-events.ts';
import type { NodeFeeds } from './node-feeds.ts';
import { applyNodeStatus, mergePodStatus } from './node-status.ts';

/** What a NodeSession needs. */
export interface NodeSessionDeps {
  readonly client: Client;
  readonly feeds: NodeFeeds;
  readonly events: NodeEvents;
  readonly issuer: TokenIssuer;
  readonly clock: Clock;
  readonly log: Logger;
  /** As the welcome says it. */
  readonly heartbeatMs: number;
}

/** Streams of one node at a time. */
export const MAX_STREAMS = 256;

/** The text of an upsert frame, made once for all nodes that get the object. */
const upsertTexts = new WeakMap<KubeObject, string>();

function upsertText(resource: SyncedResource, object: KubeObject): string {
  const known = upsertTexts.get(object);
  if (known !== undefined) return known;
  // Who owns which field is half of a pod's JSON, and nothing to a node.
  const { managedFields: _owners, ...metadata } = object.metadata;
  const frame: HubFrame = { type: 'upsert', resource, object: { ...object, metadata } };
  const text = JSON.stringify(frame);
  upsertTexts.set(object, text);
  return text;
}

/**
 * The hub's side of one link, from welcome to its end. What waits to be told is kept as keys, and the object is read when it is sent: a slow node
 * gets the newest state of each object and never a backlog.
 */
export class NodeSession {
  readonly nodeName: string;
  readonly #deps: NodeSessionDeps;
  readonly #socket: AgentSocket;
  readonly #sender: OrderedSender;
  readonly #streams: StreamTable;
  readonly #statusWrites = new KeyedLatest();
  readonly #pending = new Map<string, readonly [SyncedResource, ObjectKey] | 'synced'>();
  #streamId = 0;
  #pumping = false;
  #endFeed: (() => void) | undefined;
  #over = false;
  #saidAt: number;
  /** When the agent was last heard; milliseconds since the epoch. */
  heardAt: number;

  constructor(nodeName: string, socket: AgentSocket, deps: NodeSessionDeps) {
    this.nodeName = nodeName;
    this.#deps = deps;
    this.#socket = socket;
    this.heardAt = deps.clock.now();
    this.#saidAt = this.heardAt;
    this.#sender = new OrderedSender(socket, (reason) => this.close(reason));
    this.#streams = new StreamTable({
      sendBinary: async (message) => {
        this.#send(message);
        await this.#sender.room();
      },
      sendFrame: (frame) => this.send(frame),
    });
  }

  /** For gauges: bytes and objects that wait to be sent, and open streams. */
  figures(): { readonly waitingBytes: number; readonly waitingObjects: number; readonly streams: number } {
    const { waitingBytes } = this.#sender;
    return { waitingBytes, waitingObjects: this.#pending.size, streams: this.#streams.size };
  }

  /** Sends a control frame. */
  send(frame: HubFrame): void {
    this.#send(JSON.stringify(frame));
  }

  #send(data: Uint8Array<ArrayBuffer> | string): void {
    this.#saidAt = this.#deps.clock.now();
    this.#sender.send(data);
  }

  /** Tells the agent what differs from what it knows, then `synced`, then every change. */
  begin(known: HelloFrame['known']): void {
    const { feeds } = this.#deps;
    this.#endFeed = feeds.listen(this.nodeName, { changed: (resource, key) => this.changed(resource, key) });
    const there = new Set<string>();
    for (const [resource, key, object] of feeds.concerning(this.nodeName)) {
      there.add(`${resource} ${key}`);
      if (known[resource]?.[key] !== object.metadata.resourceVersion) this.changed(resource, key);
    }
    for (const resource of Object.keys(known) as SyncedResource[])
      for (const key of Object.keys(known[resource] ?? {}))
        if (!there.has(`${resource} ${key}`)) this.changed(resource, key);
    this.#pending.set('synced', 'synced');
    this.#pump();
  }

  /** The object may have changed, or may no longer concern this node. */
  changed(resource: SyncedResource, key: ObjectKey): void {
    this.#pending.set(`${resource} ${key}`, [resource, key]);
    this.#pump();
  }

  /** Opens a stream to the agent. Throws StatusError when there are too many. */
  open(request: StreamRequest): WireStream {
    if (this.#streams.size >= MAX_STREAMS)
      throw new StatusError('TooManyRequests', `node ${JSON.stringify(this.nodeName)} has ${MAX_STREAMS} streams open`);
    const stream = this.#streams.add(++this.#streamId);
    this.send({ type: 'openStream', stream: stream.id, request });
    return stream;
  }

  /** A message has come. */
  heard(message: Uint8Array | AgentFrame): void {
    this.heardAt = this.#deps.clock.now();
    if (message instanceof Uint8Array) {
      const piece = decodeStreamData(message);
      // A copy: the server reuses its buffer.
      if (piece !== undefined) this.#streams.find(piece.stream)?.receive(piece.channel, piece.data.slice());
      return;
    }
    this.#take(message);
  }

  /** The socket has room again. */
  drained(): void {
    this.#sender.drained();
    this.#pump();
  }

  /** Ends the link from this side. */
  close(reason: string): void {
    if (this.#over) return;
    this.#deps.log.info({ node: this.nodeName, reason }, 'closing the link to a node');
    this.ended(reason);
    this.#socket.close(1000, reason.slice(0, 120));
  }

  /** The socket is gone. */
  ended(reason: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#endFeed?.();
    this.#sender.close();
    this.#pending.clear();
    this.#streams.abort(`lost the link to node ${JSON.stringify(this.nodeName)}: ${reason}`);
  }

  #pump(): void {
    if (this.#pumping || this.#over) return;
    this.#pumping = true;
    queueMicrotask(() => {
      this.#pumping = false;
      for (const [id, entry] of this.#pending) {
        if (!this.#sender.hasRoom) return;
        this.#pending.delete(id);
        if (entry === 'synced') this.send({ type: 'synced' });
        else this.#tell(...entry);
      }
    });
  }

  #tell(resource: SyncedResource, key: ObjectKey): void {
    const object = this.#deps.feeds.find(this.nodeName, resource, key);
    if (object === undefined) this.send({ type: 'remove', resource, key });
    else this.#send(upsertText(resource, object));
  }

  #take(frame: AgentFrame): void {
    switch (frame.type) {
      case 'podStatus':
        return this.#statusWrites.run(frame.uid, () => this.#guard('podStatus', this.#podStatus(frame)));
      case 'podGone':
        return this.#statusWrites.run(frame.uid, () => this.#guard('podGone', this.#podGone(frame)));
      case 'nodeStatus':
        return this.#statusWrites.run('', () => this.#guard('nodeStatus', this.#nodeStatus(frame.status)));
      case 'event':
        return void this.#deps.events.record(this.nodeName, frame);
      case 'request':
        return void this.#answer(frame);
      case 'credit':
        return this.#streams.find(frame.stream)?.receiveCredit(frame.bytes);
      case 'closeStream':
        return this.#streams.find(frame.stream)?.receiveClose(frame);
      case 'ping':
        // An answer to each would be a third of an idle agent's traffic.
        if (this.#deps.clock.now() - this.#saidAt >= 1.5 * this.#deps.heartbeatMs) this.send({ type: 'ping' });
        return;
      case 'hello':
        return;
    }
  }

  async #podStatus({ namespace, name, uid, status }: PodStatusFrame): Promise<void> {
    let ours = true;
    await this.#deps.client.updateStatus(podKind, namespace, name, (pod) => {
      ours = pod.metadata.uid === uid && pod.spec?.nodeName === this.nodeName;
      if (!ours) return false;
      pod.status = mergePodStatus(pod.status ?? {}, status as PodStatus);
    });
    if (!ours) this.changed('pods', `${namespace}/${name}`);
  }

  async #podGone({ namespace, name, uid }: PodGoneFrame): Promise<void> {
    const pod = this.#deps.client.get(podKind, namespace, name);
    const isGoing = pod?.metadata.uid === uid && pod.metadata.deletionTimestamp !== undefined;
    if (isGoing && pod.spec?.nodeName === this.nodeName)
      await this.#deps.client.delete(podKind, namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } });
    // The agent forgets what it has when it hears how things are.
    this.changed('pods', `${namespace}/${name}`);
  }

  async #nodeStatus(status: unknown): Promise<void> {
    const now = new Date(this.#deps.clock.now());
    await this.#deps.client.updateStatus(nodeKind, '', this.nodeName, (node) =>
      applyNodeStatus(node, status as NodeStatus, now),
    );
  }

  async #guard(what: string, write: Promise<void>): Promise<void> {
    try {
      await write;
    } catch (error) {
      // Gone or replaced meanwhile: the feed tells the agent.
      if (error instanceof StatusError && (error.reason === 'NotFound' || error.reason === 'Conflict')) return;
      this.#deps.log.warn({ err: error, node: this.nodeName, what }, 'cannot write what a node reported');
    }
  }

  async #answer({ id, params }: RequestFrame): Promise<void> {
    try {
      this.send({ type: 'response', id, result: await this.#serviceAccountToken(params) });
    } catch (error) {
      this.send({ type: 'response', id, error: error instanceof Error ? error.message : String(error) });
    }
  }

  /** A node gets tokens only for pods that run on it (upstream: the node authorizer and NodeRestriction). */
  async #serviceAccountToken(params: unknown): Promise<unknown> {
    const { namespace, serviceAccount, podName, podUid, audiences, expirationSeconds } = tokenParams(params);
    const pod = this.#deps.client.get(podKind, namespace, podName);
    const holds =
      pod?.spec?.nodeName === this.nodeName &&
      pod.metadata.uid === podUid &&
      (pod.spec.serviceAccountName ?? 'default') === serviceAccount;
    if (!holds) throw new Error(`pod ${namespace}/${podName} with this service account does not run on this node`);
    const account = this.#deps.client.get(serviceAccountKind, namespace, serviceAccount);
    if (account === undefined) throw new Error(`serviceaccounts ${JSON.stringify(serviceAccount)} not found`);
    return this.#deps.issuer.serviceAccountToken({
      namespace,
      name: serviceAccount,
      uid: account.metadata.uid ?? '',
      audiences,
      expirationSeconds,
      pod: { name: podName, uid: podUid },
    });
  }
}

interface TokenParams {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly audiences: readonly string[];
  readonly expirationSeconds: number;
  readonly podName: string;
  readonly podUid: string;
}

function tokenParams(params: unknown): TokenParams {
  const given: Readonly<Record<string, unknown>> = typeof params === 'object' && params !== null ? { ...params } : {};
  const text = (key: string): string => {
    const value = given[key];
    if (typeof value !== 'string') throw new Error(`serviceAccountToken: ${key} is missing`);
    return value;
  };
  const { audiences, expirationSeconds } = given;
  return {
    namespace: text('namespace'),
    serviceAccount: text('serviceAccount'),
    podName: text('podName'),
    podUid: text('podUid'),
    audiences: Array.isArray(audiences) ? audiences.filter((audience) => typeof audience === 'string') : [],
    expirationSeconds: typeof expirationSeconds === 'number' ? expirationSeconds : 3600,
  };
}
