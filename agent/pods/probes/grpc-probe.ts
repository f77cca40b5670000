import { connect, constants } from 'node:http2';
import type { ProbeOutcome } from './network-probe.ts';

const SERVING = 1;

/** Healthy when `grpc.health.v1.Health/Check` answers SERVING in time. */
export async function probeGrpc(host: string, port: number, service: string, timeoutMs: number): Promise<ProbeOutcome> {
  const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  const session = connect(`http://${address}`);
  const { promise, resolve } = Promise.withResolvers<ProbeOutcome>();
  const unhealthy = (output: string) => resolve({ healthy: false, output });
  const timer = setTimeout(
    () => unhealthy(`timeout: failed to connect service "${address}" within ${timeoutMs / 1000}s`),
    timeoutMs,
  );
  session.on('error', (error) => unhealthy(`error: failed to connect service at "${address}": ${error.message}`));
  const call = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  const chunks: Buffer[] = [];
  call.on('data', (chunk: Buffer) => chunks.push(chunk));
  call.on('error', (error: Error) => unhealthy(`error: health rpc failed: ${error.message}`));
  call.on('end', () => {
    const status = servingStatus(Buffer.concat(chunks));
    if (status === SERVING) resolve({ healthy: true, output: '' });
    else unhealthy(`service unhealthy (responded with "${status === 2 ? 'NOT_SERVING' : 'UNKNOWN'}")`);
  });
  call.end(healthRequest(service));
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    session.destroy();
  }
}

/** HealthCheckRequest {service = 1} in a gRPC frame: no compression, length, message. */
function healthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message = name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

/** HealthCheckResponse {status = 1}. */
const servingStatus = (frame: Buffer): number => (frame[5] === 0x08 ? (frame[6] ?? 0) : 0);
