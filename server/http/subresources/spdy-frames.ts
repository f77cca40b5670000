import { createDeflate, createInflate, constants, type Deflate, type Inflate } from 'node:zlib';

/**
 * As much of SPDY/3.1 as port-forward needs (kubectl speaks it inside a WebSocket, KEP-4006): streams with headers, data, FIN, RST, PING.
 * Frame layouts: SPDY protocol draft 3.1, section 2.2 and 2.6.
 */
export type SpdyFrame =
  | {
      readonly type: 'open';
      readonly stream: number;
      readonly headers: ReadonlyMap<string, string>;
      readonly fin: boolean;
    }
  | { readonly type: 'data'; readonly stream: number; readonly data: Uint8Array; readonly fin: boolean }
  | { readonly type: 'reset'; readonly stream: number }
  | { readonly type: 'ping'; readonly id: number }
  | { readonly type: 'other' };

const SYN_STREAM = 1;
const SYN_REPLY = 2;
const RST_STREAM = 3;
const PING = 6;
const FLAG_FIN = 1;
const HEADER_BYTES = 8;
/** Larger frames are refused: kubectl sends 32 KiB. */
const MAX_FRAME_BYTES = 1024 * 1024;

/** The dictionary that SPDY/3 headers are compressed with (SPDY protocol draft 3.1, 2.6.10.1): words with their lengths, then a text. */
const DICTIONARY_WORDS =
  'options|head|post|put|delete|trace|accept|accept-charset|accept-encoding|accept-language|accept-rang' +
  'es|age|allow|authorization|cache-control|connection|content-base|content-encoding|content-language|c' +
  'ontent-length|content-location|content-md5|content-range|content-type|date|etag|expect|expires|from|' +
  'host|if-match|if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|location|ma' +
  'x-forwards|pragma|proxy-authenticate|proxy-authorization|range|referer|retry-after|server|te|trailer' +
  '|transfer-encoding|upgrade|user-agent|vary|via|warning|www-authenticate|method|get|status|200 OK|ver' +
  'sion|HTTP/1.1|url|public|set-cookie|keep-alive|origin';
const DICTIONARY_TEXT =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Au' +
  'thoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidd' +
  'en404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr Ma' +
  'y Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,imag' +
  'e/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicpri' +
  'vatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';
/** The dictionary as bytes. */
export const SPDY_DICTIONARY = Buffer.concat([
  ...DICTIONARY_WORDS.split('|').map((word) => {
    const entry = Buffer.alloc(4 + word.length);
    entry.writeUInt32BE(word.length);
    entry.write(word, 4, 'latin1');
    return entry;
  }),
  Buffer.from(DICTIONARY_TEXT, 'latin1'),
]);

/** Cuts a byte stream into frames. One header compression context a direction and connection, so frames must be taken in order. */
export class SpdyReader {
  readonly #headers = new HeaderInflater();
  #held: Uint8Array<ArrayBufferLike> = new Uint8Array();

  /** The frames that are complete with `bytes`. Throws when the bytes are no SPDY. */
  async push(bytes: Uint8Array): Promise<SpdyFrame[]> {
    let data = this.#held.length === 0 ? bytes : Buffer.concat([this.#held, bytes]);
    const frames: SpdyFrame[] = [];
    while (data.length >= HEADER_BYTES) {
      const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
      const length = view.getUint32(4) & 0xff_ff_ff;
      if (length > MAX_FRAME_BYTES) throw new Error(`Cannot read a SPDY frame: ${length} bytes are too many`);
      if (data.length < HEADER_BYTES + length) break;
      frames.push(await this.#frame(view, data.subarray(HEADER_BYTES, HEADER_BYTES + length)));
      data = data.subarray(HEADER_BYTES + length);
    }
    this.#held = data.slice();
    return frames;
  }

  async #frame(head: DataView, payload: Uint8Array): Promise<SpdyFrame> {
    const fin = (head.getUint8(4) & FLAG_FIN) !== 0;
    const first = head.getUint32(0);
    if (first < 0x80_00_00_00) return { type: 'data', stream: first, data: payload.slice(), fin };
    const body = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    switch (first & 0xff_ff) {
      case SYN_STREAM:
        return {
          type: 'open',
          stream: body.getUint32(0) & 0x7f_ff_ff_ff,
          headers: parseHeaders(await this.#headers.inflate(payload.subarray(10))),
          fin,
        };
      case RST_STREAM:
        return { type: 'reset', stream: body.getUint32(0) & 0x7f_ff_ff_ff };
      case PING:
        return { type: 'ping', id: body.getUint32(0) };
      default:
        return { type: 'other' };
    }
  }
}

/** Makes the frames of the answering side. */
export class SpdyWriter {
  readonly #deflate = new HeaderDeflater();

