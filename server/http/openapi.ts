import { type Kind, apiVersionOf } from '#api/kind.ts';
import { openApiDocument } from '#api/schema/openapi.ts';
import type { Kinds } from '#server/store/kinds.ts';
import { REVIEW_KINDS } from './reviews.ts';
import { jsonResponse, plainNotFound } from './status-response.ts';

/** /openapi/v3: the index, with a hash a group version, and the documents. There is no v2; nothing current needs it. */
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
  answer(url: URL, parts: readonly string[]): Response {
    if (parts[1] !== 'v3') return plainNotFound();
    if (parts.length === 2) return this.#index();
    const name = parts.slice(2).join('/');
    const kinds = this.#groupVersions().get(name);
    if (kinds === undefined) return plainNotFound();
    const response = jsonResponse(this.#text(name, kinds));
    const hash = this.#hash(name, kinds);
    response.headers.set('etag', `"${hash}"`);
    // A hash in the query names one text for ever.
    if (url.searchParams.get('hash') === hash)
      response.headers.set('cache-control', 'public, immutable, max-age=31536000');
    return response;
  }

  #index(): Response {
    const paths = [...this.#groupVersions()].map(([name, kinds]) => [
      name,
      { serverRelativeURL: `/openapi/v3/${name}?hash=${this.#hash(name, kinds)}` },
    ]);
    return jsonResponse(JSON.stringify({ paths: Object.fromEntries(paths) }));
  }

  /** `api/v1`, `apis/apps/v1` … and the kinds in each. */
  #groupVersions(): Map<string, Kind[]> {
    const found = new Map<string, Kind[]>();
    for (const kind of [...this.#kinds.all(), ...REVIEW_KINDS]) {
      const name = `${kind.group === '' ? 'api' : 'apis'}/${apiVersionOf(kind)}`;
      const kinds = found.get(name);
      if (kinds === undefined) found.set(name, [kind]);
      else kinds.push(kind);
    }
    return found;
  }

  #hash(name: string, kinds: readonly Kind[]): string {
    let hash = this.#hashes.get(name);
    if (hash === undefined) {
      hash = Bun.hash(this.#text(name, kinds)).toString(16).toUpperCase();
      this.#hashes.set(name, hash);
    }
    return hash;
  }

  #text(name: string, kinds: readonly Kind[]): string {
    if (this.#last?.name !== name) this.#last = { name, text: JSON.stringify(openApiDocument(kinds, this.#version)) };
    return this.#last.text;
  }
}
