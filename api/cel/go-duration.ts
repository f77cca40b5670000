const UNITS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1000n,
  µs: 1000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** Nanoseconds of a duration in Go's syntax, `1h30m`, `-1.5s`, `0`; undefined when it is none. */
export function parseGoDuration(text: string): bigint | undefined {
  const [, sign = '', rest = ''] = /^([-+]?)(.*)$/.exec(text) ?? [];
  if (rest === '0') return 0n;
  let total = 0n;
  let left = rest;
  while (left !== '') {
    const part = /^(\d*)(?:\.(\d*))?(ns|us|µs|ms|s|m|h)/.exec(left);
    const [whole = '', digits = '', fraction = '', unit = ''] = part ?? [];
    const size = UNITS[unit];
    if (part === null || size === undefined || (digits === '' && fraction === '')) return undefined;
    total += BigInt(digits || '0') * size;
    if (fraction !== '') total += (BigInt(fraction.slice(0, 12).padEnd(12, '0')) * size) / 1_000_000_000_000n;
    left = left.slice(whole.length);
  }
  return rest === '' ? undefined : sign === '-' ? -total : total;
}

/** A duration as Go prints it: `1h30m0s`, `1.5s`, `0s`. */
export function formatGoDuration(nanos: bigint): string {
  if (nanos === 0n) return '0s';
  const size = nanos < 0n ? -nanos : nanos;
  const sign = nanos < 0n ? '-' : '';
  if (size < 1_000_000_000n) {
    const [unit, by] =
      size < 1000n ? (['ns', 1] as const) : size < 1_000_000n ? (['µs', 1e3] as const) : (['ms', 1e6] as const);
    return `${sign}${Number(size) / by}${unit}`;
  }
  const hours = size / 3_600_000_000_000n;
  const minutes = (size / 60_000_000_000n) % 60n;
  const seconds = Number(size % 60_000_000_000n) / 1e9;
  return `${sign}${hours > 0n ? `${hours}h` : ''}${hours > 0n || minutes > 0n ? `${minutes}m` : ''}${seconds}s`;
}
