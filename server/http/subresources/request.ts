import type { Kind, KubeObject } from '#api/kind.ts';
import type { TokenIssuer } from '#server/identity/identity.ts';
import type { Kinds } from '#server/store/kinds.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { Registry, WriteContext } from '#server/store/registry.ts';
import { userAgentOf } from '../api-context.ts';
import { readBody } from '../body.ts';
import { decodeBody, parseBody } from '../decode-body.ts';
import { readWriteOptions } from '../options.ts';
import type { SubresourceRequest } from './subresource.ts';

/** What the subresources of this folder work with. */
export interface SubresourceParts {
  readonly kinds: Kinds;
  readonly registry: Registry;
  readonly store: ObjectStore;
  readonly tokens: TokenIssuer;
}

/** The body of a POST on a subresource and the context of the write that it asks for. */
export async function readPost<T extends KubeObject>(
  request: SubresourceRequest,
  kinds: Kinds,
  kind: Kind<T>,
): Promise<{ readonly body: T; readonly context: WriteContext }> {
  const options = readWriteOptions(request.request, request.url, 'CreateOptions');
  const warnings: string[] = [];
  const parsed = parseBody(request.request, await readBody(request.request), kind, kinds);
  const body = decodeBody(kinds, kind, parsed, { ...options, warnings });
  const { dryRun, fieldManager } = options;
  return { body, context: { user: request.user, userAgent: userAgentOf(request), dryRun, fieldManager, warnings } };
}

/** Asks admission about what is posted to a subresource; the body may be another afterwards. */
export async function admitPost(
  registry: Pick<Registry, 'admit'>,
  objectKind: Kind,
  posted: {
    readonly kind: Kind;
    readonly namespace: string;
    readonly name: string;
    readonly subresource: string;
    readonly body: KubeObject;
    readonly context: WriteContext;
  },
): Promise<void> {
  const { kind, namespace, name, subresource, body, context } = posted;
  body.metadata.namespace ||= namespace;
  await registry.admit({
    operation: 'CREATE',
    kind,
    objectKind,
    subresource,
    namespace,
    name,
    object: body,
    old: undefined,
    context,
  });
}
