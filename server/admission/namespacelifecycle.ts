import type { Namespace } from '#api/kinds/core/namespace.ts';
import { StatusError, forbiddenError, notFoundError } from '#api/meta/status.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';

const NAMESPACES = { group: '', plural: 'namespaces' } as const;

/** Namespaces that may not be deleted. */
const IMMORTAL = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

/** Requests that ask, and store nothing; they need no namespace. */
const REVIEWS = new Set(['LocalSubjectAccessReview']);

/** Nothing is written to a namespace that is not there, nothing new to one that is going, and some namespaces stay. */
export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = 'NamespaceLifecycle';
  readonly #store: Pick<ObjectStore, 'get'>;

  constructor(store: Pick<ObjectStore, 'get'>) {
    this.#store = store;
  }

  mutate(request: AdmissionRequest): void {
    const { kind, operation, namespace, name } = request;
    if (operation === 'DELETE') {
      const isImmortal = kind.group === '' && kind.plural === 'namespaces' && IMMORTAL.has(name);
      if (isImmortal) throw forbiddenError(NAMESPACES, name, 'this namespace may not be deleted');
      return;
    }
    if (operation === 'CONNECT' || kind.scope !== 'Namespaced' || namespace === '' || REVIEWS.has(kind.kind)) return;
    const found = this.#store.get('namespaces', '', namespace)?.object as Namespace | undefined;
    if (found === undefined) throw notFoundError(NAMESPACES, namespace);
    if (operation === 'CREATE' && found.status?.phase === 'Terminating') throw terminating(request);
  }
}

function terminating({ kind, namespace, name }: AdmissionRequest): StatusError {
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const { message, details } = forbiddenError(kind, name, why);
  return new StatusError('Forbidden', message, {
    ...details,
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  });
}
