import {
  type Static,
  field,
  int32,
  microTime,
  object,
  pointer,
  required,
  string,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { invalid, nonNegative } from '#api/meta/field-error.ts';

/** `coordination.v1.LeaseSpec`. */
export const LeaseSpec = object('coordination.v1.LeaseSpec', {
  holderIdentity: field(1, pointer(string())),
  leaseDurationSeconds: field(2, pointer(int32())),
  acquireTime: field(3, microTime()),
  renewTime: field(4, microTime()),
  leaseTransitions: field(5, pointer(int32())),
  preferredHolder: field(7, pointer(string())),
  strategy: field(6, pointer(string())),
});
/** The JSON form of `coordination.v1.LeaseSpec`. */
export type LeaseSpec = Static<typeof LeaseSpec>;

/** `coordination.v1.Lease`. */
export const Lease = object(
  'coordination.v1.Lease',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, value(LeaseSpec)),
  },
  { description: 'A lock with a holder and an expiry.' },
);
/** The JSON form of `coordination.v1.Lease`. */
export type Lease = Static<typeof Lease>;

/** Leases. */
export const leaseKind = defineKind<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  schema: Lease,
  columns: [nameColumn, textColumn('Holder', 'Who holds it.', (lease) => lease.spec?.holderIdentity ?? ''), ageColumn],
  validate: ({ spec }) => [
    ...(spec?.leaseDurationSeconds !== undefined && spec.leaseDurationSeconds <= 0
      ? [invalid('spec.leaseDurationSeconds', spec.leaseDurationSeconds, 'must be greater than 0')]
      : []),
    ...nonNegative('spec.leaseTransitions', spec?.leaseTransitions),
  ],
});
