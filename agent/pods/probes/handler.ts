import type { Pod } from '#api/kinds/core/pod.ts';
import type { Container } from '#api/podspec/container.ts';
import type { HTTPGetAction, LifecycleHandler, Probe } from '#api/podspec/lifecycle.ts';
import type { Clock } from '#base/clock.ts';
import { type ContainerRuntime, RuntimeFailure } from '../../runtime/runtime.ts';
import { probeGrpc } from './grpc-probe.ts';
import { type HttpGet, type ProbeOutcome, probeHttp, probeTcp } from './network-probe.ts';

/** Where a handler runs. */
export interface HandlerTarget {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly container: Pick<Container, 'name' | 'ports'>;
  readonly containerId: string;
  readonly podIP: string;
}

/** A handler could not be tried at all; that says nothing of the container. */
export class HandlerError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'HandlerError';
  }
}

/**
 * Runs what a probe or a hook asks for: exec, httpGet, tcpSocket, grpc or sleep.
 * @throws HandlerError
 */
export async function runHandler(
  handler: Pick<Probe & LifecycleHandler, 'exec' | 'httpGet' | 'tcpSocket' | 'grpc' | 'sleep'>,
  target: HandlerTarget,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec !== undefined) return await runCommand(exec.command ?? [], target, timeoutMs);
  if (httpGet !== undefined) return await probeHttp(httpTarget(httpGet, target), timeoutMs);
  if (tcpSocket !== undefined) {
    const host = tcpSocket.host === undefined || tcpSocket.host === '' ? target.podIP : tcpSocket.host;
    return await probeTcp(host, portOf(tcpSocket.port, target), timeoutMs);
  }
  if (grpc !== undefined) return await probeGrpc(target.podIP, grpc.port, grpc.service ?? '', timeoutMs);
  if (sleep !== undefined) await target.clock.sleep(Math.min(sleep.seconds * 1000, timeoutMs));
  return { healthy: true, output: '' };
}

async function runCommand(command: readonly string[], target: HandlerTarget, timeoutMs: number): Promise<ProbeOutcome> {
  try {
    const { exitCode, output } = await target.runtime.execSync(target.containerId, command, timeoutMs);
    return { healthy: exitCode === 0, output };
  } catch (error) {
    if (!(error instanceof RuntimeFailure)) throw error;
    if (error.code === 'DeadlineExceeded')
      return { healthy: false, output: `command "${command.join(' ')}" timed out` };
    throw new HandlerError(`rpc error: code = ${error.code} desc = ${error.message}`, { cause: error });
  }
}

function httpTarget(action: HTTPGetAction, target: HandlerTarget): HttpGet {
  return {
    scheme: action.scheme?.toLowerCase() === 'https' ? 'https' : 'http',
    host: action.host === undefined || action.host === '' ? target.podIP : action.host,
    port: portOf(action.port, target),
    path: action.path ?? '/',
    headers: action.httpHeaders ?? [],
  };
}

function portOf(port: number | string, { container }: HandlerTarget): number {
  if (typeof port === 'number') return port;
  const named = (container.ports ?? []).find(({ name }) => name === port)?.containerPort;
  const found = named ?? Number(port);
  if (Number.isInteger(found) && found > 0 && found < 65536) return found;
  throw new HandlerError(`invalid port number: ${port}`);
}

/** The first address of a pod; on the host network the node's. */
export const probeAddress = (pod: Pod, podIPs: readonly string[], hostIPs: readonly string[]): string =>
  podIPs[0] ?? (pod.spec?.hostNetwork === true ? hostIPs[0] : undefined) ?? '127.0.0.1';
