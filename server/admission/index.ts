import type { Clock } from '#base/clock.ts';
import type { WebhookClient } from '#server/proxy/webhook-client.ts';
import type { Kinds } from '#server/store/kinds.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionPlugin } from './chain.ts';
import { CertificateRequestAdmission } from './certificate-request.ts';
import { DefaultIngressClass } from './defaultingressclass.ts';
import { DefaultStorageClass } from './defaultstorageclass.ts';
import { defaultTolerationSeconds } from './defaulttolerationseconds.ts';
import { type AccessReviewer, ExpressionScope } from './expressions/scope.ts';
import { LimitRanger } from './limitranger.ts';
import { RequestMatcher } from './matching/request-matcher.ts';
import { MutatingAdmissionPolicy } from './mutatingadmissionpolicy.ts';
import { MutatingAdmissionWebhook } from './mutatingwebhook.ts';
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
import { ValidatingAdmissionPolicy } from './validatingadmissionpolicy.ts';
import { ValidatingAdmissionWebhook } from './validatingwebhook.ts';

/** What plugins need beside the store. */
export interface AdmissionOptions {
  readonly clock?: Clock;
  /** Whom webhooks and policies need; without them there are none. */
  readonly outside?: {
    readonly kinds: Kinds;
    readonly webhooks: WebhookClient;
    readonly authorizer: AccessReviewer;
  };
}

/** The admission plugins in upstream's order (kubeapiserver: AllOrderedPlugins). */
export const admissionPlugins = (
  store: Pick<ObjectStore, 'get' | 'list' | 'write' | 'currentForWrite'>,
  { clock, outside }: AdmissionOptions = {},
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
  ...(outside === undefined ? [] : outsidePlugins(store, outside)),
  new ResourceQuotaAdmission(store, clock),
];

function outsidePlugins(
  store: Pick<ObjectStore, 'get' | 'list'>,
  { kinds, webhooks, authorizer }: NonNullable<AdmissionOptions['outside']>,
): readonly AdmissionPlugin[] {
  const matcher = new RequestMatcher(store, kinds);
  const parts = { store, matcher, webhooks, scope: new ExpressionScope(store, authorizer) };
  return [
    new MutatingAdmissionPolicy(parts, kinds),
    new MutatingAdmissionWebhook(parts),
    new ValidatingAdmissionPolicy(parts, kinds),
    new ValidatingAdmissionWebhook(parts),
  ];
}
