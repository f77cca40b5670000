import { type Static, field, int32, list, object, required, string } from '#api/schema/builders.ts';
import { LabelSelector } from '#api/meta/label-selector.ts';

/** `core.v1.NodeSelectorRequirement`. */
export const NodeSelectorRequirement = object('core.v1.NodeSelectorRequirement', {
  key: required(1, string()),
  operator: required(2, string()),
  values: field(3, list(string())),
});
/** The JSON form of `core.v1.NodeSelectorRequirement`. */
export type NodeSelectorRequirement = Static<typeof NodeSelectorRequirement>;

/** `core.v1.NodeSelectorTerm`. */
export const NodeSelectorTerm = object(
  'core.v1.NodeSelectorTerm',
  {
    matchExpressions: field(1, list(NodeSelectorRequirement)),
    matchFields: field(2, list(NodeSelectorRequirement)),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `core.v1.NodeSelectorTerm`. */
export type NodeSelectorTerm = Static<typeof NodeSelectorTerm>;

/** `core.v1.NodeSelector`. */
export const NodeSelector = object(
  'core.v1.NodeSelector',
  {
    nodeSelectorTerms: required(1, list(NodeSelectorTerm)),
  },
  { mapType: 'atomic' },
);
/** The JSON form of `core.v1.NodeSelector`. */
export type NodeSelector = Static<typeof NodeSelector>;

/** `core.v1.PreferredSchedulingTerm`. */
export const PreferredSchedulingTerm = object('core.v1.PreferredSchedulingTerm', {
  weight: required(1, int32()),
  preference: required(2, NodeSelectorTerm),
});
/** The JSON form of `core.v1.PreferredSchedulingTerm`. */
export type PreferredSchedulingTerm = Static<typeof PreferredSchedulingTerm>;

/** `core.v1.NodeAffinity`. */
export const NodeAffinity = object('core.v1.NodeAffinity', {
  requiredDuringSchedulingIgnoredDuringExecution: field(1, NodeSelector),
  preferredDuringSchedulingIgnoredDuringExecution: field(2, list(PreferredSchedulingTerm)),
});
/** The JSON form of `core.v1.NodeAffinity`. */
export type NodeAffinity = Static<typeof NodeAffinity>;

/** `core.v1.PodAffinityTerm`. */
export const PodAffinityTerm = object('core.v1.PodAffinityTerm', {
  labelSelector: field(1, LabelSelector),
  namespaces: field(2, list(string())),
  topologyKey: required(3, string()),
  namespaceSelector: field(4, LabelSelector),
  matchLabelKeys: field(5, list(string())),
  mismatchLabelKeys: field(6, list(string())),
});
/** The JSON form of `core.v1.PodAffinityTerm`. */
export type PodAffinityTerm = Static<typeof PodAffinityTerm>;

/** `core.v1.WeightedPodAffinityTerm`. */
export const WeightedPodAffinityTerm = object('core.v1.WeightedPodAffinityTerm', {
  weight: required(1, int32()),
  podAffinityTerm: required(2, PodAffinityTerm),
});
/** The JSON form of `core.v1.WeightedPodAffinityTerm`. */
export type WeightedPodAffinityTerm = Static<typeof WeightedPodAffinityTerm>;

/** `core.v1.PodAffinity`. */
export const PodAffinity = object('core.v1.PodAffinity', {
  requiredDuringSchedulingIgnoredDuringExecution: field(1, list(PodAffinityTerm)),
  preferredDuringSchedulingIgnoredDuringExecution: field(2, list(WeightedPodAffinityTerm)),
});
/** The JSON form of `core.v1.PodAffinity`. */
export type PodAffinity = Static<typeof PodAffinity>;

/** `core.v1.PodAntiAffinity`. */
export const PodAntiAffinity = object('core.v1.PodAntiAffinity', {
  requiredDuringSchedulingIgnoredDuringExecution: field(1, list(PodAffinityTerm)),
  preferredDuringSchedulingIgnoredDuringExecution: field(2, list(WeightedPodAffinityTerm)),
});
/** The JSON form of `core.v1.PodAntiAffinity`. */
export type PodAntiAffinity = Static<typeof PodAntiAffinity>;

/** `core.v1.Affinity`. */
export const Affinity = object('core.v1.Affinity', {
  nodeAffinity: field(1, NodeAffinity),
  podAffinity: field(2, PodAffinity),
  podAntiAffinity: field(3, PodAntiAffinity),
});
/** The JSON form of `core.v1.Affinity`. */
export type Affinity = Static<typeof Affinity>;
