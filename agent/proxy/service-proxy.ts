import { type Clock, systemClock } from '#base/clock.ts';
import type { Logger } from '#base/logger.ts';
import type { Service } from '#base/service.ts';
import { mustRun, type RunCommand, runCommand } from '../network/command.ts';
import { TABLE } from '../network/names.ts';
import { type NftTable, replaceTable, updateTable } from './nft-table.ts';
import { backendKeys, GONE_SET, type ProxyPlace, type ProxyState, proxyTable } from './ruleset.ts';

/** What a ServiceProxy needs. */
export interface ServiceProxyOptions extends ProxyPlace {
  readonly log: Logger;
  readonly clock?: Clock;
  readonly run?: RunCommand;
}

/** Changes that come together are applied together: a rollout touches many slices at once. */
const COALESCE_MS = 10;
const RETRY_MS = 1000;
/** How often the table is looked for: `nft flush ruleset`, which a restart of nftables.service does, takes it away unseen. */
const CHECK_MS = 30_000;

/**
 * Keeps the kernel's ruleset equal to the Services. The first update replaces whatever table an earlier agent left, in one transaction, so
 * connections go on; each later one is a transaction with the differences only. One nft runs at a time; what arrives meanwhile waits for the
 * next one. When nft refuses a difference the whole table is replaced, and that is tried again until it succeeds.
 */
export class ServiceProxy implements Service {
  readonly name = 'service-proxy';
  readonly #options: ServiceProxyOptions;
  readonly #clock: Clock;
  readonly #run: RunCommand;
  readonly #stop = new AbortController();
  #wanted: ProxyState | undefined;
  #applied: { readonly table: NftTable; readonly backends: ReadonlySet<string> } | undefined;
  #wake: AbortController = new AbortController();
  #dirty = false;
  #loop: Promise<void> | undefined;
  #forgetting: Promise<void> = Promise.resolve();
  #idle: (() => void)[] = [];

  constructor(options: ServiceProxyOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#run = options.run ?? runCommand;
  }

  /** The whole state, as it is now. Nothing is done before the first call, so call it only with a state that is known. Returns at once. */
  update(state: ProxyState): void {
    this.#wanted = state;
    this.#dirty = true;
    this.#wake.abort();
  }

  /** Resolves when everything updated so far is in the kernel. */
  settled(): Promise<void> {
    return this.#dirty ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }

  run(): Promise<void> {
    this.#loop ??= this.#work();
    return this.#loop;
  }

  /** Ends the loop. The rules stay: pods keep their Services while no agent runs. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#loop;
    await this.#forgetting;
  }

  async #work(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      if (!this.#dirty) {
        await this.#clock.sleep(CHECK_MS, this.#wake.signal);
        this.#wake = new AbortController();
        if (!this.#dirty && !this.#stop.signal.aborted) await this.#check();
        continue;
      }
      await this.#clock.sleep(COALESCE_MS, this.#stop.signal);
      const state = this.#wanted;
      if (this.#stop.signal.aborted || state === undefined) return;
      this.#dirty = false;
      this.#wake = new AbortController();
      try {
        await this.#apply(state);
        if (!this.#dirty) this.#idle.splice(0).forEach((resolve) => resolve());
      } catch (error) {
        this.#applied = undefined;
        this.#dirty = true;
        this.#options.log.warn({ err: error }, 'service rules not applied');
        await this.#clock.sleep(RETRY_MS, this.#stop.signal);
      }
    }
  }

  async #apply(state: ProxyState): Promise<void> {
    const table = proxyTable(this.#options, state);
    const backends = backendKeys(this.#options, state);
    const before = this.#applied;
    const gone = before === undefined ? [] : [...before.backends].filter((key) => !backends.has(key));
    if (before === undefined) {
      await this.#nft(replaceTable(table));
    } else {
      const fresh = [...backends].filter((key) => !before.backends.has(key));
      const commands = updateTable(before.table, table);
      if (commands === '' && gone.length === 0) return;
      try {
        await this.#nft(`${commands}${this.#goneElements(gone, fresh)}`);
      } catch (error) {
        this.#options.log.warn({ err: error }, 'service rules replaced after a refused change');
        await this.#nft(replaceTable(table));
      }
    }
    this.#applied = { table, backends };
    // Not waited for: the next change of the rules matters more.
    this.#forgetting = this.#forgetting.then(() => this.#forget(gone));
  }

  /** An element may have expired or not: `add` of an existing one is fine, and makes `delete` of a missing one so. */
  #goneElements(gone: readonly string[], fresh: readonly string[]): string {
    const line = (verb: string, keys: readonly string[]): string =>
      keys.length === 0 ? '' : `${verb} element ip ${TABLE} ${GONE_SET} { ${keys.join(', ')} }\n`;
    return line('add', [...gone, ...fresh]) + line('delete', fresh);
  }

  /**
   * Where conntrack is installed: forgets flows to endpoints that went away. UDP clients would go on sending to them; a TCP client whose
   * first packet was not answered sends it again, and then reaches a living endpoint. Without it `gone` refuses such connections.
   */
  async #forget(gone: readonly string[]): Promise<void> {
    const flows = new Set(
      gone.map((key) => {
        const [address, protocol] = key.split(' . ');
        return `${protocol} ${address}`;
      }),
    );
    for (const flow of flows) {
      const [protocol = '', address = ''] = flow.split(' ');
      if (protocol === 'sctp') continue;
      const only = protocol === 'tcp' ? ['--state', 'SYN_SENT'] : [];
      const { code } = await this.#run(['conntrack', '-D', '-p', protocol, ...only, '--dst-nat', address]);
      if (code === 127) return;
    }
  }

  /** Puts the table back when somebody else's command took it away. */
  async #check(): Promise<void> {
    if (this.#applied === undefined) return;
    const { code, stdout } = await this.#run(['nft', 'list', 'tables', 'ip']);
    if (code !== 0 || stdout.split('\n').includes(`table ip ${TABLE}`)) return;
    this.#options.log.warn({ table: TABLE }, 'nftables table was gone, made again');
    this.#applied = undefined;
    this.#dirty = true;
  }

  async #nft(commands: string): Promise<void> {
    await mustRun(this.#run, ['nft', '-f', '-'], { stdin: commands });
  }
}
