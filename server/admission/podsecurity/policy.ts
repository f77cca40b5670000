import { type FieldError, invalid } from '#api/meta/field-error.ts';

/** How much a pod may do, from everything to little (https://kubernetes.io/docs/concepts/security/pod-security-standards). */
export type Level = 'privileged' | 'baseline' | 'restricted';

const LEVELS: readonly Level[] = ['privileged', 'baseline', 'restricted'];

/** The checks of a level as they were in one minor version of Kubernetes; undefined = as they are now. */
export interface LevelVersion {
  readonly level: Level;
  readonly minor: number | undefined;
}

/** What a namespace's labels ask for. */
export interface Policy {
  readonly enforce: LevelVersion;
  readonly audit: LevelVersion;
  readonly warn: LevelVersion;
}

const PREFIX = 'pod-security.kubernetes.io/';
const VERSION = /^v1\.(0|[1-9]\d*)$/;

type Labels = Readonly<Record<string, string>> | undefined;
const ANYTHING: LevelVersion = { level: 'privileged', minor: undefined };

/** `restricted:latest`, `baseline:v1.25`. */
export const printLevel = ({ level, minor }: LevelVersion): string =>
  `${level}:${minor === undefined ? 'latest' : `v1.${minor}`}`;

/** Negative when `a` allows more than `b`, 0 when the same, else positive. */
export const compareLevels = (a: Level, b: Level): number => LEVELS.indexOf(a) - LEVELS.indexOf(b);

/** Do both ask for the same. */
export const sameLevel = (a: LevelVersion, b: LevelVersion): boolean => a.level === b.level && a.minor === b.minor;

/**
 * The policy of a namespace, and the faults of its labels. A level that is none counts as restricted for enforce and as privileged for audit and
 * warn; with no label for warnings one is warned of what is enforced (upstream: pod-security-admission PolicyToEvaluate).
 */
export function policyOf(labels: Labels): { readonly policy: Policy; readonly faults: FieldError[] } {
  const faults: FieldError[] = [];
  const read = (mode: string, otherwise: Level): LevelVersion => {
    const level = labels?.[`${PREFIX}${mode}`];
    const version = labels?.[`${PREFIX}${mode}-version`];
    const known = LEVELS.find((one) => one === level);
    const label = (suffix: string): string => `metadata.labels[${PREFIX}${mode}${suffix}]`;
    if (level !== undefined && known === undefined)
      faults.push(invalid(label(''), level, `must be one of ${LEVELS.join(', ')}`));
    const minor = VERSION.exec(version ?? '')?.[1];
    if (version !== undefined && version !== 'latest' && minor === undefined)
      faults.push(invalid(label('-version'), version, 'must be "latest" or "v1.x"'));
    return {
      level: level === undefined ? 'privileged' : (known ?? otherwise),
      minor: minor === undefined ? undefined : Number(minor),
    };
  };
  if (labels === undefined) return { policy: { enforce: ANYTHING, audit: ANYTHING, warn: ANYTHING }, faults };
  const enforce = read('enforce', 'restricted');
  const audit = read('audit', 'privileged');
  const warn = read('warn', 'privileged');
  const says = labels[`${PREFIX}enforce`];
  const follows =
    labels[`${PREFIX}warn`] === undefined && LEVELS.some((one) => one === says) && enforce.level !== 'privileged';
  const minor = labels[`${PREFIX}warn-version`] === undefined ? enforce.minor : warn.minor;
  return { policy: { enforce, audit, warn: follows ? { level: enforce.level, minor } : warn }, faults };
}
