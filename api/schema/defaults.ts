import type { TSchema } from './builders.ts';
import { type JsonSchema, isObject, setOwn } from './structural.ts';

/** Adds the defaults of one schema to a value in place. */
type Filler = (value: unknown) => void;

const fillers = new WeakMap<object, Filler | 'under way'>();

/**
 * Adds the `default`s of a schema to `object`, in place: only within objects and list items that exist, and to fields that are absent
 * (or null and not nullable). A default that is an object gets the defaults inside it as well. Serves built-in kinds and CRDs.
 */
export function applySchemaDefaults(schema: TSchema | JsonSchema, object: unknown): void {
  fillerOf(schema)?.(object);
}

/** Undefined when nothing below the schema has a default, so that whole kinds cost nothing. */
function fillerOf(schema: JsonSchema): Filler | undefined {
  const known = fillers.get(schema);
  if (known === 'under way') return (value) => applySchemaDefaults(schema, value);
  if (known !== undefined) return known === nothing ? undefined : known;
  fillers.set(schema, 'under way');
  const made = compile(schema);
  fillers.set(schema, made ?? nothing);
  return made;
}

const nothing: Filler = () => undefined;

function compile(schema: JsonSchema): Filler | undefined {
  if (isObject(schema['items'])) {
    const fill = fillerOf(schema['items']);
    if (fill === undefined) return undefined;
    return (value) => {
      if (Array.isArray(value)) for (const item of value) fill(item);
    };
  }
  const known = compileProperties(schema);
  const rest = mapValues(schema);
  const fillRest = rest === undefined ? undefined : fillerOf(rest);
  const names = new Set(known.map(({ name }) => name));
  if (fillRest === undefined && known.length === 0) return undefined;
  return (value) => {
    if (!isObject(value)) return;
    for (const { name, initial, nullable, fill } of known) {
      const absent = !Object.hasOwn(value, name) || value[name] === undefined || (value[name] === null && !nullable);
      if (absent) {
        if (initial === undefined) continue;
        setOwn(value, name, structuredClone(initial));
      }
      fill?.(value[name]);
    }
    if (fillRest === undefined) return;
    for (const name of Object.keys(value)) if (!names.has(name)) fillRest(value[name]);
  };
}

interface KnownProperty {
  readonly name: string;
  readonly initial: unknown;
  readonly nullable: boolean;
  readonly fill: Filler | undefined;
}

function compileProperties(schema: JsonSchema): KnownProperty[] {
  const properties = schema['properties'];
  if (!isObject(properties)) return [];
  const known: KnownProperty[] = [];
  for (const [name, property] of Object.entries(properties)) {
    if (!isObject(property)) continue;
    const fill = fillerOf(property);
    if (property['default'] !== undefined || fill !== undefined) {
      known.push({ name, initial: property['default'], nullable: property['nullable'] === true, fill });
    }
  }
  return known;
}

function mapValues(schema: JsonSchema): JsonSchema | undefined {
  if (isObject(schema['additionalProperties'])) return schema['additionalProperties'];
  const patterns = schema['patternProperties'];
  const first = isObject(patterns) ? Object.values(patterns)[0] : undefined;
  return isObject(first) ? first : undefined;
}
