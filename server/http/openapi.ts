import { type Kind, apiVersionOf } from '#api/kind.ts';
import { encodeSwagger } from '#api/schema/openapi-v2-protobuf.ts';
import { type SwaggerDocument, openApiV2 } from '#api/schema/openapi-v2.ts';
import { type OpenApiDocument, openApiDocument } from '#api/schema/openapi.ts';
import { StatusError } from '#api/meta/status.ts';
import type { Kinds } from '#server/store/kinds.ts';
import { compressed } from './compress.ts';
import { jsonResponse, plainNotFound } from './status-response.ts';
import { UNSTORED_KINDS } from './unstored-kinds.ts';

/** The name under which the whole, in version 2, is kept. */
const V2 = 'v2';
const JSON_TYPES = ['application/json', 'application/*', '*/*'];
/** Under the later name and the earlier one, which is no media type by the letter. */
const V2_PROTOBUF_TYPES = [
  'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
  'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
];

/** /openapi/v3: the index, with a hash a group version, and the documents; /openapi/v2: all of them as one, in JSON or in protobuf. */
export class OpenApi {
  readonly #kinds: Kinds;
  readonly #version: string;
  /** Documents are large (core: about 1 MB) and seldom asked for, clients keep them by their hash: only the hashes and the last one stay. */
  readonly #hashes = new Map<string, string>();
  #last: { readonly name: string; readonly text: string } | undefined;

  constructor(kinds: Kinds, version: string) {
    this.#kinds = kinds;
    this.#version = version;
    kinds.onChange(() => {
      this.#hashes.clear();
      this.#last = undefined;
    });
  }

  /** The answer to a GET; `parts` are the segments of the path: `openapi`, `v3`, and the name of a group version. */
  answer(request: Request, url: URL, parts: readonly string[]): Response {
    if (parts[1] === 'v2' && parts.length === 2) return this.#v2(request);
    if (parts[1] !== 'v3') return plainNotFound();
    if (parts.length === 2) return this.#index(request);
    const name = parts.slice(2).join('/');
    const kinds = this.#groupVersions().get(name);
    if (kinds === undefined) return plainNotFound();
    const make = (): OpenApiDocument => openApiDocument(kinds, this.#version);
    const hash = this.#hash(name, make);
    const asked = url.searchParams.get('hash');
    // A hash in the query names one text for ever; who asks for another is sent to the one that there is.
    if (asked !== null && asked !== hash)
      return new Response(null, { status: 301, headers: { location: urlOf(name, hash) } });
    const response = known(request, hash) ?? send(request, this.#text(name, make), hash);
    if (asked !== null) response.headers.set('cache-control', 'public, immutable, max-age=31536000');
    return response;
  }

  #index(request: Request): Response {
    const paths = [...this.#groupVersions()].map(([name, kinds]) => {
      const hash = this.#hash(name, () => openApiDocument(kinds, this.#version));
      return [name, { serverRelativeURL: urlOf(name, hash) }];
    });
    const text = JSON.stringify({ paths: Object.fromEntries(paths) });
    const hash = hashOf(text);
    return known(request, hash) ?? send(request, text, hash);
  }

  /** In JSON, or in protobuf for who asks for that alone: kubectl does, for a kind that no document of version 3 has. */
  #v2(request: Request): Response {
    const accepted = (request.headers.get('accept') ?? '*/*').split(',').map((one) => one.split(';')[0]?.trim() ?? '');
    const make = (): SwaggerDocument =>
      openApiV2([...this.#groupVersions().values()].map((kinds) => openApiDocument(kinds, this.#version)));
    const hash = this.#hash(V2, make);
    const isJson = accepted.some((type) => type === '' || JSON_TYPES.includes(type));
    if (isJson) return known(request, hash) ?? send(request, this.#text(V2, make), hash);
    if (!accepted.some((type) => V2_PROTOBUF_TYPES.includes(type)))
      throw new StatusError(
        'NotAcceptable',
        `only the following media types are accepted: application/json, ${V2_PROTOBUF_TYPES.join(', ')}`,
      );
    return known(request, hash) ?? sendProtobuf(encodeSwagger(make()), hash);
  }

  /** `api/v1`, `apis/apps/v1` … and the kinds in each. */
  #groupVersions(): Map<string, Kind[]> {
    const found = new Map<string, Kind[]>();
    for (const kind of [...this.#kinds.all(), ...UNSTORED_KINDS]) {
      const name = `${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}`;
      const kinds = found.get(name);
      if (kinds === undefined) found.set(name, [kind]);
      else kinds.push(kind);
    }
    return found;
  }

  #hash(name: string, make: () => unknown): string {
    let hash = this.#hashes.get(name);
    if (hash === undefined) {
      hash = hashOf(this.#text(name, make));
      this.#hashes.set(name, hash);
    }
    return hash;
  }

  #text(name: string, make: () => unknown): string {
    if (this.#last?.name !== name) this.#last = { name, text: JSON.stringify(make()) };
    return this.#last.text;
  }
}

const hashOf = (text: string): string => Bun.hash(text).toString(16).toUpperCase();
const urlOf = (name: string, hash: string): string => `/openapi/v3/${name}?hash=${hash}`;

/** 304 when the client has the text already. */
function known(request: Request, hash: string): Response | undefined {
  const etag = `"${hash}"`;
  const has = (request.headers.get('if-none-match') ?? '').split(',').some((one) => one.trim() === etag);
  return has ? new Response(null, { status: 304, headers: { etag, vary: 'Accept' } }) : undefined;
}

function send(request: Request, text: string, hash: string): Response {
  const response = jsonResponse(text);
  response.headers.set('etag', `"${hash}"`);
  response.headers.set('vary', 'Accept');
  return compressed(request, text, response);
}

const sendProtobuf = (bytes: Uint8Array<ArrayBuffer>, hash: string): Response =>
  new Response(bytes, {
    headers: { 'content-type': V2_PROTOBUF_TYPES[0] ?? '', etag: `"${hash}"`, vary: 'Accept' },
  });
