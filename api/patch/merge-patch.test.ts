import { describe, expect, test } from 'bun:test';
import { StatusError } from '#api/meta/status.ts';
import { applyMergePatch, parseMergePatch } from './merge-patch.ts';

describe('applyMergePatch()', () => {
  // The cases of RFC 7386, appendix A.
  test.each([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ] as [unknown, unknown, unknown][])('%j with %j is %j', (document, patch, expected) => {
    const before = [structuredClone(document), structuredClone(patch)];
    expect(applyMergePatch(document, patch)).toEqual(expected);
    expect([document, patch]).toEqual(before);
  });
});

describe('parseMergePatch()', () => {
  test('takes objects only, and reports repeated fields', () => {
    expect(() => parseMergePatch('[]')).toThrow(
      new StatusError(
        'BadRequest',
        'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
      ),
    );
    expect(parseMergePatch('{"a":1,"a":2}')).toEqual({ patch: { a: 2 }, complaints: ['duplicate field "a"'] });
  });
});
