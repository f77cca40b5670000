import { type Static, described, field, list, object, required, string } from '#api/schema/builders.ts';

/** `meta.v1.FieldSelectorRequirement`. */
export const FieldSelectorRequirement = object(
  'meta.v1.FieldSelectorRequirement',
  {
    key: required(1, described('The field, such as metadata.name.', string())),
    operator: required(2, described('In, NotIn, Exists or DoesNotExist.', string())),
    values: field(3, described('The values, for In and NotIn.', list(string()))),
  },
  { description: 'A condition on one field.' },
);
/** The JSON form of `meta.v1.FieldSelectorRequirement`. */
export type FieldSelectorRequirement = Static<typeof FieldSelectorRequirement>;
