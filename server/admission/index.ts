import type { Clock } from '#base/clock.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionPlugin } from './chain.ts';
import { CertificateRequestAdmission } from './certificate-request.ts';
import { defaultTolerationSeconds } from './defaulttolerationseconds.ts';
import { NamespaceLifecycle } from './namespacelifecycle.ts';
import { PriorityAdmission } from './priority.ts';
import { RuntimeClassAdmission } from './runtimeclass.ts';
import { ServiceAccountAdmission } from './serviceaccount.ts';
import { taintNodesByCondition } from './taintnodesbycondition.ts';

/** The admission plugins in upstream's order (kubeapiserver: AllOrderedPlugins). */
export const admissionPlugins = (
  store: Pick<ObjectStore, 'get' | 'list'>,
  clock?: Clock,
): readonly AdmissionPlugin[] => [
  new NamespaceLifecycle(store),
  new ServiceAccountAdmission(store, clock),
  taintNodesByCondition,
  new PriorityAdmission(store),
  defaultTolerationSeconds,
  new RuntimeClassAdmission(store),
  new CertificateRequestAdmission(clock),
];
