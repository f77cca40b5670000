import { type FieldError, invalid } from '#api/meta/field-error.ts';

const stepsBack = (path: string): boolean => path.split('/').includes('..');

/** A path may not go up. */
export const validateNoBacksteps = (path: string, field: string): FieldError[] =>
  stepsBack(path) ? [invalid(field, path, "must not contain '..'")] : [];

/** A path inside a volume: relative, and never going up. */
export const validateDescendingPath = (path: string, field: string): FieldError[] => [
  ...(path.startsWith('/') ? [invalid(field, path, 'must be a relative path')] : []),
  ...validateNoBacksteps(path, field),
];

/** As validateDescendingPath; names that begin with `..` are the volume's own. */
export const validateNonReservedPath = (path: string, field: string): FieldError[] => [
  ...validateDescendingPath(path, field),
  ...(path.startsWith('..') && !path.startsWith('../') ? [invalid(field, path, "must not start with '..'")] : []),
];
