import { type FieldError, invalidShown, nonNegative } from '#api/meta/field-error.ts';
import { percentString } from '#api/meta/names.ts';

/** How upstream prints an int-or-string in a message. */
export const goIntOrString = (value: number | string): string =>
  typeof value === 'number'
    ? `intstr.IntOrString{Type:0, IntVal:${value}, StrVal:""}`
    : `intstr.IntOrString{Type:1, IntVal:0, StrVal:${JSON.stringify(value)}}`;

/** The number in front of a percent sign, the number itself, or 0 for what is neither. */
export const amountOf = (value: number | string): number => {
  if (typeof value === 'number') return value;
  return /^\d+%?$/.test(value) ? Number.parseInt(value, 10) : 0;
};

/** Faults of what must be a number of pods, not negative, or a percentage of them. */
export const validateIntOrPercent = (value: number | string, path: string): FieldError[] =>
  typeof value === 'number'
    ? nonNegative(path, value)
    : percentString(value).map((text) => invalidShown(path, goIntOrString(value), text));

/** A fault when it is a percentage of more than 100. */
export const notMoreThan100Percent = (value: number | string, path: string): FieldError[] =>
  typeof value === 'string' && value.endsWith('%') && amountOf(value) > 100
    ? [invalidShown(path, goIntOrString(value), 'must not be greater than 100%')]
    : [];
