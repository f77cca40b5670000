import { type FieldError, duplicate, forbidden, invalid, requiredValue } from '../meta/field-error.ts';
import { equalJson } from '../schema/equal.ts';
import { type JsonSchema, isObject } from '../schema/structural.ts';
import { type CelType, celTypeOf } from './cel-type.ts';
import { celValue } from './cel-value.ts';
import { CostExceeded, type CostBudget, OBJECT_BUDGET } from './cost-budget.ts';
import { CelCompileError, CelEvaluationError, type Program, compile, optionalOf } from './program.ts';
import { keyedItems } from '../schema/list-keys.ts';

/** One of `x-kubernetes-validations`, as a definition has it. */
export interface ValidationRule {
  readonly rule: string;
  readonly message?: string;
  readonly messageExpression?: string;
  readonly reason?: string;
  readonly fieldPath?: string;
  readonly optionalOldSelf?: boolean;
}

/** A rule and what became of it. `error` and `messageError` are upstream's texts for a definition that has them. */
export interface CompiledRule {
  readonly rule: ValidationRule;
  readonly program?: Program;
  readonly error?: string;
  readonly messageProgram?: Program;
  readonly messageError?: string;
  readonly usesOldSelf: boolean;
}

interface CompiledNode {
  readonly type: CelType;
  readonly rules: readonly CompiledRule[];
}

/** What expressions on a schema without a type see. */
const UNTYPED: CelType = { kind: 'dyn', name: 'dyn', minBytes: 1, maxElements: 3 * 1024 * 1024 };
/** A message that an expression makes is at most so long (upstream: MaxEvaluatedMessageExpressionSizeBytes). */
const MAX_MESSAGE_BYTES = 5 * 1024;

/** The rules as a schema has them. A schema is any JSON: what has another type counts as not there. */
export function readRules(schema: JsonSchema): readonly ValidationRule[] {
  const given = schema['x-kubernetes-validations'];
  if (!Array.isArray(given)) return [];
  return given.filter(isObject).map((raw) => {
    const text = (name: string): Readonly<Record<string, string>> => {
      const value = raw[name];
      return typeof value === 'string' ? { [name]: value } : {};
    };
    const { rule, optionalOldSelf } = raw;
    return {
      rule: typeof rule === 'string' ? rule : '',
      ...text('message'),
      ...text('messageExpression'),
      ...text('reason'),
      ...text('fieldPath'),
      ...(typeof optionalOldSelf === 'boolean' ? { optionalOldSelf } : {}),
    };
  });
}

const compiledNodes = new WeakMap<JsonSchema, CompiledNode>();

/** The rules that stand right at a schema, compiled once. `isResource`: it is the root of objects with metadata. */
export function rulesOf(schema: JsonSchema, isResource: boolean): readonly CompiledRule[] {
  return nodeOf(schema, isResource).rules;
}

function nodeOf(schema: JsonSchema, isResource: boolean): CompiledNode {
  const known = compiledNodes.get(schema);
  if (known !== undefined) return known;
  const rules = readRules(schema);
  const embedded = isResource || schema['x-kubernetes-embedded-resource'] === true;
  const type = rules.length === 0 ? UNTYPED : (celTypeOf(schema, embedded) ?? UNTYPED);
  const node = { type, rules: rules.map((rule) => compileRule(rule, type)) };
  compiledNodes.set(schema, node);
  return node;
}

const BOOL = { types: ['bool'], message: 'cel expression must evaluate to a bool' };
const STRING = { types: ['string'], message: 'messageExpression must evaluate to a string' };

