import type { KubeObject } from '../kind.ts';

/**
 * What a hub and an agent say to each other over the one WebSocket. Control frames are JSON text messages, one frame a message.
 * Stream data are binary messages: see stream-frame.ts. An unknown frame type is ignored, so that either side may be newer.
 */

/** Kinds of which the hub keeps a node informed. Pods: those bound to the node. ConfigMaps and Secrets: those its pods name. The rest: all. */
export type SyncedResource =
  'pods' | 'configmaps' | 'secrets' | 'services' | 'endpointslices.discovery.k8s.io' | 'nodes' | 'namespaces';

/** `namespace/name`, or `name` for cluster-scoped objects. */
export type ObjectKey = string;

/** agent → hub, first frame. `known` is what the agent still holds from before, by resource and key → resourceVersion, so that only differences are sent. */
export interface HelloFrame {
  readonly type: 'hello';
  readonly protocol: number;
  readonly agentVersion: string;
  readonly nodeName: string;
  /** The Node object as the agent would register it: labels, capacity, addresses, nodeInfo, conditions. */
  readonly node: KubeObject;
  readonly known: Readonly<Partial<Record<SyncedResource, Readonly<Record<ObjectKey, string>>>>>;
}

/** hub → agent, the answer to hello. After it the differences follow, then `synced`. */
export interface WelcomeFrame {
  readonly type: 'welcome';
  readonly protocol: number;
  readonly serverVersion: string;
  /** The node's own part of the cluster CIDR, e.g. `10.42.0.0/24`. */
  readonly podCIDR: string;
  readonly clusterCIDR: string;
  readonly serviceCIDR: string;
  readonly clusterDNS: string;
  readonly clusterDomain: string;
  /** A credential bound to this node, to be kept and used instead of the join token from now on. */
  readonly nodeToken?: string;
  /**
   * Milliseconds. The agent sends `ping` when it has sent nothing for so long, or has heard nothing for twice as long. The hub answers with `ping`
   * when it has itself sent nothing for one and a half times as long: on an idle link every second one. The agent calls the link dead when it has
   * heard nothing for three times as long; the hub, after its own grace.
   */
  readonly heartbeatMs: number;
}

/** hub → agent: this is how the object is now. */
export interface UpsertFrame {
  readonly type: 'upsert';
  readonly resource: SyncedResource;
  readonly object: KubeObject;
}

/** hub → agent: the object is gone, or is no longer this node's business. */
export interface RemoveFrame {
  readonly type: 'remove';
  readonly resource: SyncedResource;
  readonly key: ObjectKey;
}

/** hub → agent: everything up to now was sent; what the agent holds and was not confirmed or sent is gone. */
export interface SyncedFrame {
  readonly type: 'synced';
}

/** agent → hub: the pod's status as the node sees it. Coalesced: only the newest of a pod waits to be sent. */
export interface PodStatusFrame {
  readonly type: 'podStatus';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly status: unknown;
}

/** agent → hub: a pod with a deletionTimestamp has no container left; the hub removes the object. */
export interface PodGoneFrame {
  readonly type: 'podGone';
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** agent → hub: node status has changed (conditions, addresses, images, capacity). */
export interface NodeStatusFrame {
  readonly type: 'nodeStatus';
  readonly status: unknown;
}

/** agent → hub: one Event about an object of this node; the hub counts repeats into one Event object as client-go's recorder does. */
export interface EventFrame {
  readonly type: 'event';
  readonly regarding: {
    kind: string;
    namespace: string;
    name: string;
    uid: string;
    apiVersion: string;
    fieldPath?: string;
  };
  readonly eventType: 'Normal' | 'Warning';
  readonly reason: string;
  readonly message: string;
  /** `kubelet` or another component. */
  readonly component: string;
}

/** agent → hub: a question; the answer bears the same id. `serviceAccountToken`: {namespace, serviceAccount, audiences, expirationSeconds, podName, podUid} → {token, expirationTimestamp}. */
export interface RequestFrame {
  readonly type: 'request';
  readonly id: number;
  readonly method: 'serviceAccountToken';
  readonly params: unknown;
}

/** hub → agent: the answer to a request: `result`, or `error` as a text. */
export interface ResponseFrame {
  readonly type: 'response';
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** What runs over a stream. Channels as in the Kubernetes WebSocket protocol: 0 stdin, 1 stdout, 2 stderr, 3 error (a Status at the end), 4 resize. */
export type StreamRequest =
  | {
      readonly verb: 'exec';
      readonly namespace: string;
      readonly pod: string;
      readonly container: string;
      readonly command: readonly string[];
      readonly stdin: boolean;
      readonly stdout: boolean;
      readonly stderr: boolean;
      readonly tty: boolean;
    }
  | {
      readonly verb: 'attach';
      readonly namespace: string;
      readonly pod: string;
      readonly container: string;
      readonly stdin: boolean;
      readonly stdout: boolean;
      readonly stderr: boolean;
      readonly tty: boolean;
    }
  | {
      readonly verb: 'logs';
      readonly namespace: string;
      readonly pod: string;
      readonly container: string;
      readonly follow: boolean;
      readonly previous: boolean;
      readonly timestamps: boolean;
      readonly tailLines?: number;
      readonly sinceSeconds?: number;
      readonly sinceTime?: string;
      readonly limitBytes?: number;
    }
  | { readonly verb: 'portForward'; readonly namespace: string; readonly pod: string; readonly port: number }
  /** What the node and its pods use now: the answer is a UsageReport (usage-report.ts) on stdout. Nothing is measured for it before. */
  | { readonly verb: 'usage' };

/** hub → agent: begin a stream. Ids are chosen by the hub, never reused on one link; data for an unknown id are dropped. */
export interface OpenStreamFrame {
  readonly type: 'openStream';
  readonly stream: number;
  readonly request: StreamRequest;
}

/** Either way: the receiver has taken `bytes` of data; the sender may send as many more. Each direction starts with INITIAL_CREDIT_BYTES. */
export interface CreditFrame {
  readonly type: 'credit';
  readonly stream: number;
  readonly bytes: number;
}

/** Either way: no more data on a channel (stdin EOF), or, without `channel`, the stream is over. `error` is for a stream that could not begin or broke. */
export interface CloseStreamFrame {
  readonly type: 'closeStream';
  readonly stream: number;
  readonly channel?: number;
  readonly error?: string;
  /** The HTTP code that fits the error, e.g. 400 for "container not found". */
  readonly code?: number;
}

/** Either way: a sign of life when idle. */
export interface PingFrame {
  readonly type: 'ping';
}

/** hub → agent: the hub will not have this agent; the text says why. The link is closed after it. */
export interface RefusedFrame {
  readonly type: 'refused';
  readonly reason: string;
}

/** What an agent sends. */
export type AgentFrame =
  | HelloFrame
  | PodStatusFrame
  | PodGoneFrame
  | NodeStatusFrame
  | EventFrame
  | RequestFrame
  | CreditFrame
  | CloseStreamFrame
  | PingFrame;
/** What a hub sends. */
export type HubFrame =
  | WelcomeFrame
  | UpsertFrame
  | RemoveFrame
  | SyncedFrame
  | ResponseFrame
  | OpenStreamFrame
  | CreditFrame
  | CloseStreamFrame
  | PingFrame
  | RefusedFrame;

/** How much may be on its way on a fresh stream, each direction. Bytes. */
export const INITIAL_CREDIT_BYTES = 256 * 1024;
