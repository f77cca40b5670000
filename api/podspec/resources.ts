import {
  type Static,
  described,
  field,
  listMap,
  map,
  object,
  quantity,
  required,
  string,
} from '#api/schema/builders.ts';

/** `core.v1.ResourceClaim`. */
export const ResourceClaim = object('core.v1.ResourceClaim', {
  name: required(1, string()),
  request: field(2, string()),
});
/** The JSON form of `core.v1.ResourceClaim`. */
export type ResourceClaim = Static<typeof ResourceClaim>;

/** `core.v1.ResourceRequirements`. */
export const ResourceRequirements = object(
  'core.v1.ResourceRequirements',
  {
    limits: field(1, described('The most that may be used.', map(quantity()))),
    requests: field(2, described('What is set aside on the node. Default: the limit.', map(quantity()))),
    claims: field(3, listMap(ResourceClaim, { keys: ['name'] })),
  },
  { description: 'What a container asks for and may use at most, by resource (cpu, memory, …).' },
);
/** The JSON form of `core.v1.ResourceRequirements`. */
export type ResourceRequirements = Static<typeof ResourceRequirements>;

/** `core.v1.VolumeResourceRequirements`. */
export const VolumeResourceRequirements = object('core.v1.VolumeResourceRequirements', {
  limits: field(1, map(quantity())),
  requests: field(2, map(quantity())),
});
/** The JSON form of `core.v1.VolumeResourceRequirements`. */
export type VolumeResourceRequirements = Static<typeof VolumeResourceRequirements>;
