import { Duplex } from 'node:stream';
import { CHANNEL } from '#api/wire/stream-frame.ts';
import type { WireStream } from '#api/wire/wire-stream.ts';

/**
 * A port-forward stream of an agent as a node stream, so that Bun's own TLS and HTTP can run over it. Credit goes both ways: a reader that
 * does not read holds up the sender on the node. Fails with the agent's words when the connection fails; `released` is called once, at the end.
 */
export class WireDuplex extends Duplex {
  readonly #wire: WireStream;
  #wanted: (() => void) | undefined;

  constructor(wire: WireStream, released: () => void) {
    super({ allowHalfOpen: true });
    this.#wire = wire;
    this.once('close', () => {
      wire.close();
      released();
    });
    void this.#pump();
  }

  override _read(): void {
    this.#wanted?.();
    this.#wanted = undefined;
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.#wire.write(CHANNEL.stdin, chunk).then(
      (taken) => done(taken ? null : new Error('write: broken pipe')),
      (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
    );
  }

  override _final(done: () => void): void {
    this.#wire.closeChannel(CHANNEL.stdin);
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#wanted?.();
    done(error);
  }

  // What Bun's HTTP and TLS ask of a socket, and a stream of ours has no need of.
  setNoDelay = (): this => this;
  setKeepAlive = (): this => this;
  setTimeout = (): this => this;
  ref = (): this => this;
  unref = (): this => this;

  async #pump(): Promise<void> {
    for await (const message of this.#wire) {
      if (this.destroyed) return;
      if (message.eof || message.channel !== CHANNEL.stdout) continue;
      if (!this.push(message.data)) await new Promise<void>((resolve) => (this.#wanted = resolve));
    }
    const { error } = await this.#wire.ended;
    if (error === undefined) this.push(null);
    else this.destroy(new Error(error));
  }
}
