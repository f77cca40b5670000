import type { Dialer } from './dialer.ts';
import { type HttpAnswer, exchange, readBody } from './http-exchange.ts';

/** Where a webhook answers: `clientConfig` of webhook configurations and of conversions. Either `url` or `service`. */
export interface WebhookTarget {
  readonly url?: string | undefined;
  readonly service?:
    | {
        readonly namespace: string;
        readonly name: string;
        readonly path?: string | undefined;
        /** Default 443. */
        readonly port?: number | undefined;
      }
    | undefined;
  /** PEM in base64; default: the roots of this host. */
  readonly caBundle?: string | undefined;
}

/** Asks webhooks. */
export interface WebhookClient {
  /**
   * Posts a review and answers the JSON that came back. Rejects with an Error in the words of Go's client:
   * `Post "https://NAME.NAMESPACE.svc:443/PATH?timeout=10s": …`.
   */
  call(target: WebhookTarget, review: unknown, timeoutMs: number): Promise<unknown>;
}

/** The longest answer that is read. */
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

/** Asks webhooks by HTTPS, those of Services through the cluster's network. */
export const createWebhookClient = (dialer: Dialer): WebhookClient => ({
  async call(target, review, timeoutMs) {
    const url = urlOf(target, timeoutMs);
    let answer: HttpAnswer;
    let text: string;
    try {
      answer = await exchange({
        url,
        dial: () => dial(dialer, target, url),
        ...(url.protocol === 'https:' ? { tls: { serverName: url.hostname, ca: pemOf(target.caBundle) } } : {}),
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json, */*',
          'user-agent': 'kube-apiserver',
        },
        body: new TextEncoder().encode(JSON.stringify(review)),
        signal: AbortSignal.timeout(timeoutMs),
      });
      text = new TextDecoder().decode(await readBody(answer, MAX_ANSWER_BYTES));
    } catch (error) {
      throw new Error(`Post ${JSON.stringify(url.href)}: ${wordsOf(error)}`, { cause: error });
    }
    if (answer.status < 200 || answer.status > 299) throw new Error(refusal(answer.status, text));
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new Error(`the answer is no JSON: ${error instanceof Error ? error.message : String(error)}`, {
        cause: error,
      });
    }
  },
});

function dial(dialer: Dialer, { service }: WebhookTarget, url: URL): ReturnType<Dialer['service']> {
  if (service === undefined) return dialer.address(url.hostname, portNumber(url));
  return dialer.service({ namespace: service.namespace, name: service.name, port: service.port ?? 443 });
}

const portNumber = (url: URL): number => (url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port));

function urlOf({ url, service }: WebhookTarget, timeoutMs: number): URL {
  const target =
    service === undefined
      ? new URL(url ?? '')
      : // A port that is the scheme's own is dropped by URL; upstream shows it, but only in error texts.
        new URL(
          `https://${service.name}.${service.namespace}.svc:${service.port ?? 443}/${(service.path ?? '').replace(/^\//, '')}`,
        );
  target.searchParams.set('timeout', `${Math.ceil(timeoutMs / 1000)}s`);
  return target;
}

const pemOf = (caBundle: string | undefined): string | undefined =>
  caBundle === undefined || caBundle === '' ? undefined : Buffer.from(caBundle, 'base64').toString('utf8');

function wordsOf(error: unknown): string {
  if (error instanceof DOMException && error.name === 'TimeoutError') return 'context deadline exceeded';
  return error instanceof Error ? error.message : String(error);
}

/** What Go's client says of an answer that is no success (upstream: errors.NewGenericServerResponse); a Status speaks for itself. */
function refusal(code: number, text: string): string {
  const said = statusMessage(text);
  if (said !== undefined) return said;
  switch (code) {
    case 400:
      return 'the server rejected our request for an unknown reason';
    case 401:
      return 'the server has asked for the client to provide credentials';
    case 403:
      return `forbidden: ${text.slice(0, 2048)}`;
    case 404:
      return 'the server could not find the requested resource';
    case 405:
      return 'the server does not allow this method on the requested resource';
    case 406:
      return text;
    case 409:
      return 'the server reported a conflict';
    case 415:
      return text;
    case 422:
      return 'the server rejected our request due to an error in our request';
    case 429:
      return 'the server has received too many requests and has asked us to try again later';
    case 503:
      return 'the server is currently unable to handle the request';
    case 504:
      return 'the server was unable to return a response in the time allotted, but may still be processing the request';
    default:
      return code >= 500
        ? `an error on the server (${JSON.stringify(text.slice(0, 2048) || 'unknown')}) has prevented the request from succeeding`
        : `the server responded with the status code ${code} but did not return more information`;
  }
}

function statusMessage(text: string): string | undefined {
  try {
    const status: unknown = JSON.parse(text);
    if (typeof status !== 'object' || status === null) return undefined;
    const { kind, message } = status as { kind?: unknown; message?: unknown };
    return kind === 'Status' && typeof message === 'string' && message !== '' ? message : undefined;
  } catch {
    return undefined;
  }
}