function compileRule(rule: ValidationRule, type: CelType): CompiledRule {
  const variables = { self: { type }, oldSelf: { type, optional: rule.optionalOldSelf === true } };
  const tried = attempt(() => compile(rule.rule, { variables, result: BOOL }));
  const usesOldSelf = tried.program?.uses('oldSelf') ?? false;
  const text = rule.messageExpression ?? '';
  const message = text === '' ? {} : attempt(() => compile(text, { variables, result: STRING }));
  return {
    rule,
    usesOldSelf,
    ...tried,
    ...(message.program === undefined ? {} : { messageProgram: message.program }),
    ...(message.error === undefined ? {} : { messageError: `messageExpression ${message.error}` }),
  };
}

function attempt(work: () => Program): { readonly program?: Program; readonly error?: string } {
  try {
    return { program: work() };
  } catch (error) {
    if (error instanceof CelCompileError) return { error: error.message };
    throw error;
  }
}

const withRules = new WeakMap<JsonSchema, boolean>();

/** Is there a rule at a schema or anywhere in it. */
export function hasRules(schema: JsonSchema): boolean {
  const known = withRules.get(schema);
  if (known !== undefined) return known;
  const { properties, items, additionalProperties } = schema;
  const below = [items, additionalProperties, ...(isObject(properties) ? Object.values(properties) : [])];
  const found = isOwnRule(schema) || below.some((one) => isObject(one) && hasRules(one));
  withRules.set(schema, found);
  return found;
}

const isOwnRule = ({ 'x-kubernetes-validations': rules }: JsonSchema): boolean =>
  Array.isArray(rules) && rules.length > 0;

/** Told of an object as a whole: rules are not asked about what is no object of the schema. */
export const RULES_NOT_CHECKED: FieldError = {
  type: 'FieldValueInvalid',
  field: '<nil>',
  detail:
    'Invalid value: "null": some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
};

/** Where rules are checked: the value before it, when there was one that it can be compared with. */
interface Place {
  readonly path: string;
  readonly old: unknown;
  /** Set when the value was not there before, or cannot be compared. */
  readonly isNew: boolean;
}

/**
 * The faults of an object by the rules of its schema, which it must fit already. With `old` it is an update: rules of changes are asked,
 * and what has not changed is not told again (KEP-4008). Never costs more than the budget of an object.
 */
export function checkRules(object: unknown, schema: JsonSchema, old?: unknown): FieldError[] {
  if (!hasRules(schema)) return [];
  const check = new RuleCheck();
  check.look(object, schema, { path: '', old, isNew: old === undefined }, true);
  return check.errors;
}

class RuleCheck {
  readonly errors: FieldError[] = [];
  readonly #budget: CostBudget = { left: OBJECT_BUDGET };
  #isOver = false;

  look(value: unknown, schema: JsonSchema, place: Place, isResource = false): void {
    if (this.#isOver || value === null || value === undefined || !hasRules(schema)) return;
    if (isOwnRule(schema)) this.#own(value, schema, place, isResource);
    if (Array.isArray(value)) this.#items(value, schema, place);
    else if (isObject(value)) this.#fields(value, schema, place);
  }

  #items(value: readonly unknown[], schema: JsonSchema, { path, old }: Place): void {
    const { items } = schema;
    if (!isObject(items) || !hasRules(items)) return;
    const before = keyedItems(old, schema);
    for (const [index, item] of value.entries()) {
      const was = before?.find(item);
      this.look(item, items, { path: `${path}[${index}]`, old: was, isNew: was === undefined });
    }
  }

