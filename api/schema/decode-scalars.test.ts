import { describe, expect, test } from 'bun:test';
import { DecodeError, decodeBase64, decodeQuantity, decodeTime } from './decode-scalars.ts';

const refusal = (run: () => unknown): string => {
  try {
    return `accepted ${String(run())}`;
  } catch (error) {
    if (error instanceof DecodeError) return error.message;
    throw error;
  }
};

describe('decodeTime()', () => {
  test.each([
    ['2026-11-21T07:00:00Z', false, '2026-11-21T07:00:00Z'],
    ['2026-11-21T07:00:00.999Z', false, '2026-11-21T07:00:00Z'],
    ['2026-11-21T00:30:00+01:00', false, '2026-11-20T23:30:00Z'],
    ['2026-11-21T07:00:00.1234567Z', true, '2026-11-21T07:00:00.123456Z'],
    ['2026-11-21T07:00:00Z', true, '2026-11-21T07:00:00.000000Z'],
    ['0001-01-01T00:00:00Z', false, undefined],
  ] as [string, boolean, string | undefined][])('%s (micro: %p) is %p', (text, micro, expected) => {
    expect(decodeTime(text, micro)).toBe(expected as string);
  });

  test("refuses in Go's words", () => {
    const layout = '"2006-01-02T15:04:05Z07:00"';
    expect(refusal(() => decodeTime('2026-11-21', false))).toBe(
      `parsing time "2026-11-21" as ${layout}: cannot parse "" as "T"`,
    );
    expect(refusal(() => decodeTime('2026-11-21T07:00:00', false))).toBe(
      `parsing time "2026-11-21T07:00:00" as ${layout}: cannot parse "" as "Z07:00"`,
    );
    expect(refusal(() => decodeTime('2026-02-30T07:00:00Z', false))).toBe(
      'parsing time "2026-02-30T07:00:00Z": day out of range',
    );
    expect(refusal(() => decodeTime('2026-11-21T07:00:00Zx', false))).toBe(
      'parsing time "2026-11-21T07:00:00Zx": extra text: "x"',
    );
  });
});

describe('decodeBase64()', () => {
  test('takes the standard alphabet with padding, and drops line ends', () => {
    expect(['', 'eA==', 'eHg=', 'eHh4', 'e\nA=\r\n=\n'].map(decodeBase64)).toEqual([
      '',
      'eA==',
      'eHg=',
      'eHh4',
      'eA==',
    ]);
  });

  test.each([
    ['1', 0],
    ['not base64!', 3],
    ['eA', 0],
    ['eA=', 3],
    ['eA=x', 3],
    ['eA==x', 4],
    ['=', 0],
    ['ä', 0],
  ])('refuses %j at byte %d', (text, at) => {
    expect(refusal(() => decodeBase64(text))).toBe(`illegal base64 data at input byte ${at}`);
  });
});

describe('decodeQuantity()', () => {
  test('answers the canonical text, and refuses the rest', () => {
    expect(['1000m', 0.5, '1024Mi', '0', '1e3'].map(decodeQuantity)).toEqual(['1', '500m', '1Gi', '0', '1e3']);
    expect(refusal(() => decodeQuantity(' 1'))).toStartWith('quantities must match');
    expect(refusal(() => decodeQuantity(true))).toStartWith('quantities must match');
  });
});
