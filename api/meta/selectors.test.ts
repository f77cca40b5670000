import { expect, test } from 'bun:test';
import { parseLabelSelector } from './selector-parser.ts';
import {
  formatRequirements,
  labelSelectorMatcher,
  matchesLabels,
  parseFieldSelector,
  requirementsOf,
  validateLabelSelector,
} from './selectors.ts';

const LABELS = { app: 'web', tier: 'front', size: '7' };

test.each([
  ['', true],
  ['app=web', true],
  ['app==web,tier!=back', true],
  ['app in (api, web)', true],
  ['app notin (web)', false],
  ['app', true],
  ['!app', false],
  ['!missing', true],
  ['missing=', false],
  ['missing!=x', true],
  ['size>6', true],
  ['size<7', false],
  ['app>1', false],
  ['app in ()', false],
  ['in in (in)', false],
])('parseLabelSelector(%p) matches app=web,size=7,tier=front: %p', (text, matches) => {
  expect(matchesLabels(parseLabelSelector(text), LABELS)).toBe(matches);
});

// Recorded from kube-apiserver.
test.each([
  ['n=a=b', "found '=', expected: ',' or 'end of string'"],
  ['n in (a', "unable to parse requirement: found '', expected: ',' or ')'"],
  ['=x', "found '=', expected: !, identifier, or 'end of string'"],
  ['x y', "unable to parse requirement: found 'y', expected: in, notin, =, ==, !=, gt, lt"],
  ['N!=z,', "found '', expected: identifier after ','"],
])('parseLabelSelector(%p) throws: %s', (text, message) => {
  expect(() => parseLabelSelector(text)).toThrow(message);
});

test('a selector is written sorted by key, as /scale shows it', () => {
  const selector = {
    matchLabels: { b: '2', a: '1' },
    matchExpressions: [
      { key: 'c', operator: 'In', values: ['y', 'x'] },
      { key: 'd', operator: 'DoesNotExist' },
    ],
  };
  expect(formatRequirements(requirementsOf(selector) ?? [])).toBe('a=1,b=2,c in (x,y),!d');
});

test('labelSelectorMatcher() selects nothing without a selector and everything with an empty one', () => {
  expect(labelSelectorMatcher(undefined)(LABELS)).toBe(false);
  expect(labelSelectorMatcher({})(LABELS)).toBe(true);
  expect(labelSelectorMatcher({ matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web'] }] })(LABELS)).toBe(
    false,
  );
});

test('parseFieldSelector() reads terms and escapes, and refuses what has no operator', () => {
  expect(parseFieldSelector('metadata.name=a,status.phase!=Running')).toEqual([
    { field: 'metadata.name', operator: '=', value: 'a' },
    { field: 'status.phase', operator: '!=', value: 'Running' },
  ]);
  expect(parseFieldSelector('a==x\\,y\\=z')).toEqual([{ field: 'a', operator: '=', value: 'x,y=z' }]);
  expect(parseFieldSelector('=')).toEqual([]);
  expect(() => parseFieldSelector('metadata.name')).toThrow(
    "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
  );
  expect(() => parseFieldSelector('a=b=c')).toThrow('unescaped character in value: =');
});

test('validateLabelSelector() names the operator that it does not know and the values that are missing', () => {
  const selector = {
    matchExpressions: [
      { key: 'a', operator: 'In' },
      { key: 'b', operator: 'Near', values: ['x'] },
    ],
  };
  expect(validateLabelSelector(selector, 'spec.selector').map(({ field, type }) => `${type} ${field}`)).toEqual([
    'FieldValueRequired spec.selector.matchExpressions[0].values',
    'FieldValueInvalid spec.selector.matchExpressions[1].operator',
  ]);
});
