import { type Static, field, int32, object, required, string, value } from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `autoscaling.v1.ScaleSpec`. */
export const ScaleSpec = object('autoscaling.v1.ScaleSpec', {
  replicas: field(1, int32()),
});
/** The JSON form of `autoscaling.v1.ScaleSpec`. */
export type ScaleSpec = Static<typeof ScaleSpec>;

/** `autoscaling.v1.ScaleStatus`. */
export const ScaleStatus = object('autoscaling.v1.ScaleStatus', {
  replicas: required(1, int32()),
  selector: field(2, string()),
});
/** The JSON form of `autoscaling.v1.ScaleStatus`. */
export type ScaleStatus = Static<typeof ScaleStatus>;

/** `autoscaling.v1.Scale`. */
export const Scale = object('autoscaling.v1.Scale', {
  kind: required(0, string()),
  apiVersion: required(0, string()),
  metadata: required(1, ObjectMeta),
  spec: field(2, value(ScaleSpec)),
  status: field(3, value(ScaleStatus)),
});
/** The JSON form of `autoscaling.v1.Scale`. */
export type Scale = Static<typeof Scale>;

/** Scales: what /scale reads and writes. */
export const scaleKind = defineKind<Scale>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'Scale',
  schema: Scale,
  verbs: ['create'],
});
