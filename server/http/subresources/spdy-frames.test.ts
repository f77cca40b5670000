import { expect, test } from 'bun:test';
import { constants, createDeflate } from 'node:zlib';
import { SPDY_DICTIONARY, SpdyReader, SpdyWriter } from './spdy-frames.ts';

/** Adler-32, which zlib puts into its header to name the dictionary. */
function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const byte of bytes) {
    a = (a + byte) % 65_521;
    b = (b + a) % 65_521;
  }
  return ((b << 16) | a) >>> 0;
}

/** What a client sends to open a stream. The deflater lives as long as the connection. */
function opener(): (stream: number, headers: Record<string, string>) => Promise<Uint8Array> {
  const deflate = createDeflate({ dictionary: SPDY_DICTIONARY });
  return async (stream, headers) => {
    const number = (value: number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    };
    const text = (value: string) => Buffer.concat([number(value.length), Buffer.from(value)]);
    const pairs = Object.entries(headers).flatMap(([name, value]) => [text(name), text(value)]);
    const block = Buffer.concat([number(pairs.length / 2), ...pairs]);
    const compressed = await new Promise<Buffer>((resolve) => {
      const parts: Buffer[] = [];
      const take = (part: Buffer) => parts.push(part);
      deflate.on('data', take);
      deflate.write(block);
      deflate.flush(constants.Z_SYNC_FLUSH, () => {
        deflate.off('data', take);
        resolve(Buffer.concat(parts));
      });
    });
    const payload = Buffer.concat([number(stream), number(0), Buffer.alloc(2), compressed]);
    return Buffer.concat([number(0x80_03_00_01), number(payload.length), payload]);
  };
}

test("the dictionary is SPDY/3's: 1,423 bytes with the Adler-32 e3c6a7c2", () => {
  expect(SPDY_DICTIONARY.length).toBe(1423);
  expect(adler32(SPDY_DICTIONARY).toString(16)).toBe('e3c6a7c2');
});

test('SpdyReader reads streams whose headers share one compression context, however the bytes are cut', async () => {
  const open = opener();
  const bytes = Buffer.concat([
    await open(1, { streamtype: 'error', port: '80', requestid: '0' }),
    await open(3, { streamtype: 'data', port: '80', requestid: '0' }),
    new SpdyWriter().data(3, Buffer.from('hello'), true),
    new SpdyWriter().ping(7),
  ]);
  for (const size of [1, 7, bytes.length]) {
    const reader = new SpdyReader();
    const frames = [];
    for (let offset = 0; offset < bytes.length; offset += size)
      frames.push(...(await reader.push(bytes.subarray(offset, offset + size))));
    expect(frames.map((frame) => frame.type)).toEqual(['open', 'open', 'data', 'ping']);
    const [first, second, data] = frames;
    expect(first?.type === 'open' && [first.stream, first.headers.get('streamtype')]).toEqual([1, 'error']);
    expect(second?.type === 'open' && Object.fromEntries(second.headers)).toEqual({
      streamtype: 'data',
      port: '80',
      requestid: '0',
    });
    expect(data?.type === 'data' && [Buffer.from(data.data).toString(), data.fin]).toEqual(['hello', true]);
  }
});

test('SpdyReader refuses bytes that are no SPDY', () => {
  expect(new SpdyReader().push(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).rejects.toThrow('Cannot read a SPDY frame');
});
