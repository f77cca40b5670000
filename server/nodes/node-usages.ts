import { CHANNEL } from '#api/wire/stream-frame.ts';
import { type UsageReport, parseUsageReport } from '#api/wire/usage-report.ts';
import type { WireStream } from '#api/wire/wire-stream.ts';
import type { Clock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { NodePaths } from './node-paths.ts';

/** What a NodeUsages needs. */
export interface NodeUsagesOptions {
  readonly nodes: Pick<NodePaths, 'find'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long an agent may take, a second of measuring included. Default 5 s. */
  readonly deadlineMs?: number;
}

/** metrics-server asks as often (--metric-resolution). */
const FRESH_MS = 15_000;
const DEADLINE_MS = 5_000;
/** A report of a node's 250 pods has some 100 KB. */
const MAX_REPORT_BYTES = 4 * 1024 * 1024;

/**
 * Asks agents what is used on their nodes, when somebody wants to know and then at most every 15 s; also those that are linked to other servers.
 * A node that does not answer is not asked again sooner either. Kept is one report a node, until the next question that comes after its time.
 */
export class NodeUsages {
  readonly #options: NodeUsagesOptions;
  readonly #asked = new Map<string, { readonly at: number; readonly report: Promise<UsageReport | undefined> }>();

  constructor(options: NodeUsagesOptions) {
    this.#options = options;
  }

  /** What is used on a node; undefined when that cannot be told now. Never rejects. */
  of(nodeName: string): Promise<UsageReport | undefined> {
    const now = this.#options.clock.now();
    for (const [name, { at }] of this.#asked) {
      // In the order of asking: the first that is fresh ends it.
      if (now - at < FRESH_MS) break;
      this.#asked.delete(name);
    }
    const known = this.#asked.get(nodeName);
    if (known !== undefined) return known.report;
    const report = this.#ask(nodeName).catch((error: unknown) => {
      this.#options.log.warn({ err: error, node: nodeName }, 'cannot tell what a node uses');
      return undefined;
    });
    this.#asked.set(nodeName, { at: now, report });
    return report;
  }

  async #ask(nodeName: string): Promise<UsageReport> {
    const { nodes, clock, deadlineMs = DEADLINE_MS } = this.#options;
    const path = await nodes.find(nodeName);
    const over = new AbortController();
    try {
      const stream = path.open({ verb: 'usage' });
      void clock.sleep(deadlineMs, over.signal).then(() => {
        if (!over.signal.aborted) stream.close({ error: `no answer within ${deadlineMs / 1000} s` });
      });
      const report = parseUsageReport(await textOf(stream));
      if (report === undefined) throw new Error('the answer is no report');
      return report;
    } finally {
      over.abort();
      path.close();
    }
  }
}

/** All that comes on stdout. Rejects with the error that the stream ended with. */
async function textOf(stream: WireStream): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const message of stream) {
    if (message.eof || message.channel !== CHANNEL.stdout) continue;
    size += message.data.length;
    if (size > MAX_REPORT_BYTES) stream.close({ error: `the answer has more than ${MAX_REPORT_BYTES} bytes` });
    else pieces.push(message.data);
  }
  const { error } = await stream.ended;
  if (error !== undefined) throw new Error(error);
  return Buffer.concat(pieces).toString();
}
