import {
  type Static,
  described,
  field,
  list,
  map,
  object,
  quantity,
  required,
  string,
  value,
} from '#api/schema/builders.ts';
import { defineKind } from '#api/kind.ts';
import { nameColumn } from '#api/kinds/columns.ts';
import { validateLimitRange } from '#api/kinds/core/limitrange-validation.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';

/** `core.v1.LimitRangeItem`. */
export const LimitRangeItem = object(
  'core.v1.LimitRangeItem',
  {
    type: required(1, described('What is limited: Pod, Container or PersistentVolumeClaim.', string())),
    max: field(2, described('The most that one may have, by resource.', map(quantity()))),
    min: field(3, described('The least that one may have, by resource.', map(quantity()))),
    default: field(4, described('The limit of a container that names none.', map(quantity()))),
    defaultRequest: field(5, described('The request of a container that names none.', map(quantity()))),
    maxLimitRequestRatio: field(6, described('How many times its request a limit may be.', map(quantity()))),
  },
  { description: 'Bounds and defaults for one type of thing.' },
);
/** The JSON form of `core.v1.LimitRangeItem`. */
export type LimitRangeItem = Static<typeof LimitRangeItem>;

/** `core.v1.LimitRangeSpec`. */
export const LimitRangeSpec = object(
  'core.v1.LimitRangeSpec',
  { limits: required(1, described('The bounds, one entry a type.', list(LimitRangeItem))) },
  { description: 'Bounds for what is in a namespace.' },
);
/** The JSON form of `core.v1.LimitRangeSpec`. */
export type LimitRangeSpec = Static<typeof LimitRangeSpec>;

/** `core.v1.LimitRange`. */
export const LimitRange = object(
  'core.v1.LimitRange',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    spec: field(2, described('The bounds.', value(LimitRangeSpec))),
  },
  { description: 'Bounds and defaults for the resources of single pods, containers and claims of a namespace.' },
);
/** The JSON form of `core.v1.LimitRange`. */
export type LimitRange = Static<typeof LimitRange>;

/** What a container's entry leaves open: limits from the maximum, requests from the limits, then from the minimum. */
function applyItemDefaults(item: LimitRangeItem): void {
  if (item.type !== 'Container') return;
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  if (Object.keys(limits).length > 0) item.default = limits;
  if (Object.keys(requests).length > 0) item.defaultRequest = requests;
}

/** LimitRanges. */
export const limitRangeKind = defineKind<LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  schema: LimitRange,
  shortNames: ['limits'],
  columns: [
    nameColumn,
    {
      name: 'Created At',
      type: 'date',
      description: 'When the server created the object.',
      cell: ({ metadata }) => metadata.creationTimestamp ?? '',
    },
  ],
  applyDefaults({ spec }) {
    for (const item of spec?.limits ?? []) applyItemDefaults(item);
  },
  validate: validateLimitRange,
});
