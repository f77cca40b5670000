import { isObject } from '#api/schema/structural.ts';
import { goText } from '../patch-errors.ts';
import type { FieldType, ListType, MapType, ScalarType } from './field-type.ts';
import { elementText } from './path-element.ts';
import { type TypeFault, TypeFaults, itemElement, shapeOf, typeOfKey } from './typed-value.ts';

/**
 * Is a configuration of its type: no fields that the type has not, scalars of the right kind, items that can be told apart, and no item
 * twice. Throws TypeFaults with structured-merge-diff's texts.
 */
export function checkConfiguration(type: FieldType, configuration: Record<string, unknown>): void {
  const faults: TypeFault[] = [];
  check(type, configuration, '', faults);
  if (faults.length > 0) throw new TypeFaults(faults);
}

function check(type: FieldType, value: unknown, path: string, faults: TypeFault[]): void {
  const shape = shapeOf(type, value);
  if (value === null) return;
  switch (shape.is) {
    case 'map':
      if (isObject(value)) checkMap(shape.map, value, path, faults);
      else faults.push({ path, message: `expected map, got ${pointed(value)}` });
      return;
    case 'list':
      if (Array.isArray(value)) checkList(shape.list, value, path, faults);
      else faults.push({ path, message: `expected list, got ${pointed(value)}` });
      return;
    case 'scalar': {
      const message = scalarFault(type.scalar ?? 'untyped', value);
      if (message !== undefined) faults.push({ path, message });
    }
  }
}

function checkMap(type: MapType, map: Record<string, unknown>, path: string, faults: TypeFault[]): void {
  for (const key of Object.keys(map)) {
    const inner = typeOfKey(type, key);
    if (inner === undefined) {
      faults.push({ path: `${path}.${key}`, message: 'field not declared in schema' });
      return;
    }
    check(inner, map[key], `${path}.${key}`, faults);
  }
}

function checkList(type: ListType, list: readonly unknown[], path: string, faults: TypeFault[]): void {
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    let step = `[${index}]`;
    if (!type.atomic) {
      try {
        const element = itemElement(type, item);
        step = elementText(element);
        if (seen.has(element)) faults.push({ path, message: `duplicate entries for key ${step}` });
        seen.add(element);
      } catch (error) {
        if (!(error instanceof TypeFaults)) throw error;
        faults.push({ path, message: `element ${index}: ${error.message}` });
        return;
      }
    }
    check(type.item, item, `${path}${step}`, faults);
  }
}

function scalarFault(type: ScalarType, value: unknown): string | undefined {
  switch (type) {
    case 'numeric':
      return typeof value === 'number' ? undefined : `expected numeric (int or float), got ${goType(value)}`;
    case 'string':
      return typeof value === 'string'
        ? undefined
        : `expected string, got &value.valueUnstructured{Value:${goSyntax(value)}}`;
    case 'boolean':
      return typeof value === 'boolean' ? undefined : `expected boolean, got ${pointed(value)}`;
    case 'untyped':
      return typeof value === 'object' ? `expected any scalar, got ${pointed(value)}` : undefined;
  }
}

/** As Go's `%v` prints a pointer to the struct that holds the value. */
const pointed = (value: unknown): string => `&{${goText(value)}}`;

/** As Go's `%T`. */
function goType(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'object' ? 'map[string]interface {}' : typeof value;
}

/** As Go's `%#v`. */
function goSyntax(value: unknown): string {
  if (value === null || value === undefined) return 'interface {}(nil)';
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`;
  if (!isObject(value)) return JSON.stringify(value);
  const entries = Object.keys(value).sort();
  return `map[string]interface {}{${entries.map((key) => `${JSON.stringify(key)}:${goSyntax(value[key])}`).join(', ')}}`;
}
