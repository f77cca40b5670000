import { expect, test } from 'bun:test';
import { WebSocketReader, clientFrame } from './websocket-frames.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const frame = (first: number, data: Uint8Array): Uint8Array => new Uint8Array([first, data.length, ...data]);

/** A client's frame read by hand. */
function unmasked(bytes: Uint8Array, start: number): string {
  const mask = bytes.subarray(start, start + 4);
  return new TextDecoder().decode(bytes.subarray(start + 4).map((byte, at) => byte ^ (mask[at % 4] ?? 0)));
}

test('clientFrame() masks, and writes each of the three lengths', () => {
  const short = clientFrame({ type: 'text', data: text('hi') });
  expect([short[0], short[1], unmasked(short, 2)]).toEqual([0x81, 0x82, 'hi']);
  const middle = clientFrame({ type: 'binary', data: text('x'.repeat(300)) });
  expect([...middle.subarray(0, 4)]).toEqual([0x82, 0xfe, 1, 44]);
  expect(unmasked(middle, 4)).toBe('x'.repeat(300));
  const long = clientFrame({ type: 'binary', data: new Uint8Array(70_000) });
  expect([...long.subarray(0, 10)]).toEqual([0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
});

test('WebSocketReader puts fragments together, though they come byte by byte and with a ping between them', () => {
  const bytes = [
    ...frame(0x01, text('he')),
    ...frame(0x89, text('p')),
    ...frame(0x80, text('llo')),
    ...frame(0x88, text('')),
  ];
  const reader = new WebSocketReader();
  const heard = bytes.flatMap((byte) => reader.push(new Uint8Array([byte])));
  expect(heard.map(({ type, data }) => [type, new TextDecoder().decode(data)])).toEqual([
    ['ping', 'p'],
    ['text', 'hello'],
    ['close', ''],
  ]);
});

test('WebSocketReader refuses masked frames and frames without end', () => {
  expect(() => new WebSocketReader().push(new Uint8Array([0x81, 0x82]))).toThrow('masked');
  expect(() => new WebSocketReader().push(new Uint8Array([0x82, 127, 1, 0, 0, 0, 0, 0, 0, 0]))).toThrow('too long');
  expect(() => new WebSocketReader().push(new Uint8Array([0x8f, 0]))).toThrow('unknown frame 15');
});
