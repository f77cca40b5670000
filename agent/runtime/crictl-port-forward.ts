import { systemClock } from '#base/clock.ts';
import type { CrictlCommand } from './crictl-command.ts';
import type { PodForward } from './pod-forward.ts';
import { RuntimeFailure } from './runtime.ts';

const READY_DEADLINE_MS = 5_000;
/** How long crictl's words may come after the connection has ended. */
const WORDS_DEADLINE_MS = 500;
const READY = /Forwarding from 127\.0\.0\.1:(\d+) ->/;
/** In the log line of crictl's client library: as a quoted value, or in older versions as it is. */
const FAILED =
  /err="an error occurred forwarding \d+ -> \d+: ((?:[^"\\\n]|\\.)*)"|\] an error occurred forwarding \d+ -> \d+: (.*)\n/;

/** The runtime's words in what crictl wrote to stderr. */
export function forwardFailure(stderr: string): string | undefined {
  const [, quoted, plain] = FAILED.exec(stderr) ?? [];
  return (quoted?.replaceAll('\\"', '"') ?? plain)?.trimEnd();
}

/**
 * Has containerd dial a port inside the sandbox's network, as kubelet does, by `crictl port-forward`: it listens at a port of this host's
 * loopback that the kernel chooses. A process for each, until `close`. Rejects with RuntimeFailure.
 */
export async function forwardToPod(command: CrictlCommand, sandboxId: string, port: number): Promise<PodForward> {
  const child = Bun.spawn(command.argv(['port-forward', sandboxId, `:${port}`]), {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  });
  const said = new Words(child.stdout);
  const complained = new Words(child.stderr);
  const found = await said.find((text) => READY.exec(text)?.[1], READY_DEADLINE_MS);
  if (found === undefined) {
    child.kill('SIGKILL');
    throw new RuntimeFailure('portForward', 'Unavailable', `cannot forward port ${port}: ${complained.text.trim()}`);
  }
  return {
    localPort: Number(found),
    failure: () => complained.find(forwardFailure, WORDS_DEADLINE_MS),
    close: () => child.kill('SIGKILL'),
  };
}

/** What a process has written, and a look for something in it. Only the first 16 KiB are kept. */
class Words {
  text = '';
  #ended = false;
  #wake: () => void = () => undefined;

  constructor(stream: ReadableStream<Uint8Array>) {
    void this.#read(stream);
  }

  /** What `look` finds; undefined when it finds nothing by the deadline or the end. */
  async find(look: (text: string) => string | undefined, deadlineMs: number): Promise<string | undefined> {
    const late = new AbortController();
    const timer = systemClock.sleep(deadlineMs, late.signal).then(() => true);
    try {
      for (;;) {
        const found = look(this.text);
        if (found !== undefined || this.#ended) return found;
        const more = new Promise<boolean>((resolve) => {
          this.#wake = () => resolve(false);
        });
        if (await Promise.race([more, timer])) return undefined;
      }
    } finally {
      late.abort();
    }
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      if (this.text.length < 16 * 1024) this.text += decoder.decode(chunk, { stream: true });
      this.#wake();
    }
    this.#ended = true;
    this.#wake();
  }
}
