import { type Static, described, field, list, map, object, required, string } from '#api/schema/builders.ts';

/** `meta.v1.LabelSelectorRequirement`. */
export const LabelSelectorRequirement = object('meta.v1.LabelSelectorRequirement', {
  key: required(1, string()),
  operator: required(2, string()),
  values: field(3, list(string())),
});
/** The JSON form of `meta.v1.LabelSelectorRequirement`. */
export type LabelSelectorRequirement = Static<typeof LabelSelectorRequirement>;

/** `meta.v1.LabelSelector`. */
export const LabelSelector = object(
  'meta.v1.LabelSelector',
  {
    matchLabels: field(1, described('Labels that must be there with these values.', map(string()))),
    matchExpressions: field(2, described('Conditions on labels.', list(LabelSelectorRequirement))),
  },
  { mapType: 'atomic', description: 'Picks objects by their labels; all that is listed has to match.' },
);
/** The JSON form of `meta.v1.LabelSelector`. */
export type LabelSelector = Static<typeof LabelSelector>;
