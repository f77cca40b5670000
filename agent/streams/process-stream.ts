import type { RuntimeProcess } from '../runtime/runtime.ts';
import { CHANNEL } from '#api/wire/stream-frame.ts';
import type { WireStream } from '#api/wire/wire-stream.ts';

/** Which of a process's streams the client wants. */
export interface ProcessChannels {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/**
 * Joins a process in a container with a stream: stdin and resizes in, stdout and stderr out, and at the end a Status on the error channel,
 * which bears the exit code as upstream does. When the client goes the process's streams are cut.
 */
export async function serveProcess(
  stream: WireStream,
  process: RuntimeProcess,
  wanted: ProcessChannels,
): Promise<void> {
  void takeInput(stream, process, wanted.stdin).then(() => {
    // The client has left, or the link is lost.
    if (stream.isOver) process.kill();
  });
  const outputs = [
    giveOutput(stream, wanted.stdout ? CHANNEL.stdout : undefined, process.stdout),
    giveOutput(stream, wanted.stderr ? CHANNEL.stderr : undefined, process.stderr),
  ];
  let status: unknown;
  try {
    const exitCode = await process.exitCode;
    status = exitStatus(exitCode);
  } catch (error) {
    status = failureStatus(error instanceof Error ? error.message : String(error));
  }
  await Promise.all(outputs);
  await stream.write(CHANNEL.error, Buffer.from(JSON.stringify(status)));
  stream.close();
}

async function takeInput(stream: WireStream, process: RuntimeProcess, wantsStdin: boolean): Promise<void> {
  const writer = wantsStdin ? process.stdin?.getWriter() : undefined;
  let open = true;
  for await (const message of stream) {
    try {
      if (message.channel === CHANNEL.resize && !message.eof) resize(process, message.data);
      if (message.channel !== CHANNEL.stdin || writer === undefined || !open) continue;
      if (!message.eof) await writer.write(message.data);
      else {
        open = false;
        await writer.close();
      }
    } catch {
      // The process no longer reads; what it still has to say is not lost.
      open = false;
    }
  }
}

function resize(process: RuntimeProcess, data: Uint8Array): void {
  const size: unknown = JSON.parse(Buffer.from(data).toString());
  if (typeof size !== 'object' || size === null) return;
  const { Width, Height } = { Width: 0, Height: 0, ...size };
  if (Number.isInteger(Width) && Number.isInteger(Height) && Width > 0 && Height > 0) process.resize(Width, Height);
}

async function giveOutput(
  stream: WireStream,
  channel: number | undefined,
  output: ReadableStream<Uint8Array>,
): Promise<void> {
  try {
    for await (const chunk of output) if (channel !== undefined) await stream.write(channel, chunk);
  } catch {
    // The process was killed.
  }
}

/** kubelet: pkg/kubelet remotecommand; kubectl exits with the code it finds in the cause. */
function exitStatus(exitCode: number): unknown {
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${exitCode}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

/** The runtime's text begins with the words of the Status already when it comes from its stream server. */
function failureStatus(message: string): unknown {
  const text = message.replace(/^Internal error occurred: /, '');
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${text}`,
    reason: 'InternalError',
    details: { causes: [{ message: text }] },
    code: 500,
  };
}
