import {
  type Static,
  boolean,
  described,
  field,
  int32,
  map,
  object,
  pointer,
  required,
  string,
  time,
  value,
} from '#api/schema/builders.ts';
import { carryOver } from '#api/kinds/carry-over.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { defineKind } from '#api/kind.ts';
import { validateVolumeSpec } from '#api/kinds/core/persistentvolume-validation.ts';
import { PersistentVolumeSpec } from '#api/kinds/core/persistentvolume.ts';
import { validateDriverName } from '#api/podspec/validate-volume-source.ts';
import { deepEqual } from '#api/meta/deep-equal.ts';
import { type FieldError, eachInvalid, forbidden, invalid, requiredValue, tooLong } from '#api/meta/field-error.ts';
import { byteLength, dns1123Subdomain } from '#api/meta/names.ts';
import { IMMUTABLE } from '#api/meta/object-meta-validation.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `storage.v1.VolumeAttachmentSource`. */
export const VolumeAttachmentSource = object(
  'storage.v1.VolumeAttachmentSource',
  {
    persistentVolumeName: field(1, described('The name of the PersistentVolume.', pointer(string()))),
    inlineVolumeSpec: field(2, described('A volume that has no PersistentVolume.', PersistentVolumeSpec)),
  },
  { description: 'Which volume; one of the two.' },
);
/** The JSON form of `storage.v1.VolumeAttachmentSource`. */
export type VolumeAttachmentSource = Static<typeof VolumeAttachmentSource>;

/** `storage.v1.VolumeAttachmentSpec`. */
export const VolumeAttachmentSpec = object(
  'storage.v1.VolumeAttachmentSpec',
  {
    attacher: required(1, described('The CSI driver that attaches.', string())),
    source: required(2, described('The volume.', VolumeAttachmentSource)),
    nodeName: required(3, described('The node.', string())),
  },
  { description: 'Which volume is to be attached to which node, and by whom.' },
);
/** The JSON form of `storage.v1.VolumeAttachmentSpec`. */
export type VolumeAttachmentSpec = Static<typeof VolumeAttachmentSpec>;

/** `storage.v1.VolumeError`. */
export const VolumeError = object(
  'storage.v1.VolumeError',
  {
    time: field(1, described('When it happened.', time())),
    message: field(2, described('What happened.', string())),
    errorCode: field(3, described('The gRPC code of the failed call.', pointer(int32()))),
  },
  { description: 'The last failure of attaching or detaching.' },
);
/** The JSON form of `storage.v1.VolumeError`. */
export type VolumeError = Static<typeof VolumeError>;

/** `storage.v1.VolumeAttachmentStatus`. */
export const VolumeAttachmentStatus = object(
  'storage.v1.VolumeAttachmentStatus',
  {
    attached: required(1, described('Is the volume attached.', boolean())),
    attachmentMetadata: field(2, described('What the driver says of the attachment.', map(string()))),
    attachError: field(3, described('The last failure of attaching.', VolumeError)),
    detachError: field(4, described('The last failure of detaching.', VolumeError)),
  },
  { description: 'What came of it.' },
);
/** The JSON form of `storage.v1.VolumeAttachmentStatus`. */
export type VolumeAttachmentStatus = Static<typeof VolumeAttachmentStatus>;

/** `storage.v1.VolumeAttachment`. */
export const VolumeAttachment = object(
  'storage.v1.VolumeAttachment',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: required(2, described('What is to be attached where.', VolumeAttachmentSpec)),
    status: field(3, described('What came of it. Written by the driver.', value(VolumeAttachmentStatus))),
  },
  { description: 'The wish that a volume be attached to a node.' },
);
/** The JSON form of `storage.v1.VolumeAttachment`. */
export type VolumeAttachment = Static<typeof VolumeAttachment>;

const MAX_METADATA_BYTES = 256 * 1024;
const MAX_MESSAGE_BYTES = 1024;
const ONE_OF = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';

function validate({ spec, status }: VolumeAttachment): FieldError[] {
  const errors: FieldError[] = [];
  const { attacher, nodeName, source } = spec;
  if (attacher === '') errors.push(requiredValue('spec.attacher'));
  errors.push(...validateSource(source));
  errors.push(...eachInvalid('spec.nodeName', nodeName, dns1123Subdomain(nodeName)));
  const size = Object.entries(status?.attachmentMetadata ?? {}).reduce(
    (sum, [key, text]) => sum + byteLength(key) + byteLength(text),
    0,
  );
  if (size > MAX_METADATA_BYTES) errors.push(tooLong('status.attachmentMetadata', MAX_METADATA_BYTES));
  for (const field of ['attachError', 'detachError'] as const) {
    const { message = '', errorCode = 0 } = status?.[field] ?? {};
    if (byteLength(message) > MAX_MESSAGE_BYTES) errors.push(tooLong(`status.${field}.message`, MAX_METADATA_BYTES));
    if (errorCode < 0)
      errors.push(invalid(`status.${field}.errorCode`, errorCode, 'must be between 0 and 2147483647, inclusive'));
  }
  return errors;
}

function validateSource({
  persistentVolumeName: name,
  inlineVolumeSpec: inline,
}: VolumeAttachmentSource): FieldError[] {
  const path = 'spec.source';
  if (name === undefined && inline === undefined) return [requiredValue(path, ONE_OF)];
  if (name !== undefined && inline !== undefined) return [forbidden(path, ONE_OF)];
  if (name === '')
    return [requiredValue(`${path}.persistentVolumeName`, 'must specify non empty persistentVolumeName')];
  return inline === undefined ? [] : validateVolumeSpec(inline, '', `${path}.inlineVolumeSpec`, true);
}

/** VolumeAttachments. */
export const volumeAttachmentKind = defineKind<VolumeAttachment>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'VolumeAttachment',
  schema: VolumeAttachment,
  scope: 'Cluster',
  hasStatus: true,
  columns: [
    nameColumn,
    {
      ...textColumn<VolumeAttachment>('Attacher', 'Who attaches.', ({ spec }) => spec?.attacher ?? ''),
      format: 'name',
    },
    textColumn('PV', 'The volume.', ({ spec }) => spec?.source?.persistentVolumeName ?? ''),
    textColumn('Node', 'The node.', ({ spec }) => spec?.nodeName ?? ''),
    {
      name: 'Attached',
      type: 'boolean',
      description: 'Is it attached.',
      cell: ({ status }) => status?.attached ?? false,
    },
    ageColumn,
  ],
  prepareForCreate(attachment) {
    attachment.status = { attached: false };
  },
  prepareForUpdate(attachment, old) {
    carryOver(attachment, old, 'status');
  },
  prepareForStatusUpdate(attachment, old) {
    attachment.spec = old.spec;
  },
  validate,
  validateCreate({ spec }) {
    const name = spec?.source?.persistentVolumeName;
    return [
      ...validateDriverName(spec?.attacher ?? '', 'spec.attacher'),
      ...(name === undefined ? [] : eachInvalid('spec.source.persistentVolumeName', name, dns1123Subdomain(name))),
    ];
  },
  validateUpdate: ({ spec }, { spec: before }) => (deepEqual(spec, before) ? [] : [invalid('spec', spec, IMMUTABLE)]),
});
