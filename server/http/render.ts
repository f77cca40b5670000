import { stringify } from 'yaml';
import { type Kind, apiVersionOf } from '#api/kind.ts';
import { StatusError } from '#api/meta/status.ts';
import type { StoredObject } from '#server/store/object-store.ts';
import { allInVersion, inVersion } from '#server/store/served-version.ts';
import type { ResourceRequest } from './api-context.ts';
import { compressed } from './compress.ts';
import { indentJson } from './indent-json.ts';
import { jsonResponse } from './status-response.ts';
import { partialText, readIncludeObject, tableText } from './table.ts';

/** The ListMeta of a list; no `resourceVersion` where nothing is stored, `continue` and `remainingItemCount` only where there is more. */
export interface ListMetadata {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** A text that is JSON, in the encoding that the client asked for. */
export function textResponse(request: ResourceRequest, text: string, code = 200): Response {
  if (request.form.encoding === 'json') {
    const shown = isPretty(request) ? indentJson(text) : text;
    return compressed(request.request, shown, jsonResponse(shown, code, request.warnings));
  }
  const yaml = stringify(JSON.parse(text));
  const response = jsonResponse(yaml, code, request.warnings);
  response.headers.set('content-type', 'application/yaml');
  return compressed(request.request, yaml, response);
}

/** `?pretty=true`, else whether the program is one whose answers people read (upstream: isPrettyPrint). */
function isPretty({ request, url }: ResourceRequest): boolean {
  const asked = url.search.includes('pretty') ? url.searchParams.get('pretty') : null;
  if (asked !== null && asked !== '') return ['1', 't', 'T', 'TRUE', 'true', 'True'].includes(asked);
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(request.headers.get('user-agent') ?? '');
}

/** One object, in the version and form asked for. A promise only where it is stored in another version. */
export function objectResponse(
  request: ResourceRequest,
  stored: StoredObject,
  code = 200,
): Response | Promise<Response> {
  const own = inVersion(request.kind, stored);
  return own instanceof Promise ? own.then((one) => oneResponse(request, one, code)) : oneResponse(request, own, code);
}

function oneResponse(request: ResourceRequest, stored: StoredObject, code: number): Response {
  const { as, metaVersion } = request.form;
  if (as === 'Object') return textResponse(request, stored.text, code);
  if (as === 'PartialObjectMetadata') return textResponse(request, partialText(stored.object, metaVersion), code);
  if (as === 'PartialObjectMetadataList')
    throw notAcceptable(
      `you requested PartialObjectMetadataList, but the requested object is not a list (${request.kind.kind})`,
    );
  const { resourceVersion } = stored.object.metadata;
  return textResponse(
    request,
    table(request, [stored], resourceVersion === undefined ? {} : { resourceVersion }),
    code,
  );
}

/** A list, in the version and form asked for. A promise only where some are stored in another version. */
export function listResponse(
  request: ResourceRequest,
  stored: readonly StoredObject[],
  metadata: ListMetadata,
): Response | Promise<Response> {
  const own = allInVersion(request.kind, stored);
  return own instanceof Promise
    ? own.then((all) => manyResponse(request, all, metadata))
    : manyResponse(request, own, metadata);
}

function manyResponse(request: ResourceRequest, stored: readonly StoredObject[], metadata: ListMetadata): Response {
  const { as, metaVersion } = request.form;
  switch (as) {
    case 'Object':
      return textResponse(request, listText(request.kind, stored, metadata));
    case 'Table':
      return textResponse(request, table(request, stored, metadata));
    case 'PartialObjectMetadata':
      throw notAcceptable(
        `you requested PartialObjectMetadata, but the requested object is a list (${request.kind.listKind})`,
      );
    case 'PartialObjectMetadataList': {
      const items = stored.map((one) => partialText(one.object, metaVersion)).join(',');
      const head = `"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/${metaVersion}"`;
      return textResponse(request, `{${head},"metadata":${JSON.stringify(metadata)},"items":[${items}]}`);
    }
  }
}

function table(request: ResourceRequest, stored: readonly StoredObject[], metadata: Partial<ListMetadata>): string {
  return tableText(stored, {
    kind: request.kind,
    metaVersion: request.form.metaVersion,
    metadata: JSON.stringify(metadata),
    include: readIncludeObject(request.url),
    now: new Date(request.api.clock.now()),
  });
}

/** A list of stored texts, none of them parsed. Items of built-in kinds do not say what they are, as upstream's do not. */
function listText(kind: Kind, stored: readonly StoredObject[], metadata: ListMetadata): string {
  const head = `{"kind":${JSON.stringify(kind.listKind)},"apiVersion":${JSON.stringify(apiVersionOf(kind))},`;
  const prefix = `{"kind":${JSON.stringify(kind.kind)},"apiVersion":${JSON.stringify(apiVersionOf(kind))},`;
  const items: string[] = [];
  for (const { text } of stored)
    items.push(!kind.custom && text.startsWith(prefix) ? `{${text.slice(prefix.length)}` : text);
  return `${head}"metadata":${JSON.stringify(metadata)},"items":[${items.join(',')}]}`;
}

const notAcceptable = (message: string): StatusError => new StatusError('NotAcceptable', message);
