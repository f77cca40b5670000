import type {
  RuntimeContainer,
  RuntimeContainerState,
  RuntimeContainerStats,
  RuntimeContainerStatus,
  RuntimeImage,
  RuntimeSandbox,
} from './runtime.ts';

/** A value of parsed JSON, walked without trusting its shape: what is not there reads as the empty value. */
class Answer {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  at(key: string): Answer {
    const value = this.#value;
    return new Answer(typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined);
  }
  list(): Answer[] {
    return Array.isArray(this.#value) ? this.#value.map((item) => new Answer(item)) : [];
  }
  text(): string {
    return typeof this.#value === 'string' ? this.#value : '';
  }
  number(): number {
    return typeof this.#value === 'number' || typeof this.#value === 'string' ? Number(this.#value) : 0;
  }
  flag(): boolean {
    return this.#value === true;
  }
  strings(): string[] {
    return this.list().map((item) => item.text());
  }
  map(): Record<string, string> {
    const value = this.#value;
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, String(item)]));
  }
  /** One object, or a list of them: crictl prints a single answer bare. */
  oneOrMore(): Answer[] {
    return Array.isArray(this.#value) ? this.list() : [this];
  }
  get present(): boolean {
    return this.#value !== undefined && this.#value !== null;
  }
}

const parse = (json: string): Answer => new Answer(JSON.parse(json));
const nanosToMs = (nanos: string): number => Math.floor(Number(nanos) / 1e6);

/** Go's zero time, and containerd's 1970, are "not yet". */
function timeToMs(time: string): number {
  const ms = Date.parse(time);
  return Number.isFinite(ms) && ms > 0 ? ms : 0;
}

const CONTAINER_STATES: Readonly<Record<string, RuntimeContainerState>> = {
  CONTAINER_CREATED: 'created',
  CONTAINER_RUNNING: 'running',
  CONTAINER_EXITED: 'exited',
};

/** `crictl ps -a -o json`. */
export const parseContainers = (json: string): RuntimeContainer[] =>
  parse(json)
    .at('containers')
    .list()
    .map((container) => ({
      id: container.at('id').text(),
      sandboxId: container.at('podSandboxId').text(),
      name: container.at('metadata').at('name').text(),
      attempt: container.at('metadata').at('attempt').number(),
      state: CONTAINER_STATES[container.at('state').text()] ?? 'unknown',
      createdAt: nanosToMs(container.at('createdAt').text()),
      labels: container.at('labels').map(),
      annotations: container.at('annotations').map(),
    }));

/** `crictl pods -o json`. */
export const parseSandboxes = (json: string): RuntimeSandbox[] =>
  parse(json)
    .at('items')
    .list()
    .map((sandbox) => ({
      id: sandbox.at('id').text(),
      metadata: {
        name: sandbox.at('metadata').at('name').text(),
        namespace: sandbox.at('metadata').at('namespace').text(),
        uid: sandbox.at('metadata').at('uid').text(),
        attempt: sandbox.at('metadata').at('attempt').number(),
      },
      state: sandbox.at('state').text() === 'SANDBOX_READY' ? 'ready' : 'notReady',
      createdAt: nanosToMs(sandbox.at('createdAt').text()),
      labels: sandbox.at('labels').map(),
      annotations: sandbox.at('annotations').map(),
    }));

/** `crictl inspect -o json ID…`, by id. */
export const parseContainerStatuses = (json: string): Map<string, RuntimeContainerStatus> =>
  new Map(
    parse(json)
      .oneOrMore()
      .map((answer) => {
        const status = answer.at('status');
        const container: RuntimeContainerStatus = {
          id: status.at('id').text(),
          sandboxId: answer.at('info').at('sandboxID').text(),
          name: status.at('metadata').at('name').text(),
          attempt: status.at('metadata').at('attempt').number(),
          state: CONTAINER_STATES[status.at('state').text()] ?? 'unknown',
          createdAt: timeToMs(status.at('createdAt').text()),
          labels: status.at('labels').map(),
          annotations: status.at('annotations').map(),
          image: status.at('image').at('image').text(),
          imageRef: status.at('imageRef').text(),
          startedAt: timeToMs(status.at('startedAt').text()),
          finishedAt: timeToMs(status.at('finishedAt').text()),
          exitCode: status.at('exitCode').number(),
          reason: status.at('reason').text(),
          message: status.at('message').text(),
          logPath: status.at('logPath').text(),
          pid: answer.at('info').at('pid').number(),
        };
        return [container.id, container];
      }),
  );

