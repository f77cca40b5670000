import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** Answers from this size on are compressed for clients that can read them so (apiserver: defaultGzipThresholdBytes), in bytes. */
const THRESHOLD_BYTES = 128 * 1024;
/** Fast before small, as upstream (defaultGzipContentEncodingLevel). */
const LEVEL = 1;

const compress = promisify(gzip);

/** The same answer with `text` compressed, when it is large and the client accepts gzip; else `response` itself. The work is done on another thread. */
export function compressed(request: Request, text: string, response: Response): Response {
  if (text.length < THRESHOLD_BYTES || !acceptsGzip(request.headers.get('accept-encoding'))) return response;
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(await compress(text, { level: LEVEL }));
      controller.close();
    },
  });
  const { status, headers } = response;
  headers.set('content-encoding', 'gzip');
  headers.append('vary', 'Accept-Encoding');
  return new Response(body, { status, headers });
}

/** `gzip`, unless with the weight 0. */
const acceptsGzip = (accepted: string | null): boolean =>
  (accepted ?? '').split(',').some((one) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(one));
