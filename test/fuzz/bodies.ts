import { stringify } from 'yaml';
import type { Dice } from './dice.ts';
import { anyName, anyText, anyValue } from './values.ts';

/** A body and what it is said to be. */
export interface Body {
  readonly type: string;
  readonly bytes: Uint8Array;
}

const encoder = new TextEncoder();
const PATCHES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
] as const;
const TYPES = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'text/plain',
  '',
] as const;

/** An object as the body of a create or a replacement, in one of the three formats, now and then broken. */
export function objectBody(dice: Dice, object: Readonly<Record<string, unknown>>): Body {
  const type = dice.is(0.7) ? 'application/json' : dice.pick(TYPES);
  if (dice.is(0.02)) return { type, bytes: encoder.encode(nested(dice)) };
  const bytes = type.endsWith('protobuf')
    ? protobuf(dice, object)
    : encoder.encode(type.endsWith('yaml') ? yamlOf(dice, object) : jsonOf(dice, object));
  return { type, bytes: dice.is(0.1) ? damaged(dice, bytes) : bytes };
}

/** A patch of any of the four types. */
export function patchBody(dice: Dice, object: Readonly<Record<string, unknown>>): Body {
  const type = dice.pick(PATCHES);
  const value = type.startsWith('application/json-patch') ? operations(dice) : directed(dice, object);
  const bytes = encoder.encode(jsonOf(dice, value));
  return { type, bytes: dice.is(0.1) ? damaged(dice, bytes) : bytes };
}

function operations(dice: Dice): unknown {
  if (dice.is(0.05)) return anyValue(dice);
  return dice.some(4, () => ({
    op: dice.pick(['add', 'remove', 'replace', 'move', 'copy', 'test', 'none']),
    path: dice.pick(['', '/', '/metadata/labels', '/data/a', '/spec/containers/0', '/a/-', '/~2', anyText(dice)]),
    ...(dice.is(0.3) ? { from: dice.pick(['/data', '/spec', '']) } : {}),
    ...(dice.is(0.8) ? { value: anyValue(dice) } : {}),
  }));
}

/** With the directives of strategic merge patches strewn in. */
function directed(dice: Dice, object: Readonly<Record<string, unknown>>): unknown {
  if (dice.is(0.5)) return object;
  const directive = dice.pick([
    '$patch',
    '$retainKeys',
    '$setElementOrder/containers',
    '$deleteFromPrimitiveList/finalizers',
  ]);
  const value = dice.pick<unknown>(['delete', 'replace', 'merge', ['a', 'b'], [{ name: 'a' }], 7]);
  const spec = typeof object['spec'] === 'object' && object['spec'] !== null ? object['spec'] : {};
  return dice.is(0.5) ? { ...object, [directive]: value } : { ...object, spec: { ...spec, [directive]: value } };
}

/** Numbers that are too large, keys that come twice. */
function jsonOf(dice: Dice, value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  if (dice.is(0.05)) return text.replace(/:\d+/, ':1e999');
  if (dice.is(0.05)) return text.replace(/"([a-z]+)":/, '"$1":null,"$1":');
  return text;
}

function yamlOf(dice: Dice, value: unknown): string {
  if (dice.is(0.1)) return `a: &a [${'*a,'.repeat(dice.below(5))}]\nb: *a\n`;
  if (dice.is(0.05)) return 'a: &x {<<: *x}';
  return stringify(value);
}

const nested = (dice: Dice): string => {
  const depth = dice.pick([100, 10_001, 200_000]);
  return dice.is(0.5) ? '['.repeat(depth) : `{"a":`.repeat(depth);
};

function damaged(dice: Dice, bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  for (let times = dice.below(5); times > 0 && copy.length > 0; times -= 1)
    copy[dice.below(copy.length)] = dice.below(256);
  return dice.is(0.5) ? copy.subarray(0, dice.below(copy.length + 1)) : copy;
}

/** Kubernetes' envelope around fields with any numbers. */
function protobuf(dice: Dice, object: Readonly<Record<string, unknown>>): Uint8Array {
  const typeMeta = [
    ...field(1, encoder.encode(String(object['apiVersion']))),
    ...field(2, encoder.encode(String(object['kind']))),
  ];
  const metadata = dice.is(0.8) ? field(1, field(1, encoder.encode(anyName(dice)))) : [];
  const raw = [...metadata, ...fields(dice, 4)];
  return new Uint8Array([0x6b, 0x38, 0x73, 0, ...field(1, typeMeta), ...field(2, raw)]);
}

const fields = (dice: Dice, depth: number): number[] =>
  dice
    .some(6, () => {
      const number = 1 + dice.below(20);
      if (dice.is(0.3)) return [number << 3, dice.below(128)];
      return field(number, depth > 0 && dice.is(0.5) ? fields(dice, depth - 1) : encoder.encode(anyText(dice)));
    })
    .flat();

const field = (number: number, data: ArrayLike<number>): number[] => [
  ...varint((number << 3) | 2),
  ...varint(data.length),
  ...Array.from(data),
];

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 128);
  }
}
