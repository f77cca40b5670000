import type { Pod } from '#api/kinds/core/pod.ts';
import type { ServiceAccount } from '#api/kinds/core/serviceaccount.ts';
import { forbiddenError } from '#api/meta/status.ts';
import { type Clock, systemClock } from '#base/clock.ts';
import { randomSuffix } from '#server/store/names.ts';
import type { ObjectStore } from '#server/store/object-store.ts';
import type { AdmissionRequest } from '#server/store/registry.ts';
import type { AdmissionPlugin } from './chain.ts';
import { createdPod } from './pod-request.ts';

/** Where containers find their token, the cluster's certificate and their namespace. */
const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const VOLUME_PREFIX = 'kube-api-access-';
/** An hour and 7 s: the odd number tells these tokens from those asked for by hand (apiserver: WarnOnlyBoundTokenExpirationPeriod). */
const TOKEN_SECONDS = 3607;
/** A new namespace gets its default account a moment later: how often and how long to wait for it, ms. */
const DEFAULT_ATTEMPTS = 15;
const DEFAULT_WAIT_MS = 100;

type PodSpec = NonNullable<Pod['spec']>;
type Container = NonNullable<PodSpec['containers']>[number];

/** Gives each pod its service account: the name, the projected volume with a token, the pull secrets. */
export class ServiceAccountAdmission implements AdmissionPlugin {
  readonly name = 'ServiceAccount';
  readonly #store: Pick<ObjectStore, 'get'>;
  readonly #clock: Clock;

  constructor(store: Pick<ObjectStore, 'get'>, clock: Clock = systemClock) {
    this.#store = store;
    this.#clock = clock;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    const pod = createdPod(request);
    if (pod?.spec === undefined || isMirror(pod)) return;
    const { spec } = pod;
    const name = spec.serviceAccountName || spec.serviceAccount || 'default';
    spec.serviceAccountName = name;
    spec.serviceAccount = name;
    const account = await this.#account(request, name);
    const mounts = spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
    if (mounts) mountToken(spec);
    const { imagePullSecrets } = account;
    if ((spec.imagePullSecrets ?? []).length === 0 && imagePullSecrets !== undefined && imagePullSecrets.length > 0)
      spec.imagePullSecrets = structuredClone(imagePullSecrets);
  }

  async #account({ kind, namespace, name }: AdmissionRequest, account: string): Promise<ServiceAccount> {
    for (let attempt = 1; ; attempt++) {
      const found = this.#store.get('serviceaccounts', namespace, account);
      if (found !== undefined) return found.object as ServiceAccount;
      if (account !== 'default' || attempt === DEFAULT_ATTEMPTS) break;
      await this.#clock.sleep(DEFAULT_WAIT_MS);
    }
    const missing = `serviceaccount ${JSON.stringify(account)} not found`;
    throw forbiddenError(kind, name, `error looking up service account ${namespace}/${account}: ${missing}`);
  }
}

/** Pods that a node made by itself have no account. */
const isMirror = (pod: Pod): boolean => pod.metadata.annotations?.['kubernetes.io/config.mirror'] !== undefined;

function mountToken(spec: PodSpec): void {
  const containers: Container[] = [...(spec.initContainers ?? []), ...(spec.containers ?? [])];
  const needing = containers.filter((one) => !(one.volumeMounts ?? []).some((mount) => mount.mountPath === MOUNT_PATH));
  if (needing.length === 0) return;
  const existing = (spec.volumes ?? []).find((volume) => volume.name.startsWith(VOLUME_PREFIX));
  const name = existing?.name ?? `${VOLUME_PREFIX}${randomSuffix()}`;
  for (const container of needing)
    container.volumeMounts = [...(container.volumeMounts ?? []), { name, readOnly: true, mountPath: MOUNT_PATH }];
  if (existing === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

const tokenVolume = (name: string): NonNullable<PodSpec['volumes']>[number] => ({
  name,
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
    defaultMode: 420,
  },
});
