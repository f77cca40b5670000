import {
  type Static,
  boolean,
  described,
  field,
  int64,
  list,
  object,
  pointer,
  required,
  set,
  string,
} from '#api/schema/builders.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { type Column, defineKind } from '#api/kind.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { type FieldError, duplicate, invalid, notSupported, requiredValue } from '#api/meta/field-error.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `storage.v1.TokenRequest`. */
export const TokenRequest = object(
  'storage.v1.TokenRequest',
  {
    audience: required(1, described("Whom the token is for; empty = the API server's own audience.", string())),
    expirationSeconds: field(2, described('How long it is good. Default: as tokens of pods are.', pointer(int64()))),
  },
  { description: 'A token of the service account of a pod, for the driver.' },
);
/** The JSON form of `storage.v1.TokenRequest`. */
export type TokenRequest = Static<typeof TokenRequest>;

/** `storage.v1.CSIDriverSpec`. */
export const CSIDriverSpec = object(
  'storage.v1.CSIDriverSpec',
  {
    attachRequired: field(
      1,
      described('Must volumes be attached before they are mounted. Default true.', pointer(boolean())),
    ),
    podInfoOnMount: field(
      2,
      described('Is the driver told which pod a mount is for. Default false.', pointer(boolean())),
    ),
    volumeLifecycleModes: field(3, described('Persistent (default) and Ephemeral: its volumes.', set(string()))),
    storageCapacity: field(
      4,
      described('Does the scheduler look at its CSIStorageCapacities. Default false.', pointer(boolean())),
    ),
    fsGroupPolicy: field(
      5,
      described(
        "Is a volume's ownership changed to the pod's fsGroup: ReadWriteOnceWithFSType (default), File or None.",
        pointer(string()),
      ),
    ),
    tokenRequests: field(6, described('Tokens that the driver gets for each mount.', list(TokenRequest))),
    requiresRepublish: field(
      7,
      described(
        'Is the driver called again now and then for mounts that are there. Default false.',
        pointer(boolean()),
      ),
    ),
    seLinuxMount: field(8, described('Can volumes be mounted with a SELinux context.', pointer(boolean()))),
    nodeAllocatableUpdatePeriodSeconds: field(
      9,
      described('How often a node asks how many volumes it can have; at least 10.', pointer(int64())),
    ),
    preventPodSchedulingIfMissing: field(
      11,
      described('Are pods kept off nodes that do not have the driver.', pointer(boolean())),
    ),
    serviceAccountTokenInSecrets: field(
      10,
      described('Are tokens passed among the secrets of a call instead of its context.', pointer(boolean())),
    ),
  },
  { description: 'What a CSI driver can, and wants to be told.' },
);
/** The JSON form of `storage.v1.CSIDriverSpec`. */
export type CSIDriverSpec = Static<typeof CSIDriverSpec>;

/** `storage.v1.CSIDriver`. */
export const CSIDriver = object(
  'storage.v1.CSIDriver',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, described('What it can.', CSIDriverSpec)),
  },
  { description: 'A driver of the Container Storage Interface that the cluster has.' },
);
/** The JSON form of `storage.v1.CSIDriver`. */
export type CSIDriver = Static<typeof CSIDriver>;

const GROUP_POLICIES = ['File', 'None', 'ReadWriteOnceWithFSType'];
const MODES = ['Persistent', 'Ephemeral'];
const MIN_TOKEN_SECONDS = 600;
const MIN_PERIOD_SECONDS = 10;

