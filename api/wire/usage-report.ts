/** What was used: CPU on average over the window, since the beginning, and memory that cannot be taken back at its end. */
export interface UsageFigures {
  readonly cpuNanoCores: number;
  readonly cpuCoreNanoSeconds: number;
  readonly memoryWorkingSetBytes: number;
}

/** A pod's containers that run, by name. */
export interface PodUsage {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly containers: readonly (UsageFigures & { readonly name: string })[];
}

/** What an agent answers to the stream `usage`, as one JSON text on stdout. */
export interface UsageReport {
  /** When the window ended by the node's clock, milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly windowMs: number;
  readonly node: UsageFigures & { readonly memoryAvailableBytes: number };
  readonly pods: readonly PodUsage[];
}

type Fields = Readonly<Record<string, unknown>>;

/** Reads a report; undefined when it is none. What a node says of itself is not trusted to have its shape. */
export function parseUsageReport(text: string): UsageReport | undefined {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isFields(given)) return undefined;
  const { timestampMs, windowMs, node, pods } = given;
  const fits =
    isAmount(timestampMs) &&
    isAmount(windowMs) &&
    isFields(node) &&
    isFigures(node) &&
    isAmount(node['memoryAvailableBytes']) &&
    Array.isArray(pods) &&
    pods.every(isPod);
  return fits ? (given as unknown as UsageReport) : undefined;
}

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
/** Times too: the last millisecond that Date knows. */
const isAmount = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 8.64e15;
const isText = (value: unknown): value is string => typeof value === 'string';

const isFigures = (value: Fields): boolean =>
  isAmount(value['cpuNanoCores']) &&
  typeof value['cpuCoreNanoSeconds'] === 'number' &&
  isAmount(value['memoryWorkingSetBytes']);

const isPod = (value: unknown): boolean =>
  isFields(value) &&
  isText(value['namespace']) &&
  isText(value['name']) &&
  isText(value['uid']) &&
  Array.isArray(value['containers']) &&
  value['containers'].every((one: unknown) => isFields(one) && isText(one['name']) && isFigures(one));
