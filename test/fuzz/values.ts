import type { Dice } from './dice.ts';

/** A schema of OpenAPI v3, as far as values are made by it. */
export interface Schema {
  readonly type?: string;
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly enum?: readonly unknown[];
}

const NAMES = ['a', 'b', 'web', 'x-1', 'default', 'kube-system'] as const;
const TEXTS = [
  '',
  'a',
  'nginx:1',
  '10.43.0.7',
  '::1',
  '100m',
  '1e400',
  '-1Gi',
  '2026-01-02T03:04:05Z',
  'a=b,c in (d)',
  'x'.repeat(300),
  '\u0000',
  '\ud800',
  'ünï/☃',
  '$(A)',
  '../..',
  '%zz',
  '{.metadata.name}',
  '*/5 * * * *',
  'TCP',
  'Always',
] as const;
const NUMBERS = [0, 1, -1, 80, 65_536, 2 ** 31, 2 ** 53, -(2 ** 63), 1.5, 1e300] as const;

/** A name that objects of a run share, so that requests meet. */
export const anyName = (dice: Dice): string => dice.pick(NAMES);

/** Text that some reader may stumble over. */
export const anyText = (dice: Dice): string =>
  dice.is(0.3) ? String.fromCharCode(...dice.some(12, () => dice.below(0x250))) : dice.pick(TEXTS);

/** Any JSON value, of no schema. */
export function anyValue(dice: Dice, depth = 3): unknown {
  switch (dice.below(depth > 0 ? 8 : 5)) {
    case 0:
      return null;
    case 1:
      return dice.is(0.5);
    case 2:
      return dice.pick(NUMBERS);
    case 3:
    case 4:
      return anyText(dice);
    case 5:
      return dice.some(4, () => anyValue(dice, depth - 1));
    default:
      return Object.fromEntries(dice.some(4, () => [anyText(dice), anyValue(dice, depth - 1)]));
  }
}

/** A value that mostly follows a schema: one part in twenty is anything at all. */
export function valueOf(dice: Dice, schema: Schema, schemas: Readonly<Record<string, Schema>>, depth = 7): unknown {
  if (dice.is(0.05)) return anyValue(dice);
  const named = schema.$ref ?? schema.allOf?.[0]?.$ref;
  if (named !== undefined) {
    const found = schemas[named.slice(named.lastIndexOf('/') + 1)];
    return found === undefined ? {} : valueOf(dice, found, schemas, depth);
  }
  if (schema.enum !== undefined && schema.enum.length > 0) return dice.pick(schema.enum);
  if (schema.properties !== undefined) {
    // Deep down little is filled in, else objects would be without end.
    const chance = Math.min(0.5, depth / 14);
    const chosen = Object.entries(schema.properties).filter(([name]) => name === 'name' || dice.is(chance));
    return Object.fromEntries(
      chosen.map(([name, one]) => [name, name === 'name' ? anyName(dice) : valueOf(dice, one, schemas, depth - 1)]),
    );
  }
  switch (schema.type) {
    case 'array':
      return dice.some(depth > 0 ? 3 : 0, () => valueOf(dice, schema.items ?? {}, schemas, depth - 1));
    case 'integer':
    case 'number':
      return dice.is(0.7) ? dice.below(100) : dice.pick(NUMBERS);
    case 'boolean':
      return dice.is(0.5);
    case 'string':
      return dice.is(0.3) ? anyName(dice) : anyText(dice);
    default: {
      const { additionalProperties } = schema;
      if (typeof additionalProperties !== 'object') return anyValue(dice);
      return Object.fromEntries(
        dice.some(3, () => [anyName(dice), valueOf(dice, additionalProperties, schemas, depth - 1)]),
      );
    }
  }
}
