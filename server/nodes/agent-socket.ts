/** A WebSocket to an agent. `send` answers bytes sent, -1 = taken but the buffer is full (wait for drain), 0 = dropped. */
export interface AgentSocket {
  send(data: Uint8Array<ArrayBuffer> | string): number;
  close(code?: number, reason?: string): void;
}

/** A link with more than this waiting is cut: its agent comes back and gets what differs. */
export const MAX_WAITING_BYTES = 32 * 1024 * 1024;

/** Sends in order and drops nothing: what the socket will not take waits here. States: open ⇄ full → closed. */
export class OrderedSender {
  readonly #socket: AgentSocket;
  readonly #overrun: (reason: string) => void;
  readonly #waiting: (Uint8Array<ArrayBuffer> | string)[] = [];
  #waitingBytes = 0;
  #full = false;
  #closed = false;
  #roomWaiters: (() => void)[] = [];

  /** `overrun` is called when the agent is too far behind, or when data were lost. */
  constructor(socket: AgentSocket, overrun: (reason: string) => void) {
    this.#socket = socket;
    this.#overrun = overrun;
  }

  /** What waits for the socket to take it. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  /** Would data go out at once. */
  get hasRoom(): boolean {
    return !this.#full && this.#waiting.length === 0;
  }

  /** Sends, now or when there is room. */
  send(data: Uint8Array<ArrayBuffer> | string): void {
    if (this.#closed) return;
    if (this.hasRoom) return this.#put(data);
    this.#waiting.push(data);
    this.#waitingBytes += data.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#overrun('the agent does not read what it is sent');
  }

  /** Resolves when there is room, or when the link is closed. */
  async room(): Promise<void> {
    while (!this.hasRoom && !this.#closed) await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
  }

  /** The socket's buffer has emptied. */
  drained(): void {
    this.#full = false;
    for (let data = this.#waiting.shift(); data !== undefined; data = this.#full ? undefined : this.#waiting.shift()) {
      this.#waitingBytes -= data.length;
      this.#put(data);
    }
    if (this.hasRoom) this.#wake();
  }

  /** Forgets what waits. */
  close(): void {
    this.#closed = true;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#wake();
  }

  #put(data: Uint8Array<ArrayBuffer> | string): void {
    const sent = this.#socket.send(data);
    if (sent === -1) this.#full = true;
    // Bun drops what exceeds its limit without an error.
    if (sent === 0 && data.length > 0) this.#overrun('data for the agent were dropped');
  }

  #wake(): void {
    for (const wake of this.#roomWaiters.splice(0)) wake();
  }
}
