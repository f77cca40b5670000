/** RFC 3339 with whole seconds, UTC, as `metadata.creationTimestamp` has it. */
export const formatTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/** RFC 3339 with microseconds, UTC, as a Lease's renewTime has it. */
export const formatMicroTime = (date: Date): string => `${date.toISOString().slice(0, 23)}000Z`;

const RFC_3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** The time of an RFC 3339 text; undefined when it is none. */
export function parseTime(text: string): Date | undefined {
  if (!RFC_3339.test(text)) return undefined;
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/**
 * A duration as kubectl shows ages: two units while the first is small, then one, e.g. `5s`, `3m20s`, `47h`, `2d3h`, `3y20d`.
 * A clock a little ahead shows `0s`, one far ahead `<invalid>` (k8s.io/apimachinery/pkg/util/duration HumanDuration).
 */
export function humanDuration(milliseconds: number): string {
  const seconds = Math.trunc(milliseconds / 1000);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(minutes / 60);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 24 * 8) return two(days, 'd', hours % 24, 'h');
  if (hours < 24 * 365 * 2) return `${days}d`;
  const years = Math.trunc(days / 365);
  return hours < 24 * 365 * 8 ? two(years, 'y', days % 365, 'd') : `${years}y`;
}

const two = (first: number, unit: string, second: number, smaller: string): string =>
  second === 0 ? `${first}${unit}` : `${first}${unit}${second}${smaller}`;

/** The age of an RFC 3339 time at `now`; `<unknown>` when there is none. */
export function age(since: string | null | undefined, now: Date): string {
  const start = typeof since === 'string' ? parseTime(since) : undefined;
  return start === undefined ? '<unknown>' : humanDuration(now.getTime() - start.getTime());
}
