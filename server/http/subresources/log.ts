import { type FieldError, forbidden, invalid } from '#api/meta/field-error.ts';
import { StatusError, badRequest, invalidError } from '#api/meta/status.ts';
import { parseTime } from '#api/meta/time.ts';
import type { StreamRequest } from '#api/wire/frames.ts';
import type { StreamEnding, WireStream } from '#api/wire/wire-stream.ts';
import { type NodeStreamParts, containerOf, flagOf, podOf } from './pod-container.ts';
import type { Subresource } from './subresource.ts';

/** pods/log: text, as it is or as it comes. */
export const logSubresource = (parts: NodeStreamParts): Subresource => ({
  resource: 'pods',
  name: 'log',
  methods: ['GET'],
  verbs: ['get'],
  async handle({ request, url, namespace, name }) {
    const pod = podOf(parts, namespace, name);
    const options = logOptions(url, name);
    const container = containerOf(pod, url.searchParams.get('container'));
    const { nodeName = '' } = pod.spec ?? {};
    // Upstream: a pod without a node has an empty log.
    if (nodeName === '') return new Response(null, { status: 204 });
    const path = await parts.nodes.find(nodeName);
    const stream = path.open({ verb: 'logs', namespace, pod: name, container, ...options });
    void stream.ended.then(() => path.close());
    const abort = () => stream.close();
    request.signal.addEventListener('abort', abort, { once: true });
    // Only when the first of it has come is it sure that there is a log at all.
    const messages = stream[Symbol.asyncIterator]();
    const first = await messages.next();
    if (first.done === true) {
      const { error, code } = await stream.ended;
      if (error !== undefined) throw failureOf({ error, ...(code === undefined ? {} : { code }) });
    }
    const body = first.done === true ? '' : bodyOf(stream, first.value.eof ? undefined : first.value.data, messages);
    return new Response(body, { headers: { 'content-type': 'text/plain' } });
  },
});

/** The error of a stream that did not begin as the Status that the client gets. */
export function failureOf({ error = 'the stream broke', code = 500 }: StreamEnding): StatusError {
  if (code === 400) return badRequest(error);
  if (code === 404) return new StatusError('NotFound', error);
  if (code === 429) return new StatusError('TooManyRequests', error);
  if (code === 503) return new StatusError('ServiceUnavailable', error);
  return new StatusError('InternalError', `Internal error occurred: ${error}`, { causes: [{ message: error }] });
}

function bodyOf(
  stream: WireStream,
  first: Uint8Array | undefined,
  messages: AsyncIterator<{ eof: boolean; data?: Uint8Array }>,
): ReadableStream<Uint8Array> {
  return new ReadableStream(
    {
      start(controller) {
        if (first !== undefined) controller.enqueue(first);
      },
      async pull(controller) {
        for (;;) {
          const next = await messages.next();
          if (next.done === true) return controller.close();
          if (next.value.data === undefined) continue;
          return controller.enqueue(next.value.data);
        }
      },
      cancel: () => stream.close(),
    },
    { highWaterMark: 0 },
  );
}

type LogOptions = Omit<Extract<StreamRequest, { verb: 'logs' }>, 'verb' | 'namespace' | 'pod' | 'container'>;

/** PodLogOptions from the query (upstream: ValidatePodLogOptions). Throws Invalid or BadRequest. */
function logOptions(url: URL, podName: string): LogOptions {
  const errors: FieldError[] = [];
  const number = (name: string, least: number): number | undefined => {
    const text = url.searchParams.get(name);
    if (text === null || text === '') return undefined;
    if (!/^[+-]?\d+$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
    const value = Number(text);
    const bound = least === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0';
    if (value < least) errors.push(invalid(name, value, bound));
    return value;
  };
  const tailLines = number('tailLines', 0);
  const limitBytes = number('limitBytes', 1);
  const sinceTime = url.searchParams.get('sinceTime') ?? undefined;
  const both = url.searchParams.has('sinceSeconds') && sinceTime !== undefined;
  if (both) errors.push(forbidden('[]', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  const sinceSeconds = both ? undefined : number('sinceSeconds', 1);
  if (sinceTime !== undefined && parseTime(sinceTime) === undefined)
    throw badRequest(
      `parsing time ${JSON.stringify(sinceTime)} as "2006-01-02T15:04:05Z07:00": cannot parse ${JSON.stringify(sinceTime)} as "2006"`,
    );
  if (errors.length > 0) throw invalidError('', 'PodLogOptions', podName, errors);
  return {
    follow: flagOf(url, 'follow'),
    previous: flagOf(url, 'previous'),
    timestamps: flagOf(url, 'timestamps'),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(sinceSeconds === undefined ? {} : { sinceSeconds }),
    ...(sinceTime === undefined ? {} : { sinceTime }),
  };
}
