import { type CelType, celTypeOf } from '#api/cel/cel-type.ts';
import { type CompiledRule, readRules, rulesOf } from '#api/cel/validation-rules.ts';
import {
  type FieldError,
  forbidden,
  invalid,
  invalidShown,
  notSupported,
  requiredValue,
} from '#api/meta/field-error.ts';
import type { JsonSchema } from '#api/schema/structural.ts';
import { fieldOfSchema } from './field-path.ts';

/** The most that one expression, and all of a schema, may cost by estimate (upstream: StaticEstimatedCostLimit, StaticEstimatedCRDCostLimit). */
const EXPRESSION_LIMIT = 10_000_000;
const SCHEMA_LIMIT = 100_000_000;
/** So many of the dearest expressions are named. */
const NAMED = 4;

const REASONS = ['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'];

const hasNewlines = (text: string): boolean => /[\r\n]/.test(text);

/** The faults of how rules at a schema are written, without looking at what their expressions mean. */
export function ruleFormFaults(schema: JsonSchema, path: string): FieldError[] {
  const errors: FieldError[] = [];
  for (const [index, given] of readRules(schema).entries()) {
    const at = `${path}.x-kubernetes-validations[${index}]`;
    const { rule, message = '', messageExpression = '', fieldPath = '', reason } = given;
    const said = message.trim();
    if (rule.trim() === '') errors.push(requiredValue(`${at}.rule`, 'rule is not specified'));
    else if (message !== '' && said === '')
      errors.push(invalid(`${at}.message`, message, 'message must be non-empty if specified'));
    else if (hasNewlines(said)) errors.push(invalid(`${at}.message`, message, 'message must not contain line breaks'));
    else if (hasNewlines(rule.trim()) && said === '')
      errors.push(requiredValue(`${at}.message`, 'message must be specified if rule contains line breaks'));
    if (messageExpression !== '' && messageExpression.trim() === '')
      errors.push(requiredValue(`${at}.messageExpression`, 'messageExpression must be non-empty if specified'));
    if (reason !== undefined && !REASONS.includes(reason)) errors.push(notSupported(`${at}.reason`, reason, REASONS));
    const wrong = (detail: string): void => void errors.push(invalid(`${at}.fieldPath`, fieldPath, detail));
    if (fieldPath !== '' && fieldPath.trim() === '') wrong('fieldPath must be non-empty if specified');
    if (hasNewlines(fieldPath)) wrong('fieldPath must not contain line breaks');
    if (fieldPath !== '' && fieldOfSchema(fieldPath, schema, true).error !== undefined)
      wrong('fieldPath must be a valid path');
  }
  return errors;
}

/** What rules at a schema are told by where they stand. */
export interface RulePlace {
  /** The part of the schema whose values cannot be compared with older ones. */
  readonly uncorrelatable?: string;
  /** How often values of this schema may stand in an object. */
  readonly times: number;
  readonly isResource: boolean;
}

/** Adds up what the rules of a schema cost. */
export class CostTotal {
  #total = 0;
  readonly #expressions: { readonly path: string; readonly cost: number }[] = [];

  add(path: string, cost: number): void {
    this.#total += cost;
    this.#expressions.push({ path, cost });
  }

  /** Told when all rules together cost too much; `path` is the whole schema's. */
  faults(path: string): FieldError[] {
    if (this.#total <= SCHEMA_LIMIT) return [];
    const dearest = this.#expressions.toSorted((a, b) => b.cost - a.cost).slice(0, NAMED);
    return [
      ...dearest.map((one) =>
        forbidden(
          one.path,
          'contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema',
        ),
      ),
      forbidden(
        path,
        tooDear(
          'x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema',
          this.#total,
          SCHEMA_LIMIT,
        ),
      ),
    ];
  }
}

function tooDear(what: string, cost: number, limit: number): string {
  const factor = cost / limit;
  const shown = factor > 100 ? 'more than 100x' : factor < 1.5 ? `${factor.toFixed(6)}x` : `${factor.toFixed(1)}x`;
  return `${what} exceeds budget by factor of ${shown} (try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)`;
}

/** The faults of the expressions at a schema: what does not compile, and what may cost too much. */
export function expressionFaults(schema: JsonSchema, path: string, place: RulePlace, total: CostTotal): FieldError[] {
  if (readRules(schema).length === 0) return [];
  return rulesOf(schema, place.isResource).flatMap((compiled, index) =>
    oneRule(compiled, `${path}.x-kubernetes-validations[${index}]`, place, total),
  );
}

function oneRule(compiled: CompiledRule, at: string, place: RulePlace, total: CostTotal): FieldError[] {
  const errors: FieldError[] = [];
  const { rule, program, messageProgram } = compiled;
  const shown = `apiextensions.ValidationRule{Rule:${JSON.stringify(rule.rule)}, Message:${JSON.stringify(rule.message ?? '')}}`;
  const estimate = (cost: number | undefined, field: string, what: string): void => {
    if (cost === undefined) return;
    if (cost > EXPRESSION_LIMIT) errors.push(forbidden(field, tooDear(what, cost, EXPRESSION_LIMIT)));
    total.add(field, cost);
  };
  estimate(
    program === undefined ? undefined : program.estimatedCost * place.times,
    `${at}.rule`,
    'estimated rule cost',
  );
  if (compiled.error !== undefined) errors.push(invalidShown(`${at}.rule`, shown, compiled.error));
  if (compiled.messageError !== undefined)
    errors.push(invalidShown(`${at}.messageExpression`, shown, compiled.messageError));
  else estimate(messageProgram?.estimatedCost, `${at}.messageExpression`, 'estimated messageExpression cost');
  if (compiled.usesOldSelf && place.uncorrelatable !== undefined)
    errors.push(
      invalid(
        `${at}.rule`,
        rule.rule,
        `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelatable}`,
      ),
    );
  else if (!compiled.usesOldSelf && rule.optionalOldSelf !== undefined && program !== undefined)
    errors.push(
      invalid(`${at}.optionalOldSelf`, rule.optionalOldSelf, 'may not be set if oldSelf is not used in rule'),
    );
  return errors;
}

/** How many items or values of a list or map there may be; 1 for what has none. */
export function maxElements(schema: JsonSchema): number {
  const type: CelType | undefined = celTypeOf(schema);
  return type?.kind === 'list' || type?.kind === 'map' ? Math.max(1, type.maxElements) : 1;
}
