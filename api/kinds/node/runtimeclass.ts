import { type Static, described, field, list, map, object, quantity, required, string } from '#api/schema/builders.ts';
import { ageColumn, nameColumn, textColumn } from '#api/kinds/columns.ts';
import { defineKind } from '#api/kind.ts';
import { type FieldError, duplicate, eachInvalid, invalid } from '#api/meta/field-error.ts';
import { dns1123Label } from '#api/meta/names.ts';
import { IMMUTABLE, validateLabels } from '#api/meta/object-meta-validation.ts';
import { ObjectMeta } from '#api/meta/object-meta.ts';
import { deprecatedNodeLabel } from '#api/podspec/deprecated-labels.ts';
import { Toleration } from '#api/podspec/pod-spec.ts';
import { validateResources } from '#api/podspec/validate-resources.ts';
import { validateTolerations } from '#api/podspec/validate-scheduling.ts';

/** `node.v1.Overhead`. */
export const Overhead = object(
  'node.v1.Overhead',
  { podFixed: field(1, described('Added to what the containers of a pod ask for.', map(quantity()))) },
  { description: 'What a pod costs beside its containers.' },
);
/** The JSON form of `node.v1.Overhead`. */
export type Overhead = Static<typeof Overhead>;

/** `node.v1.Scheduling`. */
export const Scheduling = object(
  'node.v1.Scheduling',
  {
    nodeSelector: field(
      1,
      described('The labels of nodes that have the handler.', map(string(), { mapType: 'atomic' })),
    ),
    tolerations: field(2, described('Tolerations that its pods get.', list(Toleration))),
  },
  { description: 'Which nodes can run pods of the class.' },
);
/** The JSON form of `node.v1.Scheduling`. */
export type Scheduling = Static<typeof Scheduling>;

/** `node.v1.RuntimeClass`. */
export const RuntimeClass = object(
  'node.v1.RuntimeClass',
  {
    kind: required(0, string()),
    apiVersion: required(0, string()),
    metadata: required(1, ObjectMeta),
    handler: required(2, described("The name that the node's container runtime knows it by.", string())),
    overhead: field(3, described('What a pod costs beside its containers.', Overhead)),
    scheduling: field(4, described('Which nodes can run its pods.', Scheduling)),
  },
  { description: 'A way to run containers that pods may ask for by name.' },
);
/** The JSON form of `node.v1.RuntimeClass`. */
export type RuntimeClass = Static<typeof RuntimeClass>;

function validate({ handler, overhead, scheduling }: RuntimeClass): FieldError[] {
  const errors = eachInvalid('handler', handler, dns1123Label(handler));
  if (overhead !== undefined) errors.push(...validateResources({ limits: overhead.podFixed ?? {} }, 'overhead'));
  errors.push(...validateLabels(scheduling?.nodeSelector, 'scheduling.nodeSelector'));
  // Upstream writes the path of single tolerations with the field twice.
  errors.push(...validateTolerations(scheduling?.tolerations, 'scheduling.tolerations.tolerations'));
  const seen = new Set<string>();
  for (const [index, one] of (scheduling?.tolerations ?? []).entries()) {
    const key = JSON.stringify([one.key, one.operator, one.value, one.effect]);
    if (seen.has(key)) errors.push(duplicate(`scheduling.tolerations[${index}]`, one));
    seen.add(key);
  }
  return errors;
}

/** RuntimeClasses. */
export const runtimeClassKind = defineKind<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  schema: RuntimeClass,
  scope: 'Cluster',
  columns: [nameColumn, textColumn('Handler', 'What nodes know it by.', ({ handler }) => handler ?? ''), ageColumn],
  validate,
  updateRulesOnly: true,
  validateUpdate: ({ handler }, { handler: before }) =>
    handler === before ? [] : [invalid('handler', handler, IMMUTABLE)],
  warnings: ({ scheduling }) =>
    Object.keys(scheduling?.nodeSelector ?? {}).flatMap((key) => {
      const text = deprecatedNodeLabel(key);
      return text === undefined ? [] : [`scheduling.nodeSelector: ${text}`];
    }),
});