function validate({ spec }: CSIDriver): FieldError[] {
  const errors: FieldError[] = [];
  // Upstream calls the first field by another name here.
  if (spec.attachRequired === undefined) errors.push(requiredValue('spec.attachedRequired'));
  if (spec.podInfoOnMount === undefined) errors.push(requiredValue('spec.podInfoOnMount'));
  if (spec.storageCapacity === undefined) errors.push(requiredValue('spec.storageCapacity'));
  const { fsGroupPolicy, nodeAllocatableUpdatePeriodSeconds: period } = spec;
  if (fsGroupPolicy !== undefined && !GROUP_POLICIES.includes(fsGroupPolicy))
    errors.push(notSupported('spec.fsGroupPolicy', fsGroupPolicy, GROUP_POLICIES));
  errors.push(...validateTokens(spec.tokenRequests ?? []));
  for (const mode of spec.volumeLifecycleModes ?? [])
    if (!MODES.includes(mode)) errors.push(notSupported('spec.volumeLifecycleModes', mode, MODES));
  if (period !== undefined && period < MIN_PERIOD_SECONDS)
    errors.push(
      invalid('spec.nodeAllocatableUpdatePeriodSeconds', period, 'must be greater than or equal to 10 seconds'),
    );
  return errors;
}

function validateTokens(requests: readonly TokenRequest[]): FieldError[] {
  const audiences = new Set<string>();
  return requests.flatMap(({ audience, expirationSeconds: seconds }, index) => {
    const path = `spec.tokenRequests[${index}]`;
    if (audiences.has(audience)) return [duplicate(`${path}.audience`, audience)];
    audiences.add(audience);
    if (seconds === undefined) return [];
    if (seconds < MIN_TOKEN_SECONDS)
      return [invalid(`${path}.expirationSeconds`, seconds, 'may not specify a duration less than 10 minutes')];
    return seconds > 2 ** 32
      ? [invalid(`${path}.expirationSeconds`, seconds, 'may not specify a duration larger than 2^32 seconds')]
      : [];
  });
}

const yesNo = (name: string, description: string, cell: (spec: CSIDriverSpec) => boolean): Column<CSIDriver> => ({
  name,
  type: 'boolean',
  description,
  cell: ({ spec }) => cell(spec ?? {}),
});

/** CSIDrivers. */
export const csiDriverKind = defineKind<CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  schema: CSIDriver,
  scope: 'Cluster',
  columns: [
    nameColumn,
    yesNo('AttachRequired', 'Must volumes be attached.', ({ attachRequired = true }) => attachRequired),
    yesNo('PodInfoOnMount', 'Is it told of the pod.', ({ podInfoOnMount = false }) => podInfoOnMount),
    yesNo('StorageCapacity', 'Does it tell what is left.', ({ storageCapacity = false }) => storageCapacity),
    textColumn('TokenRequests', 'Whom its tokens are for.', ({ spec }) =>
      spec?.tokenRequests === undefined ? '<unset>' : spec.tokenRequests.map(({ audience }) => audience).join(','),
    ),
    yesNo('RequiresRepublish', 'Is it called again.', ({ requiresRepublish = false }) => requiresRepublish),
    textColumn('Modes', 'What volumes it has.', ({ spec }) => (spec?.volumeLifecycleModes ?? []).join(',') || '<none>'),
    ageColumn,
  ],
  applyDefaults(driver) {
    driver.spec ??= {};
    const { spec } = driver;
    spec.attachRequired ??= true;
    spec.podInfoOnMount ??= false;
    spec.storageCapacity ??= false;
    spec.fsGroupPolicy ??= 'ReadWriteOnceWithFSType';
    if ((spec.volumeLifecycleModes ?? []).length === 0) spec.volumeLifecycleModes = ['Persistent'];
    spec.requiresRepublish ??= false;
  },
  validate,
  validateUpdate: ({ spec }, { spec: before }) => [
    ...(spec.attachRequired === before.attachRequired
      ? []
      : [invalid('spec.attachedRequired', spec.attachRequired, IMMUTABLE)]),
    ...(deepEqual(spec.volumeLifecycleModes, before.volumeLifecycleModes)
      ? []
      : [invalid('spec.volumeLifecycleModes', spec.volumeLifecycleModes, IMMUTABLE)]),
  ],
});
