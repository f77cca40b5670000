/** Several texts as upstream joins them, each but once: `a`, or `[a, b]` (apimachinery: util/errors Aggregate). */
export function aggregate(texts: readonly string[]): string {
  const [first = '', ...more] = new Set(texts);
  return more.length === 0 ? first : `[${[first, ...more].join(', ')}]`;
}