  #fields(value: Record<string, unknown>, schema: JsonSchema, { path, old }: Place): void {
    const isComparable = schema['x-kubernetes-map-type'] !== 'atomic' && isObject(old);
    const at = (name: string, childPath: string): Place => {
      const was = isComparable && Object.hasOwn(old, name) ? old[name] : undefined;
      return { path: childPath, old: was, isNew: was === undefined };
    };
    const { properties, additionalProperties } = schema;
    for (const [name, one] of Object.entries(value)) {
      const property = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (isObject(property)) this.look(one, property, at(name, path === '' ? name : `${path}.${name}`));
      else if (isObject(additionalProperties)) this.look(one, additionalProperties, at(name, `${path}[${name}]`));
    }
  }

  #own(value: unknown, schema: JsonSchema, place: Place, isResource: boolean): void {
    const { type, rules } = nodeOf(schema, isResource);
    const self = celValue(value, type);
    const oldSelf = place.isNew ? undefined : celValue(place.old, type);
    for (const compiled of rules) {
      if (this.#isOver) return;
      const isOptional = compiled.rule.optionalOldSelf === true;
      if (compiled.usesOldSelf && place.isNew && !isOptional) continue;
      const variables = { self, oldSelf: isOptional ? optionalOf(oldSelf) : (oldSelf ?? null) };
      // What has been there unchanged is let be, unless the rule is about changes.
      if (!compiled.usesOldSelf && !place.isNew && equalJson(value, place.old)) continue;
      this.#ask(compiled, variables, place.path, shownType(schema));
    }
  }

  #ask(compiled: CompiledRule, variables: Readonly<Record<string, unknown>>, path: string, shown: string): void {
    const { rule, program } = compiled;
    const says = (detail: string): void => void this.errors.push(invalid(fieldOf(path), shown, detail));
    if (program === undefined) return says(`rule compile error: ${compiled.error}`);
    if (this.#budget.left <= 0) {
      this.#isOver = true;
      return says('validation failed due to running out of cost budget, no further validation rules will be run');
    }
    try {
      if (program.run(variables, this.#budget) === true) return;
    } catch (error) {
      if (error instanceof CostExceeded) {
        this.#isOver = true;
        return says(
          `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${nameOf(rule)}`,
        );
      }
      if (!(error instanceof CelEvaluationError)) throw error;
      return says(
        error.message.startsWith('no such overload')
          ? `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${nameOf(rule)}`
          : `${error.message} evaluating rule: ${nameOf(rule)}`,
      );
    }
    const at = path + normalizedPath(rule.fieldPath ?? '', path === '');
    this.errors.push(violation(rule, fieldOf(at), shown, this.#message(compiled, variables) ?? messageOf(rule)));
  }

  /** What the rule's own expression says, when it says something fit to be told. */
  #message({ messageProgram }: CompiledRule, variables: Readonly<Record<string, unknown>>): string | undefined {
    if (messageProgram === undefined) return undefined;
    try {
      const text = messageProgram.run(variables, this.#budget);
      const trimmed = typeof text === 'string' ? text.trim() : '';
      return trimmed === '' || trimmed.length > MAX_MESSAGE_BYTES || /[\r\n]/.test(trimmed) ? undefined : trimmed;
    } catch (error) {
      if (error instanceof CelEvaluationError || error instanceof CostExceeded) return undefined;
      throw error;
    }
  }
}

const fieldOf = (path: string): string => (path === '' ? '<nil>' : path);
const shownType = (schema: JsonSchema): string => (typeof schema['type'] === 'string' ? schema['type'] : '');
const nameOf = ({ rule, message = '' }: ValidationRule): string => (message === '' ? rule.trim() : message.trim());
const messageOf = (rule: ValidationRule): string =>
  (rule.message ?? '') === '' ? `failed rule: ${nameOf(rule)}` : nameOf(rule);

/** `.a['b']` → `.a.b`, as field errors write it. */
function normalizedPath(path: string, isRoot: boolean): string {
  const normal = path.trim().replace(/\['((?:[^'\\]|\\.)*)'\]/g, '.$1');
  return isRoot ? normal.replace(/^\./, '') : normal;
}

function violation(rule: ValidationRule, field: string, shown: string, message: string): FieldError {
  switch (rule.reason) {
    case 'FieldValueForbidden':
      return forbidden(field, message);
    case 'FieldValueRequired':
      return requiredValue(field, message);
    case 'FieldValueDuplicate':
      return duplicate(field, shown);
    default:
      return invalid(field, shown, message);
  }
}
