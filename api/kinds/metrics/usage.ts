import type { Column, KubeObject } from '#api/kind.ts';
import { formatQuantity, parseQuantity } from '#api/meta/quantity.ts';
import { described, map, quantity, string, time } from '#api/schema/builders.ts';
import { textColumn } from '#api/kinds/columns.ts';

/** The fields that both kinds have, and `usage`. */
export const timestamp = () => described('When the window ended.', time());
/** How long was measured, as Go writes durations. */
export const window = () => described('How long was measured until then, e.g. `15s`. CPU is its average.', string());
/** Amounts by resource name: `cpu` and `memory`. */
export const usage = () => described('What was used of cpu, and of memory at the end.', map(quantity()));

/** The sum of quantities as text, in the family of the first one; `0` when there are none. */
export function sumOf(texts: readonly (string | undefined)[]): string {
  const amounts = texts.flatMap((text) => parseQuantity(text ?? '') ?? []);
  const format = amounts[0]?.format ?? 'DecimalSI';
  return formatQuantity({ nano: amounts.reduce((sum, { nano }) => sum + nano, 0n), format });
}

/** What metrics-server shows: the name, a column for each resource, the window. */
export const usageColumns = <T extends KubeObject & { readonly window: string }>(
  amount: (object: T, resource: string) => string,
): Column<T>[] => [
  {
    name: 'Name',
    type: 'string',
    format: 'name',
    description: 'Name of the resource',
    cell: ({ metadata }) => metadata.name ?? '',
  },
  ...['cpu', 'memory'].map((resource) => ({
    ...textColumn<T>(resource, '', (object) => amount(object, resource)),
    format: 'quantity',
  })),
  { ...textColumn<T>('Window', '', (object) => object.window), format: 'duration' },
];
