/** One field that differs. `before` undefined = it was not there, `after` undefined = it is gone. */
export interface FieldChange {
  /** E.g. `spec.template.spec.containers[web].image`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** Fields that change with every write and say nothing. */
const BOOKKEEPING = new Set(['metadata.resourceVersion', 'metadata.managedFields', 'metadata.generation']);

/** The fields in which two objects differ, in the order of the newer one. Items of lists are matched by their name, type, key or place. */
export function fieldChanges(before: unknown, after: unknown): FieldChange[] {
  const found: FieldChange[] = [];
  compare('', before, after, found);
  return found;
}

function compare(path: string, before: unknown, after: unknown, found: FieldChange[]): void {
  if (BOOKKEEPING.has(path) || Bun.deepEquals(before, after)) return;
  if (isMap(before) && isMap(after)) {
    for (const key of new Set([...Object.keys(after), ...Object.keys(before)]))
      compare(path === '' ? key : `${path}${step(key)}`, before[key], after[key], found);
    return;
  }
  const old = Array.isArray(before) ? items(before) : undefined;
  const now = Array.isArray(after) ? items(after) : undefined;
  if (old !== undefined && now !== undefined) {
    for (const key of new Set([...now.keys(), ...old.keys()]))
      compare(`${path}[${key}]`, old.get(key), now.get(key), found);
    // The same items in another order.
    if (found.every((one) => !one.path.startsWith(`${path}[`))) found.push({ path, before, after });
    return;
  }
  found.push({ path, before, after });
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Labels and annotations have dots in their keys. */
const step = (key: string): string => (/^[A-Za-z_][\w-]*$/.test(key) ? `.${key}` : `[${key}]`);

/** Items by what names them, if that names each of them once; else by place. */
function items(list: readonly unknown[]): Map<string, unknown> {
  for (const field of ['name', 'type', 'key', 'ip', 'uid']) {
    const named = new Map<string, unknown>();
    for (const one of list) if (isMap(one) && typeof one[field] === 'string') named.set(one[field], one);
    if (named.size === list.length && list.length > 0) return named;
  }
  return new Map(list.map((one, index) => [String(index), one]));
}
