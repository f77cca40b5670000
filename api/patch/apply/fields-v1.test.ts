import { describe, expect, test } from 'bun:test';
import { decodeFields, eachField, inOrder } from './fields-v1.ts';
import { compareElements, keyElement, pathText, valueElement } from './path-element.ts';

describe('fieldsV1', () => {
  test('has fields by name, then items by keys, by value, by index; numbers before strings before booleans', () => {
    const elements = [
      'i:1',
      'v:true',
      'v:"a"',
      'v:10',
      'v:9',
      'k:{"name":"b"}',
      'k:{"name":"a","protocol":"TCP"}',
      'k:{"name":"a"}',
      'f:b',
      'f:B',
      '.',
    ];
    expect(elements.sort(compareElements)).toEqual([
      '.',
      'f:B',
      'f:b',
      'k:{"name":"a"}',
      'k:{"name":"a","protocol":"TCP"}',
      'k:{"name":"b"}',
      'v:9',
      'v:10',
      'v:"a"',
      'v:true',
      'i:1',
    ]);
  });

  test('orders letters as UTF-8 does, also beyond the basic plane', () => {
    expect(['f:\u{1F600}', 'f:\uFF5E', 'f:a'].sort(compareElements)).toEqual(['f:a', 'f:\uFF5E', 'f:\u{1F600}']);
  });

  test('is sorted at every level, and left alone when it is', () => {
    const sorted = inOrder({ 'f:b': { 'f:z': {}, '.': {}, 'f:a': {} }, 'f:a': {} });
    expect(JSON.stringify(sorted)).toBe('{"f:a":{},"f:b":{".":{},"f:a":{},"f:z":{}}}');
    expect(inOrder(sorted)).toBe(sorted);
  });

  test('of a client is brought to its one spelling', () => {
    const fields = { 'k:{ "b": 1, "a": "x" }': { '.': {}, 'f:n': { '.': {} } }, 'x:new': {}, 'v: "q"': {} };
    expect(decodeFields(fields)).toEqual({ 'k:{"a":"x","b":1}': { '.': {}, 'f:n': {} }, 'v:"q"': {} });
  });

  test('that cannot be read is an error', () => {
    for (const fields of [{ a: {} }, { 'k:[]': {} }, { 'v:{': {} }, { 'i:x': {} }, { 'f:a': 1 }, 'text'])
      expect(() => decodeFields(fields)).toThrow(SyntaxError);
  });

  test('paths are printed as upstream prints them', () => {
    const paths: string[] = [];
    const set = {
      'f:spec': {
        'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } },
        'f:finalizers': { 'v:"x/y"': {} },
      },
      'f:data': {},
    };
    eachField(set, (path) => paths.push(pathText(path)));
    expect(paths).toEqual([
      '.data',
      '.spec.finalizers[="x/y"]',
      '.spec.ports[port=80,protocol="TCP"]',
      '.spec.ports[port=80,protocol="TCP"].port',
    ]);
  });

  test('values are written as Go writes JSON', () => {
    expect(keyElement([['name', '<a&b>']])).toBe('k:{"name":"\\u003ca\\u0026b\\u003e"}');
    expect(valueElement(1.5)).toBe('v:1.5');
  });
});
