import { type Static, described, field, object, required, string, value } from '#api/schema/builders.ts';
import { formatLabels, nameColumn, templateColumns, textColumn } from '#api/kinds/columns.ts';
import { defineKind } from '#api/kind.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { applyPodSpecDefaults } from '#api/podspec/defaults.ts';
import { PodTemplateSpec } from '#api/podspec/pod-spec.ts';
import { podSpecWarnings } from '#api/podspec/pod-warnings.ts';
import { validatePodTemplate } from '#api/podspec/validate-pod-spec.ts';

/** `core.v1.PodTemplate`. */
export const PodTemplate = object(
  'core.v1.PodTemplate',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    template: field(2, described('The pods that can be made from it.', value(PodTemplateSpec))),
  },
  { description: 'A pod kept for later; nothing is made from it by itself.' },
);
/** The JSON form of `core.v1.PodTemplate`. */
export type PodTemplate = Static<typeof PodTemplate>;

/** PodTemplates. */
export const podTemplateKind = defineKind<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  schema: PodTemplate,
  hasGeneration: true,
  columns: [
    nameColumn,
    // Here, unlike in the kinds that own pods, they are shown always.
    ...templateColumns<PodTemplate>(({ template }) => template).map(({ priority: _wide, ...column }) => column),
    textColumn('Pod Labels', 'The labels of its pods.', ({ template }) => formatLabels(template?.metadata?.labels)),
  ],
  applyDefaults({ template }) {
    if (template?.spec !== undefined) applyPodSpecDefaults(template.spec);
  },
  validate: ({ template }) => validatePodTemplate(template ?? {}, 'template'),
  warnings: ({ template }) => podSpecWarnings(template?.spec, template?.metadata, 'template'),
});
