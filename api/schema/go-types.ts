import type { TSchema } from './builders.ts';

/**
 * Go's names of types, as they appear in the texts of decoding errors (`… of type v1.RestartPolicy`).
 * Only the named string types have to be listed: everything else follows from the schema.
 */
const NAMED_STRINGS: Readonly<Record<string, string>> = {
  'apps.v1.DeploymentStrategy.type': 'v1.DeploymentStrategyType',
  'core.v1.Container.imagePullPolicy': 'v1.PullPolicy',
  'core.v1.Container.terminationMessagePolicy': 'v1.TerminationMessagePolicy',
  'core.v1.ContainerPort.protocol': 'v1.Protocol',
  'core.v1.EmptyDirVolumeSource.medium': 'v1.StorageMedium',
  'core.v1.HTTPGetAction.scheme': 'v1.URIScheme',
  'core.v1.HostPathVolumeSource.type': 'v1.HostPathType',
  'core.v1.NamespaceStatus.phase': 'v1.NamespacePhase',
  'core.v1.NodeCondition.type': 'v1.NodeConditionType',
  'core.v1.ObjectReference.uid': 'types.UID',
  'core.v1.PodCondition.type': 'v1.PodConditionType',
  'core.v1.PodSpec.dnsPolicy': 'v1.DNSPolicy',
  'core.v1.PodSpec.preemptionPolicy': 'v1.PreemptionPolicy',
  'core.v1.PodSpec.restartPolicy': 'v1.RestartPolicy',
  'core.v1.PodStatus.phase': 'v1.PodPhase',
  'core.v1.PodStatus.qosClass': 'v1.PodQOSClass',
  'core.v1.Secret.type': 'v1.SecretType',
  'core.v1.ServicePort.protocol': 'v1.Protocol',
  'core.v1.ServiceSpec.externalTrafficPolicy': 'v1.ServiceExternalTrafficPolicy',
  'core.v1.ServiceSpec.internalTrafficPolicy': 'v1.ServiceInternalTrafficPolicy',
  'core.v1.ServiceSpec.ipFamilyPolicy': 'v1.IPFamilyPolicy',
  'core.v1.ServiceSpec.sessionAffinity': 'v1.ServiceAffinity',
  'core.v1.ServiceSpec.type': 'v1.ServiceType',
  'core.v1.Taint.effect': 'v1.TaintEffect',
  'core.v1.Toleration.effect': 'v1.TaintEffect',
  'core.v1.Toleration.operator': 'v1.TolerationOperator',
  'core.v1.TopologySpreadConstraint.whenUnsatisfiable': 'v1.UnsatisfiableConstraintAction',
  'discovery.v1.EndpointSlice.addressType': 'v1.AddressType',
  'meta.v1.LabelSelectorRequirement.operator': 'v1.LabelSelectorOperator',
  'meta.v1.ManagedFieldsEntry.operation': 'v1.ManagedFieldsOperationType',
  'meta.v1.ObjectMeta.uid': 'types.UID',
  'meta.v1.OwnerReference.uid': 'types.UID',
};

/** Go's type of a field or an item. `owner` is `<definition>.<field>`, e.g. `core.v1.PodSpec.restartPolicy`. */
export function goTypeOf(schema: TSchema, owner: string): string {
  const definition: unknown = schema['x-kubernetes-definition'];
  if (typeof definition === 'string') return definition.split('.').slice(-2).join('.');
  switch (schema['type']) {
    case 'array':
      return `[]${goTypeOf(schema['items'] as TSchema, owner)}`;
    case 'string':
      return schema['format'] === 'byte' ? '[]uint8' : (NAMED_STRINGS[owner] ?? 'string');
    case 'integer':
      return schema['format'] === 'int64' ? 'int64' : 'int32';
    case 'number':
      return 'float64';
    case 'boolean':
      return 'bool';
    default: {
      const item = mapItem(schema);
      if (item?.['format'] === 'quantity') return 'v1.ResourceList';
      return item === undefined ? 'map[string]interface {}' : `map[string]${goTypeOf(item, owner)}`;
    }
  }
}

/**
 * Why a value is no `goType`, in the words of upstream's conversion of unstructured objects (apimachinery: runtime/converter.go).
 * Go turns an integer into a string and a fraction into an integer, which the converter then refuses; for all else it has no rule.
 */
export function conversionFault(value: unknown, goType: string): string {
  const kind = converterKind(value);
  if (goType.startsWith('map[') || goType === 'v1.ResourceList') return `cannot restore map from ${kind}`;
  if (goType.startsWith('[]')) return `cannot restore slice from ${kind}`;
  const namedString = Object.values(NAMED_STRINGS).includes(goType);
  if (goType.includes('.') && !namedString) return `cannot restore struct from: ${kind}`;
  const goKind = namedString ? 'string' : goType;
  const refused = kind === 'int64' ? goKind === 'string' : kind === 'float64' && goKind.startsWith('int');
  return refused ? `cannot convert ${kind} to ${goType}` : `unrecognized type: ${goKind}`;
}

function converterKind(value: unknown): string {
  if (Array.isArray(value)) return 'slice';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'string' ? 'string' : 'map';
}

/** The schema of a map's values; undefined when `schema` is no map. */
export function mapItem(schema: TSchema): TSchema | undefined {
  const patterns: unknown = schema['patternProperties'];
  return typeof patterns === 'object' && patterns !== null ? (Object.values(patterns)[0] as TSchema) : undefined;
}

/** The word for a JSON value in Go's decoding errors. */
export function goValueKind(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
