import type { Kind } from '#api/kind.ts';
import { untyped } from '#api/cel/cel-value.ts';
import { type Access, AUTHORIZER_TYPE, Authorizer } from '#api/cel/libraries/authorizer.ts';
import type { Variable } from '#api/cel/environment.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest, User } from '#server/store/registry.ts';
import { namespaceOf, objectsIn } from '../matching/request-matcher.ts';
import { reviewRequest } from '../webhooks/review.ts';

/** Says who may do what; what the server's authorizer is. */
export interface AccessReviewer {
  authorize(
    user: User,
    attributes: {
      readonly isResourceRequest: boolean;
      readonly verb: string;
      readonly path: string;
      readonly group: string;
      readonly namespace: string;
      readonly resource: string;
      readonly name: string;
      readonly subresource: string;
    },
  ): { readonly allowed: boolean; readonly reason?: string };
}

/** The variables of an expression about a request, by name; CEL's own values. */
export type Values = Readonly<Record<string, unknown>>;

/** The types of the variables that every expression about a request has. */
export const REQUEST_VARIABLES: Readonly<Record<string, Variable>> = {
  object: { type: 'dyn' },
  oldObject: { type: 'dyn' },
  request: { type: 'dyn' },
  namespaceObject: { type: 'dyn' },
  authorizer: { type: AUTHORIZER_TYPE },
};

/** What a namespace shows to expressions (upstream: cel.CreateNamespaceObject). */
const NAMESPACE_METADATA = [
  'name',
  'generateName',
  'namespace',
  'labels',
  'annotations',
  'UID',
  'creationTimestamp',
  'deletionGracePeriodSeconds',
  'deletionTimestamp',
  'generation',
  'resourceVersion',
  'finalizers',
];

/** Makes the variables of expressions about requests. */
export class ExpressionScope {
  readonly #store: Pick<ObjectStore, 'get'>;
  readonly #reviewer: AccessReviewer;

  constructor(store: Pick<ObjectStore, 'get'>, reviewer: AccessReviewer) {
    this.#store = store;
    this.#reviewer = reviewer;
  }

  /** `kind` is the version in which the objects are shown. Rejects when they cannot be converted. */
  async variables(request: AdmissionRequest, kind: Kind): Promise<Values> {
    const [object, old] = await objectsIn(kind, request);
    const { user } = request.context;
    return {
      object: untyped(object ?? null),
      oldObject: untyped(old ?? null),
      request: untyped(reviewRequest(request, kind)),
      namespaceObject: untyped(this.#namespace(request)),
      authorizer: new Authorizer(
        this.#access(user),
        {},
        {
          group: request.kind.group,
          resource: request.kind.plural,
          subresource: request.subresource,
          namespace: request.namespace,
          name: request.name,
        },
      ),
    };
  }

  #namespace(request: AdmissionRequest): unknown {
    const name = request.kind.kind === 'Namespace' ? '' : namespaceOf(request);
    const found = name === '' ? undefined : this.#store.get('namespaces', '', name)?.object;
    if (found === undefined) return null;
    const { spec, status } = found as typeof found & { spec?: unknown; status?: unknown };
    const metadata = Object.entries(found.metadata).filter(([key]) => NAMESPACE_METADATA.includes(key));
    return { metadata: Object.fromEntries(metadata), spec: spec ?? {}, status: status ?? {} };
  }

  #access(user: User): Access {
    return ({ verb, path, group = '', resource = '', subresource = '', namespace = '', name = '', serviceAccount }) => {
      const who = serviceAccount === undefined ? user : accountUser(serviceAccount);
      return this.#reviewer.authorize(who, {
        isResourceRequest: path === undefined,
        verb,
        path: path ?? '',
        group,
        resource,
        subresource,
        namespace,
        name,
      });
    };
  }
}

const accountUser = ({ namespace, name }: { readonly namespace: string; readonly name: string }): User => ({
  name: `system:serviceaccount:${namespace}:${name}`,
  groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
});
