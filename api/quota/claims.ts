import type { KubeObject } from '#api/kind.ts';
import { compareQuantity, parseQuantity, quantityValue } from '#api/meta/quantity.ts';
import type { PersistentVolumeClaimSpec } from '#api/podspec/volume.ts';
import type { QuotaEvaluator } from './evaluator.ts';

type Claim = KubeObject & {
  readonly spec?: PersistentVolumeClaimSpec;
  readonly status?: { readonly allocatedResources?: Readonly<Record<string, string>> };
};

const CLAIMS = 'persistentvolumeclaims';
const STORAGE = 'requests.storage';
const NAMES = [`count/${CLAIMS}`, CLAIMS, STORAGE];
/** `gold.storageclass.storage.k8s.io/requests.storage` counts claims of one class. */
const OF_CLASS = '.storageclass.storage.k8s.io/';

/** Claims count by number and by the storage they request, in all and by class. */
export const claimEvaluator: QuotaEvaluator = {
  handles({ operation, subresource, object, old }) {
    if (subresource === '') return operation === 'CREATE' || operation === 'UPDATE';
    return subresource === 'status' && allocated(object) !== allocated(old);
  },
  matching: (names) =>
    names.filter((name) => NAMES.includes(name) || [CLAIMS, STORAGE].some((one) => name.endsWith(`${OF_CLASS}${one}`))),
  matchesScope: () => false,
  usage(object) {
    const { metadata, spec } = object as Claim;
    const className = metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec?.storageClassName ?? '';
    const storage = storageOf(object as Claim);
    const counted: Record<string, string> = { [`count/${CLAIMS}`]: '1', [CLAIMS]: '1' };
    if (className !== '') counted[`${className}${OF_CLASS}${CLAIMS}`] = '1';
    if (storage === undefined) return counted;
    counted[STORAGE] = storage;
    if (className !== '') counted[`${className}${OF_CLASS}${STORAGE}`] = storage;
    return counted;
  },
};

const allocated = (object: KubeObject | undefined): string | undefined =>
  (object as Claim | undefined)?.status?.allocatedResources?.['storage'];

/** What is requested, or set aside already when that is more; whole bytes. */
function storageOf(claim: Claim): string | undefined {
  const asked = claim.spec?.resources?.requests?.['storage'];
  const set = allocated(claim);
  if (asked === undefined) return undefined;
  const more = set !== undefined && compareQuantity(set, asked) > 0 ? set : asked;
  const isWhole = (parseQuantity(more)?.nano ?? 0n) % 1_000_000_000n === 0n;
  return isWhole ? more : `${quantityValue(more)}`;
}