  /** Accepts a stream; no headers. */
  async reply(stream: number): Promise<Uint8Array<ArrayBuffer>> {
    const headers = await this.#deflate.deflate(new Uint8Array(4));
    const payload = new Uint8Array(4 + headers.length);
    new DataView(payload.buffer).setUint32(0, stream);
    payload.set(headers, 4);
    return control(SYN_REPLY, payload);
  }

  data(stream: number, data: Uint8Array, fin: boolean): Uint8Array<ArrayBuffer> {
    const frame = new Uint8Array(HEADER_BYTES + data.length);
    const view = new DataView(frame.buffer);
    view.setUint32(0, stream);
    view.setUint32(4, data.length);
    if (fin) view.setUint8(4, FLAG_FIN);
    frame.set(data, HEADER_BYTES);
    return frame;
  }

  /** `status` 1 = protocol error, 3 = refused, 5 = cancel. */
  reset(stream: number, status: number): Uint8Array<ArrayBuffer> {
    const payload = new Uint8Array(8);
    const view = new DataView(payload.buffer);
    view.setUint32(0, stream);
    view.setUint32(4, status);
    return control(RST_STREAM, payload);
  }

  ping(id: number): Uint8Array<ArrayBuffer> {
    const payload = new Uint8Array(4);
    new DataView(payload.buffer).setUint32(0, id);
    return control(PING, payload);
  }
}

function control(type: number, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint32(0, (0x80_03_00_00 | type) >>> 0);
  view.setUint32(4, payload.length);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Name/value block: count, then length-prefixed names and values. Values of one name are joined by NUL; the first counts. */
function parseHeaders(block: Uint8Array): Map<string, string> {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const headers = new Map<string, string>();
  let offset = 4;
  const text = (): string => {
    const length = view.getUint32(offset);
    const value = Buffer.from(block.subarray(offset + 4, offset + 4 + length)).toString();
    offset += 4 + length;
    return value;
  };
  for (let left = view.getUint32(0); left > 0; left--) {
    const name = text().toLowerCase();
    headers.set(name, text().split('\0')[0] ?? '');
  }
  return headers;
}

/** zlib streams that are flushed after each block: the two sides' dictionaries grow together. */
class HeaderInflater {
  readonly #zlib: Inflate = createInflate({ dictionary: SPDY_DICTIONARY });
  inflate(bytes: Uint8Array): Promise<Uint8Array> {
    return throughZlib(this.#zlib, bytes);
  }
}
class HeaderDeflater {
  readonly #zlib: Deflate = createDeflate({ dictionary: SPDY_DICTIONARY });
  deflate(bytes: Uint8Array): Promise<Uint8Array> {
    return throughZlib(this.#zlib, bytes);
  }
}

function throughZlib(zlib: Inflate | Deflate, bytes: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    const take = (part: Buffer) => parts.push(part);
    const end = () => {
      zlib.off('data', take);
      zlib.off('error', fail);
    };
    const fail = (error: Error) => {
      end();
      reject(error);
    };
    zlib.on('data', take);
    zlib.on('error', fail);
    zlib.write(bytes);
    zlib.flush(constants.Z_SYNC_FLUSH, () => {
      end();
      resolve(Buffer.concat(parts));
    });
  });
}
