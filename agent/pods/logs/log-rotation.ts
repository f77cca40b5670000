import { rename, stat } from 'node:fs/promises';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import type { ContainerRuntime, RuntimeContainerStatus } from '../../runtime/runtime.ts';
import { packRotated, rotatedPath } from './rotated-logs.ts';

/** What a LogRotation needs. */
export interface LogRotationOptions {
  readonly runtime: Pick<ContainerRuntime, 'reopenLog'>;
  /** The containers that may be printing now. */
  readonly running: () => readonly Pick<RuntimeContainerStatus, 'id' | 'logPath'>[];
  readonly clock: Clock;
  readonly log: Logger;
  /** A log of this size begins anew. Default 10 MiB (kubelet: containerLogMaxSize). */
  readonly mostBytes?: number;
  /** How many files one log may have, the one that is written among them. Default 5 (kubelet: containerLogMaxFiles). */
  readonly mostFiles?: number;
}

/** kubelet: containerLogMonitorInterval. What a container prints in it may go beyond the size. */
const LOOK_EVERY_MS = 10_000;

/**
 * Keeps the logs of running containers from filling the disk. A log that is full is renamed and the container goes on in a new one; of the
 * renamed ones the newest stays as it is, since a reader may be in it, older ones are packed, and the oldest go. A look costs one stat a container.
 */
export class LogRotation implements Service {
  readonly name = 'log-rotation';
  readonly #options: LogRotationOptions;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: LogRotationOptions) {
    this.#options = options;
  }

  /** Looks from time to time until `stop`. */
  run(): Promise<void> {
    this.#running ??= this.#loop();
    return this.#running;
  }

  /** Ends the looks; a rotation that has begun is finished. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /** Looks at every log once. */
  async look(): Promise<void> {
    const { running, log, mostBytes = 10 * 1024 * 1024 } = this.#options;
    for (const { id, logPath } of running()) {
      if (this.#stopping.signal.aborted) return;
      try {
        const { size } = await stat(logPath);
        if (size >= mostBytes) await this.#rotate(id, logPath);
      } catch (error) {
        // A container that has not printed yet, or whose pod went meanwhile.
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue;
        log.warn({ err: error, id }, 'cannot rotate the log of a container');
      }
    }
  }

  async #loop(): Promise<void> {
    const { clock } = this.#options;
    while (!this.#stopping.signal.aborted) {
      await clock.sleep(LOOK_EVERY_MS, this.#stopping.signal);
      if (!this.#stopping.signal.aborted) await this.look();
    }
  }

  async #rotate(id: string, path: string): Promise<void> {
    const { runtime, clock, mostFiles = 5 } = this.#options;
    // Room for the one that is written and the one that is rotated now.
    await packRotated(path, mostFiles - 2);
    const rotated = rotatedPath(path, new Date(clock.now()));
    await rename(path, rotated);
    try {
      await runtime.reopenLog(id);
    } catch (error) {
      // The container still prints into the renamed file, or has ended: it is the log, until another try.
      await rename(rotated, path);
      throw error;
    }
  }
}
