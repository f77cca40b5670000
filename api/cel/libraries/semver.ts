import type { Environment } from '@marcbachmann/cel-js';
import { define, refuse } from './define.ts';

const NUMBER = '(0|[1-9]\\d*)';
const WORDS = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*';
const SHAPE = new RegExp(`^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${WORDS}))?(?:\\+(${WORDS}))?$`);

/** A version by semver.org 2.0.0; what comes after `+` does not count. */
class Version {
  readonly numbers: readonly bigint[];
  readonly before: readonly string[];
  constructor(numbers: readonly bigint[], before: readonly string[]) {
    this.numbers = numbers;
    this.before = before;
  }
  compareTo(other: Version): bigint {
    for (const [index, number] of this.numbers.entries()) {
      const theirs = other.numbers[index] ?? 0n;
      if (number !== theirs) return number < theirs ? -1n : 1n;
    }
    // A release comes after its pre-releases.
    if (this.before.length === 0 || other.before.length === 0)
      return BigInt(Math.sign(Number(this.before.length === 0) - Number(other.before.length === 0)));
    for (const [index, word] of this.before.entries()) {
      const theirs = other.before[index];
      if (theirs === undefined) return 1n;
      const order = compareWords(word, theirs);
      if (order !== 0n) return order;
    }
    return this.before.length < other.before.length ? -1n : 0n;
  }
}

function compareWords(a: string, b: string): bigint {
  if (a === b) return 0n;
  const [first, second] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (first && second) return BigInt(a) < BigInt(b) ? -1n : 1n;
  if (first !== second) return first ? -1n : 1n;
  return a < b ? -1n : 1n;
}

/** `v1.2` → `1.2.0`, when the caller asks for it: a leading v goes, missing parts are 0, leading zeros go. */
function normalized(text: string): string {
  const [, numbers = '', rest = ''] = /^v?([\d.]*)(.*)$/.exec(text) ?? [];
  const parts = numbers.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  while (parts.length < 3) parts.push('0');
  return parts.join('.') + rest;
}

function read(text: string, normalize = false): Version | undefined {
  const found = SHAPE.exec(normalize ? normalized(text) : text);
  if (found === null) return undefined;
  const [, major = '0', minor = '0', patch = '0', before = ''] = found;
  const words = before === '' ? [] : before.split('.');
  if (words.some((word) => /^0\d+$/.test(word))) return undefined;
  return new Version([BigInt(major), BigInt(minor), BigInt(patch)], words);
}

function semver(text: string, normalize = false): Version {
  const version = read(text, normalize);
  if (version === undefined) throw refuse(`No Major.Minor.Patch elements found: ${JSON.stringify(text)}`);
  return version;
}

/** Kubernetes' semver library. */
export function addSemverFunctions(environment: Environment): void {
  environment.registerType('kubernetes.Semver', { ctor: Version, fields: {} });
  environment.registerOperator(
    'kubernetes.Semver == kubernetes.Semver',
    (a: Version, b: Version) => a.compareTo(b) === 0n,
  );
  define(environment, [
    ['semver(string): kubernetes.Semver', (text: string) => semver(text)],
    ['semver(string, bool): kubernetes.Semver', semver],
    ['isSemver(string): bool', (text: string) => read(text) !== undefined],
    ['isSemver(string, bool): bool', (text: string, normalize: boolean) => read(text, normalize) !== undefined],
    ['kubernetes.Semver.major(): int', ({ numbers }: Version) => numbers[0]],
    ['kubernetes.Semver.minor(): int', ({ numbers }: Version) => numbers[1]],
    ['kubernetes.Semver.patch(): int', ({ numbers }: Version) => numbers[2]],
    ['kubernetes.Semver.isLessThan(kubernetes.Semver): bool', (a: Version, b: Version) => a.compareTo(b) < 0n],
    ['kubernetes.Semver.isGreaterThan(kubernetes.Semver): bool', (a: Version, b: Version) => a.compareTo(b) > 0n],
    ['kubernetes.Semver.compareTo(kubernetes.Semver): int', (a: Version, b: Version) => a.compareTo(b)],
  ]);
}
