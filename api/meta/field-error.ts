/** Upstream's kinds of field error; they become `causes[].reason` of a 422 Status (k8s.io/apimachinery/pkg/util/validation/field). */
export type FieldErrorType =
  | 'FieldValueNotFound'
  | 'FieldValueRequired'
  | 'FieldValueDuplicate'
  | 'FieldValueInvalid'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

/** One fault of one field. `field` is a path such as `spec.containers[0].ports[1].name`; `detail` is what follows the field in a Status message. */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  /** The whole text after `<field>: `, e.g. `Invalid value: "x": must be …` or `Required value`. */
  readonly detail: string;
}

const shown = (value: unknown): string =>
  typeof value === 'string' ? JSON.stringify(value) : value === undefined ? 'null' : JSON.stringify(value);
const withDetail = (head: string, detail: string): string => (detail === '' ? head : `${head}: ${detail}`);

/** `Invalid value: <value>: <detail>`. */
export const invalid = (field: string, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  detail: withDetail(`Invalid value: ${shown(value)}`, detail),
});
/** As `invalid`, without the value: `Invalid value: <detail>`. */
export const invalidUnshown = (field: string, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  detail: withDetail('Invalid value', detail),
});
/** As `invalid`, for a value that upstream prints in Go's own way; `shown` is that text, e.g. `[]string{"a"}`. */
export const invalidShown = (field: string, shownValue: string, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  field,
  detail: withDetail(`Invalid value: ${shownValue}`, detail),
});
/** `[]string{"a", "b"}`. */
export const goStrings = (values: readonly string[]): string =>
  `[]string{${values.map((one) => JSON.stringify(one)).join(', ')}}`;
/** One fault of `value` at `field` for each text. */
export const eachInvalid = (field: string, value: unknown, texts: readonly string[]): FieldError[] =>
  texts.map((text) => invalid(field, value, text));
/** Faults when a number is below zero; absent is no fault. */
export const nonNegative = (field: string, value: number | undefined): FieldError[] =>
  value !== undefined && value < 0 ? [invalid(field, value, 'must be greater than or equal to 0')] : [];
/** `Required value[: detail]`. */
export const requiredValue = (field: string, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  field,
  detail: withDetail('Required value', detail),
});
/** `Duplicate value: <value>`. */
export const duplicate = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  field,
  detail: `Duplicate value: ${shown(value)}`,
});
/** `Unsupported value: <value>: supported values: "a", "b"`. */
export const notSupported = (field: string, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  field,
  detail: withDetail(
    `Unsupported value: ${shown(value)}`,
    supported.length === 0 ? '' : `supported values: ${supported.map((one) => JSON.stringify(one)).join(', ')}`,
  ),
});
/** `Forbidden: <detail>`. */
export const forbidden = (field: string, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  field,
  detail: withDetail('Forbidden', detail),
});
/** `Not found: <value>`. */
export const notFound = (field: string, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  field,
  detail: `Not found: ${shown(value)}`,
});
/** `Too many: <count>: must have at most <max> items`. */
export const tooMany = (field: string, count: number, max: number): FieldError => ({
  type: 'FieldValueTooMany',
  field,
  detail: `Too many: ${count}: must have at most ${max} items`,
});
/** `Too long: must have at most <max> bytes`. */
export const tooLong = (field: string, maxBytes: number): FieldError => ({
  type: 'FieldValueTooLong',
  field,
  detail: `Too long: must have at most ${maxBytes} bytes`,
});