/** `crictl stats -o json`. A container that has just ended has no figures. */
export const parseContainerStats = (json: string): RuntimeContainerStats[] =>
  parse(json)
    .at('stats')
    .list()
    .filter((stats) => stats.at('cpu').present && stats.at('memory').present)
    .map((stats) => ({
      id: stats.at('attributes').at('id').text(),
      labels: stats.at('attributes').at('labels').map(),
      cpuCoreNanoSeconds: stats.at('cpu').at('usageCoreNanoSeconds').at('value').number(),
      timestampNanos: stats.at('cpu').at('timestamp').number(),
      memoryWorkingSetBytes: stats.at('memory').at('workingSetBytes').at('value').number(),
    }));

/** What `inspectp` tells of a sandbox beyond the list. */
export interface SandboxDetail {
  readonly ips: readonly string[];
  readonly cgroupParent: string;
}

/** `crictl inspectp -o json ID…`, by id. */
export const parseSandboxDetails = (json: string): Map<string, SandboxDetail> =>
  new Map(
    parse(json)
      .oneOrMore()
      .map((answer) => {
        const network = answer.at('status').at('network');
        const ips = [
          network.at('ip').text(),
          ...network
            .at('additionalIps')
            .list()
            .map((item) => item.at('ip').text()),
        ].filter((ip) => ip !== '');
        const cgroupParent = answer.at('info').at('config').at('linux').at('cgroup_parent').text();
        return [answer.at('status').at('id').text(), { ips, cgroupParent }];
      }),
  );

function imageOf(image: Answer): RuntimeImage {
  const uid = image.at('uid');
  const username = image.at('username').text();
  return {
    id: image.at('id').text(),
    tags: image.at('repoTags').strings(),
    digests: image.at('repoDigests').strings(),
    sizeBytes: image.at('size').number(),
    ...(uid.present ? { uid: uid.at('value').number() } : {}),
    ...(username === '' ? {} : { username }),
  };
}

/** `crictl images -o json`. */
export const parseImages = (json: string): RuntimeImage[] =>
  parse(json)
    .at('images')
    .list()
    .map((image) => imageOf(image));

/** `crictl inspecti -o json REFERENCE`. */
export const parseImageStatus = (json: string): RuntimeImage => imageOf(parse(json).at('status'));

/** `crictl info -o json`: the two conditions. */
export function parseRuntimeStatus(json: string): { runtimeReady: boolean; networkReady: boolean; message: string } {
  const conditions = parse(json).at('status').at('conditions').list();
  const of = (type: string) => conditions.find((condition) => condition.at('type').text() === type);
  const ready = (type: string) => of(type)?.at('status').flag() ?? false;
  return {
    runtimeReady: ready('RuntimeReady'),
    networkReady: ready('NetworkReady'),
    message: conditions
      .filter((condition) => condition.at('message').text() !== '')
      .map((condition) => `${condition.at('reason').text()} message:${condition.at('message').text()}`)
      .join('; '),
  };
}

/** `crictl version`: lines of `Key:  value`. */
export function parseVersion(text: string): { name: string; version: string } {
  const value = (key: string) => new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  // Debian's containerd says `1.6.20~ds1`; the part before the mark is the release.
  return { name: value('RuntimeName'), version: value('RuntimeVersion').replace(/^v/, '').replace(/~.*$/, '') };
}
