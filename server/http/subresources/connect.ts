import { type Kind, type KubeObject, resourceOf } from '#api/kind.ts';
import type { AdmissionRequest, OptionsKind, User } from '#server/store/registry.ts';

/** How a parameter of a connection's URL is read. */
type Parameter = 'flag' | 'text' | 'texts' | 'numbers';

const STREAMS = { stdin: 'flag', stdout: 'flag', stderr: 'flag', tty: 'flag', container: 'text' } as const;
/** The options of connections, by resource and subresource (upstream: core.v1 Pod…Options, ServiceProxyOptions, NodeProxyOptions). */
const OPTIONS: Readonly<
  Record<string, { readonly kind: string; readonly fields: Readonly<Record<string, Parameter>> }>
> = {
  'pods/exec': { kind: 'PodExecOptions', fields: { ...STREAMS, command: 'texts' } },
  'pods/attach': { kind: 'PodAttachOptions', fields: STREAMS },
  'pods/portforward': { kind: 'PodPortForwardOptions', fields: { ports: 'numbers' } },
  'pods/proxy': { kind: 'PodProxyOptions', fields: {} },
  'services/proxy': { kind: 'ServiceProxyOptions', fields: {} },
  'nodes/proxy': { kind: 'NodeProxyOptions', fields: {} },
};

/** A request on a subresource, as far as it says whether and how it connects. */
export interface ConnectRequest {
  readonly kind: Kind;
  readonly url: URL;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** What follows `proxy` in the path, without a leading slash. */
  readonly path: string;
  readonly user: User;
  readonly userAgent: string;
  readonly warnings: string[];
}

/** What admission sees of a connection to a pod, a Service or a node (operation CONNECT); undefined when the request makes none. */
export function connectAdmission(request: ConnectRequest): AdmissionRequest | undefined {
  const { kind, subresource, namespace, name, user, userAgent, warnings } = request;
  const options = OPTIONS[`${resourceOf(kind)}/${subresource}`];
  if (options === undefined) return undefined;
  const objectKind: OptionsKind = { group: '', version: 'v1', kind: options.kind };
  const fields = subresource === 'proxy' ? proxyPath(request) : fieldsOf(request.url, options.fields);
  return {
    operation: 'CONNECT',
    kind,
    objectKind,
    subresource,
    namespace,
    name,
    // Options have no metadata, and whoever looks at a CONNECT knows.
    object: { kind: options.kind, apiVersion: 'v1', ...fields } as unknown as KubeObject,
    old: undefined,
    context: { user, userAgent, dryRun: false, fieldManager: '', warnings },
  };
}

/** The path below `proxy`, whatever `?path=` says (apiserver: getRequestOptions). */
function proxyPath({ path, url }: ConnectRequest): Record<string, unknown> {
  const head = path === '' ? '' : `/${path}`;
  const shown = url.pathname.endsWith('/') && !head.endsWith('/') ? `${head}/` : head;
  return shown === '' ? {} : { path: shown };
}

function fieldsOf({ searchParams }: URL, fields: Readonly<Record<string, Parameter>>): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const [field, type] of Object.entries(fields)) {
    const values = searchParams.getAll(field);
    const [first = ''] = values;
    if (values.length === 0) continue;
    if (type === 'texts') read[field] = values;
    else if (type === 'numbers') read[field] = values.map(Number);
    else if (type === 'text' && first !== '') read[field] = first;
    else if (type === 'flag' && first !== '0' && first.toLowerCase() !== 'false') read[field] = true;
  }
  return read;
}
