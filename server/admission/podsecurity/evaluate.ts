import { BASELINE } from './baseline.ts';
import type { Check, CheckPod, CheckedPod, Violation } from './check.ts';
import type { LevelVersion } from './policy.ts';
import { RESTRICTED } from './restricted.ts';

/** The form of a check at a minor version; undefined = it did not exist yet. */
const formAt = ({ versions }: Check, minor: number | undefined): CheckPod | undefined =>
  versions.findLast(([since]) => minor === undefined || since <= minor)?.[1];

/** What of a pod is against a level, in upstream's order. */
export function violations({ level, minor }: LevelVersion, pod: CheckedPod): Violation[] {
  if (level === 'privileged') return [];
  const strict = level === 'restricted' ? RESTRICTED.filter((check) => formAt(check, minor) !== undefined) : [];
  const overridden = new Set(strict.map(({ overrides }) => overrides));
  return [...BASELINE.filter(({ id }) => !overridden.has(id)), ...strict]
    .map((check) => formAt(check, minor)?.(pod))
    .filter((one) => one !== undefined);
}

/** `host namespaces, hostPort`. */
export const printReasons = (found: readonly Violation[]): string => found.map(({ reason }) => reason).join(', ');

/** `host namespaces (hostPID=true), hostPort (container "c" uses hostPort 80)`. */
export const printDetails = (found: readonly Violation[]): string =>
  found.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');
