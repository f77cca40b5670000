import { describe, expect, test } from 'bun:test';
import {
  type FieldSet,
  NOTHING,
  difference,
  differenceWithBelow,
  fieldsNamed,
  hasField,
  intersection,
  isEmptySet,
  isSubset,
  union,
} from './field-set.ts';

const leaf: FieldSet = {};
const ab = fieldsNamed(['a', 'b']);
const ac = fieldsNamed(['a', 'c']);
const a = fieldsNamed(['a']);

describe('a field set', () => {
  test('union holds the fields of both, and marks a field that has others below it', () => {
    expect(union(ab, ac)).toEqual({ 'f:a': { 'f:b': leaf, 'f:c': leaf } });
    expect(union(a, ab)).toEqual({ 'f:a': { '.': leaf, 'f:b': leaf } });
    expect(union(ab, a)).toEqual({ 'f:a': { '.': leaf, 'f:b': leaf } });
    expect(union(NOTHING, ab)).toBe(ab);
    expect(union(ab, NOTHING)).toBe(ab);
  });

  test('union with a part of itself is the same set, not a copy', () => {
    const both = union(ab, ac);
    expect(union(both, fieldsNamed(['a', 'c']))).toBe(both);
  });

  test('intersection holds only what both have: a parent is not its child', () => {
    expect(intersection(union(ab, ac), ac)).toEqual(ac);
    expect(isEmptySet(intersection(a, ab))).toBe(true);
    expect(intersection(union(a, ab), a)).toEqual(a);
  });

  test('difference takes no parents and no children along', () => {
    expect(difference(union(ab, ac), ac)).toEqual(ab);
    expect(difference(ab, a)).toBe(ab);
    expect(difference(a, ab)).toBe(a);
    expect(difference(union(a, ab), a)).toEqual(ab);
    expect(difference(union(a, ab), ab)).toEqual(a);
    expect(difference(ab, ab)).toEqual(NOTHING);
  });

  test('difference with what is below takes the children of a field along', () => {
    expect(differenceWithBelow(union(ab, fieldsNamed(['d'])), a)).toEqual(fieldsNamed(['d']));
    expect(differenceWithBelow(a, ab)).toBe(a);
  });

  test('subset and membership', () => {
    expect(isSubset(ac, union(ab, ac))).toBe(true);
    expect(isSubset(a, ab)).toBe(false);
    expect(isSubset(ab, a)).toBe(false);
    expect(isSubset(a, union(a, ab))).toBe(true);
    expect(hasField(union(a, ab), ['f:a'])).toBe(true);
    expect(hasField(ab, ['f:a'])).toBe(false);
    expect(hasField(ab, ['f:a', 'f:b'])).toBe(true);
    expect(hasField(ab, ['f:a', 'f:b', 'f:c'])).toBe(false);
  });
});
