import { resourceOf } from '#api/kind.ts';
import type { Ingress } from '#api/kinds/networking/ingress.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import { defaultClassOf } from './default-class.ts';

const IS_DEFAULT = ['ingressclass.kubernetes.io/is-default-class'];
/** The older way to name a class. */
const CLASS_ANNOTATION = 'kubernetes.io/ingress.class';

/** Gives new Ingresses that name no class the default one, when there is one. */
export class DefaultIngressClass implements AdmissionPlugin {
  readonly name = 'DefaultIngressClass';
  readonly #store: Pick<ObjectStore, 'list'>;

  constructor(store: Pick<ObjectStore, 'list'>) {
    this.#store = store;
  }

  mutate({ kind, operation, subresource, object }: AdmissionRequest): void {
    if (operation !== 'CREATE' || subresource !== '' || resourceOf(kind) !== 'ingresses.networking.k8s.io') return;
    const ingress = object as Ingress;
    if (ingress.spec?.ingressClassName !== undefined) return;
    if (ingress.metadata.annotations?.[CLASS_ANNOTATION] !== undefined) return;
    const name = defaultClassOf(this.#store, 'ingressclasses.networking.k8s.io', IS_DEFAULT)?.metadata.name;
    if (name !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: name };
  }
}
