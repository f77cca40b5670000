/** What a request is about, read from its method and URL once; authorization and routing both go by it and by nothing else. */
export interface RequestInfo {
  /** False for /healthz, /version, discovery and every path that names no resource. */
  readonly isResourceRequest: boolean;
  /** `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for other paths the method in lower case. */
  readonly verb: string;
  /** The path as it was sent, normalised by URL. */
  readonly path: string;
  /** `''` for core. */
  readonly group: string;
  readonly version: string;
  /** `''` when the path names none. A request on one namespace bears its name here too, as upstream's does. */
  readonly namespace: string;
  /** `pods`. */
  readonly resource: string;
  readonly name: string;
  readonly subresource: string;
  /** What follows the subresource, without a leading slash. */
  readonly subpath: string;
  /** Did the path name a namespace in front of the resource. */
  readonly inNamespace: boolean;
}

const METHOD_VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
/** Upstream: requestinfo.go namespaceSubresources. */
const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);

/** Reads a request. Throws URIError when the path has a broken percent escape. */
export function parseRequest(method: string, url: URL): RequestInfo {
  const path = url.pathname;
  const parts = segments(path);
  const group = parts[0] === 'api' ? '' : parts[0] === 'apis' ? parts[1] : undefined;
  const rest = parts.slice(parts[0] === 'api' ? 1 : 2);
  const version = rest[0];
  if (group === undefined || version === undefined || rest.length < 2) return plain(method, path);
  return resourceRequest({ method, url, path, group, version, rest: rest.slice(1) });
}

/** What is said of the query parameters by `watch` and the like: absent, `false` and `0` are false, all else is true (upstream: runtime conversion of string to bool). */
export const isTrue = (value: string | null): boolean =>
  value !== null && value !== '0' && value.toLowerCase() !== 'false';

const segments = (path: string): string[] => {
  const parts = path.split('/').filter((part) => part !== '');
  return path.includes('%') ? parts.map(decodeURIComponent) : parts;
};

const plain = (method: string, path: string): RequestInfo => ({
  isResourceRequest: false,
  verb: method.toLowerCase(),
  path,
  group: '',
  version: '',
  namespace: '',
  resource: '',
  name: '',
  subresource: '',
  subpath: '',
  inNamespace: false,
});

interface ResourcePath {
  readonly method: string;
  readonly url: URL;
  readonly path: string;
  readonly group: string;
  readonly version: string;
  readonly rest: readonly string[];
}

function resourceRequest({ method, url, path, group, version, rest }: ResourcePath): RequestInfo {
  // The old watch paths: /api/v1/watch/namespaces/<ns>/<resource>/<name>.
  const oldWatch = rest[0] === 'watch' && rest.length > 1;
  const parts = oldWatch ? rest.slice(1) : rest;
  const second = parts[1];
  const third = parts[2];
  const inNamespace =
    parts[0] === 'namespaces' && second !== undefined && third !== undefined && !NAMESPACE_SUBRESOURCES.has(third);
  const named = inNamespace ? parts.slice(2) : parts;
  const resource = named[0] ?? '';
  const name = named[1] ?? '';
  return {
    isResourceRequest: true,
    verb: oldWatch ? 'watch' : verbOf(method, name, url),
    path,
    group,
    version,
    namespace: inNamespace ? second : resource === 'namespaces' ? name : '',
    resource,
    name,
    subresource: named[2] ?? '',
    subpath: named.slice(3).join('/'),
    inNamespace,
  };
}

function verbOf(method: string, name: string, url: URL): string {
  const verb = METHOD_VERBS[method] ?? method.toLowerCase();
  if (name !== '') return verb;
  if (verb === 'get') return url.search !== '' && isTrue(url.searchParams.get('watch')) ? 'watch' : 'list';
  return verb === 'delete' ? 'deletecollection' : verb;
}
