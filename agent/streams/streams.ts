import type { ContainerRuntime, RuntimeProcess } from '../runtime/runtime.ts';
import type { PodForward } from '../runtime/pod-forward.ts';
import type { StreamRequest } from '#api/wire/frames.ts';
import { CHANNEL } from '#api/wire/stream-frame.ts';
import type { UsageReport } from '#api/wire/usage-report.ts';
import type { WireStream } from '#api/wire/wire-stream.ts';
import type { Logger } from '#base/logger.ts';
import { readLog } from './log-reader.ts';
import { servePortForward } from './port-forward.ts';
import { serveProcess } from './process-stream.ts';

/** Where a stream finds a container (agent/pods has it). The errors are upstream's texts. */
export interface ContainerPlace {
  readonly containerId?: string;
  readonly logPath?: string;
  readonly previousLogPath?: string;
  readonly podIP?: string;
  readonly sandboxId?: string;
  readonly error?: string;
  readonly logError?: string;
  readonly previousLogError?: string;
}

/** What NodeStreams needs. */
export interface NodeStreamsOptions {
  readonly runtime: Pick<ContainerRuntime, 'exec' | 'attach'>;
  readonly lookup: (namespace: string, pod: string, container: string) => ContainerPlace;
  /** Reaches a port from inside a sandbox's network. Rejects with RuntimeFailure. */
  readonly forwardToPod: (sandboxId: string, port: number) => Promise<PodForward>;
  /** What the node and its pods use. */
  readonly usage: () => Promise<UsageReport>;
  readonly log: Logger;
}

type LogRequest = Extract<StreamRequest, { verb: 'logs' }>;
type ProcessRequest = Extract<StreamRequest, { verb: 'exec' | 'attach' }>;

/** The node's end of logs, exec, attach, port-forward and questions for usage. Every stream that is opened here is ended here. */
export class NodeStreams {
  readonly #options: NodeStreamsOptions;

  constructor(options: NodeStreamsOptions) {
    this.#options = options;
  }

  /** Serves a stream that the hub has opened. To be given to the link. */
  readonly open = (request: StreamRequest, stream: WireStream): void => {
    this.#serve(request, stream).catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      this.#options.log.warn(
        { err: error, verb: request.verb, pod: 'pod' in request ? request.pod : '' },
        'a stream failed',
      );
      stream.close({ error: message, code: 500 });
    });
  };

  async #serve(request: StreamRequest, stream: WireStream): Promise<void> {
    switch (request.verb) {
      case 'logs':
        return this.#logs(request, stream);
      case 'portForward': {
        const { podIP, sandboxId, error } = this.#options.lookup(request.namespace, request.pod, '');
        if (podIP === undefined || sandboxId === undefined)
          return stream.close({ error: error ?? 'the pod has no address', code: 404 });
        const inside = () => this.#options.forwardToPod(sandboxId, request.port);
        return servePortForward(stream, { address: podIP, port: request.port, inside });
      }
      case 'usage':
        await stream.write(CHANNEL.stdout, Buffer.from(JSON.stringify(await this.#options.usage())));
        return stream.close();
      case 'exec':
      case 'attach':
        return this.#process(request, stream);
      default:
        // A newer hub asks for what this agent does not know.
        return stream.close({ error: 'the agent does not know this kind of stream', code: 404 });
    }
  }

  async #process(request: ProcessRequest, stream: WireStream): Promise<void> {
    const { namespace, pod, container } = request;
    const { containerId, error } = this.#options.lookup(namespace, pod, container);
    if (containerId === undefined) {
      // Upstream (kubelet: GetExec, GetAttach) has a text for each.
      const missing =
        request.verb === 'exec'
          ? (error ?? `container not found ("${container}")`)
          : `container ${container} not found in pod ${pod}_${namespace}`;
      return stream.close({ error: `unable to upgrade connection: ${missing}`, code: 404 });
    }
    await serveProcess(stream, await this.#start(containerId, request), request);
  }

  #start(containerId: string, request: ProcessRequest): Promise<RuntimeProcess> {
    const options = { stdin: request.stdin, tty: request.tty };
    return request.verb === 'exec'
      ? this.#options.runtime.exec(containerId, request.command, options)
      : this.#options.runtime.attach(containerId, options);
  }

  async #logs(request: LogRequest, stream: WireStream): Promise<void> {
    const { namespace, pod, container, previous, sinceSeconds, sinceTime } = request;
    const look = () => this.#options.lookup(namespace, pod, container);
    const place = look();
    const path = previous ? place.previousLogPath : place.logPath;
    if (path === undefined) {
      const error = previous ? place.previousLogError : place.logError;
      return stream.close({ error: error ?? place.error ?? 'there is no log', code: 400 });
    }
    const gone = new AbortController();
    void stream.ended.then(() => gone.abort());
    // A client that leaves is seen by its end; there is nothing to read from it.
    const sinceMs = sinceTime === undefined ? undefined : Date.parse(sinceTime);
    const since = sinceSeconds === undefined ? sinceMs : Date.now() - sinceSeconds * 1000;
    const chunks = readLog({
      path,
      follow: request.follow && !previous,
      isLive: () => look().containerId !== undefined && look().containerId === place.containerId,
      timestamps: request.timestamps,
      signal: gone.signal,
      ...(since === undefined ? {} : { sinceMs: since }),
      ...(request.tailLines === undefined ? {} : { tailLines: request.tailLines }),
      ...(request.limitBytes === undefined ? {} : { limitBytes: request.limitBytes }),
    });
    try {
      for await (const chunk of chunks) if (!(await stream.write(CHANNEL.stdout, chunk))) return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
      return stream.close({
        error: `unable to retrieve container logs for containerd://${place.containerId ?? ''}`,
        code: 400,
      });
    }
    stream.close();
  }
}
