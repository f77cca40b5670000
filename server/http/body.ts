import { StatusError, badRequest } from '#api/meta/status.ts';
import { entityTooLarge } from './status-response.ts';

/** Upstream: MaxRequestBodyBytes. */
export const MAX_BODY_BYTES = 3 * 1024 * 1024;

/** Reads the whole body, at most 3 MB of it. Rejects with 413. */
export async function readBody(request: Request): Promise<Uint8Array> {
  const length = request.headers.get('content-length');
  if (length !== null) {
    if (Number(length) > MAX_BODY_BYTES) throw entityTooLarge(MAX_BODY_BYTES);
    return whole(request.bytes());
  }
  return request.body === null ? new Uint8Array() : whole(readStream(request.body));
}

/** A client that goes away, or sends too slowly, leaves a body without an end. */
async function whole(body: Promise<Uint8Array>): Promise<Uint8Array> {
  try {
    return await body;
  } catch (error) {
    throw error instanceof StatusError ? error : badRequest('unexpected EOF');
  }
}

/** A body of unknown length: it is counted as it comes, so that nobody fills the memory with one. */
async function readStream(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    size += value.byteLength;
    if (size > MAX_BODY_BYTES) {
      await reader.cancel();
      throw entityTooLarge(MAX_BODY_BYTES);
    }
    chunks.push(value);
  }
}

/** The media type of the body without its parameters, lower-case; `''` when there is none. */
export const mediaType = (request: Request): string =>
  (request.headers.get('content-type')?.split(';', 1)[0] ?? '').trim().toLowerCase();
