import { describe, expect, test } from 'bun:test';
import { StatusError } from '#api/meta/status.ts';
import { applyJsonPatch, parseJsonPatch } from './json-patch.ts';
import { goText, patchedObjectInvalid } from './patch-errors.ts';

const document = { metadata: { name: 'd', labels: { app: 'd' } }, spec: { replicas: 0, list: ['a', 'b'] } };
const refusal = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof StatusError) return `${error.code} ${error.reason} ${error.message}`;
    throw error;
  }
  return 'accepted';
};
const rejected = '422 Invalid the server rejected our request due to an error in our request';

describe('applyJsonPatch()', () => {
  test('applies each operation to the outcome of the one before, and leaves the document alone', () => {
    const before = structuredClone(document);
    const patched = applyJsonPatch(document, [
      { op: 'test', path: '/spec/replicas', value: 0 },
      { op: 'replace', path: '/spec/replicas', value: 3 },
      { op: 'add', path: '/metadata/labels/a~1b~0c', value: 'x' },
      { op: 'copy', from: '/metadata/labels/app', path: '/metadata/labels/copied' },
      { op: 'move', from: '/metadata/labels/a~1b~0c', path: '/metadata/labels/moved' },
      { op: 'add', path: '/spec/list/-', value: 'd' },
      { op: 'add', path: '/spec/list/2', value: 'c' },
      { op: 'remove', path: '/spec/list/0' },
      { op: 'remove', path: '/metadata/labels/app' },
    ]);
    expect(patched).toEqual({
      metadata: { name: 'd', labels: { copied: 'd', moved: 'x' } },
      spec: { replicas: 3, list: ['b', 'c', 'd'] },
    });
    expect(document).toEqual(before);
  });

  test('replaces what is not there in an object, as the API server does', () => {
    expect(applyJsonPatch({ spec: {} }, [{ op: 'replace', path: '/spec/replicas', value: 1 }])).toEqual({
      spec: { replicas: 1 },
    });
  });

  test.each([
    [{ op: 'remove', path: '/metadata/labels/none' }],
    [{ op: 'test', path: '/spec/replicas', value: 5 }],
    [{ op: 'add', path: '/spec/list/7', value: 'x' }],
    [{ op: 'add', path: '/spec/list/01', value: 'x' }],
    [{ op: 'add', path: '/none/x', value: 'x' }],
    [{ op: 'frob', path: '/x' }],
    [{ op: 'replace', path: 'nope', value: 1 }],
    [{ op: 'copy', from: '/spec/none', path: '/x' }],
    [{ op: 'add', path: '/spec/replicas/x', value: 1 }],
    [{ op: 'replace', value: 1 }],
  ])('refuses %j without telling why', (operation) => {
    expect(refusal(() => applyJsonPatch(document, [operation]))).toBe(rejected);
  });

  test('sets no prototype', () => {
    const patched = applyJsonPatch({}, [{ op: 'add', path: '/__proto__', value: { polluted: true } }]);
    expect(JSON.stringify(patched)).toBe('{"__proto__":{"polluted":true}}');
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('parseJsonPatch()', () => {
  test('answers malformed patches as kube-apiserver', () => {
    expect(refusal(() => parseJsonPatch('{}'))).toBe(
      '400 BadRequest error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    );
    expect(refusal(() => parseJsonPatch('nope'))).toBe(
      "400 BadRequest error decoding patch: invalid character 'o' in literal null (expecting 'u')",
    );
    expect(refusal(() => parseJsonPatch(JSON.stringify(Array(10_001).fill({}))))).toStartWith(
      '413 RequestEntityTooLarge',
    );
  });

  test('complains of fields that an operation does not have', () => {
    expect(parseJsonPatch('[{"op":"add","path":"/x","value":1,"foo":2}]').complaints).toEqual([
      'json patch unknown field "[0].foo"',
    ]);
  });
});

test('patchedObjectInvalid() reads as upstream, with no kind in its details', () => {
  const error = patchedObjectInvalid(goText({ foo: 1 }), 'strict decoding error: unknown field "foo"');
  expect(error.message).toBe(
    ' "" is invalid: patch: Invalid value: "map[foo:1]": strict decoding error: unknown field "foo"',
  );
  expect(error.details).toEqual({
    causes: [
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: "map[foo:1]": strict decoding error: unknown field "foo"',
        field: 'patch',
      },
    ],
  });
});
