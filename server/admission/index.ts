import type { Clock } from '#base/clock.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionPlugin } from './chain.ts';
import { CertificateRequestAdmission } from './certificate-request.ts';
import { DefaultIngressClass } from './defaultingressclass.ts';
import { DefaultStorageClass } from './defaultstorageclass.ts';
import { defaultTolerationSeconds } from './defaulttolerationseconds.ts';
import { LimitRanger } from './limitranger.ts';
import { NamespaceLifecycle } from './namespacelifecycle.ts';
import { NodeRestriction } from './noderestriction.ts';
import { PersistentVolumeClaimResize } from './persistentvolumeclaimresize.ts';
import { PodSecurity } from './podsecurity.ts';
import { PriorityAdmission } from './priority.ts';
import { ResourceQuotaAdmission } from './resourcequota.ts';
import { RuntimeClassAdmission } from './runtimeclass.ts';
import { ServiceAccountAdmission } from './serviceaccount.ts';
import { storageObjectInUseProtection } from './storageobjectinuseprotection.ts';
import { taintNodesByCondition } from './taintnodesbycondition.ts';

/** The admission plugins in upstream's order (kubeapiserver: AllOrderedPlugins). */
export const admissionPlugins = (
  store: Pick<ObjectStore, 'get' | 'list' | 'write' | 'currentForWrite'>,
  clock?: Clock,
): readonly AdmissionPlugin[] => [
  new NamespaceLifecycle(store),
  new LimitRanger(store),
  new ServiceAccountAdmission(store, clock),
  new NodeRestriction(store),
  taintNodesByCondition,
  new PodSecurity(store),
  new PriorityAdmission(store),
  defaultTolerationSeconds,
  new DefaultStorageClass(store),
  storageObjectInUseProtection,
  new PersistentVolumeClaimResize(store),
  new RuntimeClassAdmission(store),
  new CertificateRequestAdmission(clock),
  new DefaultIngressClass(store),
  new ResourceQuotaAdmission(store, clock),
];
