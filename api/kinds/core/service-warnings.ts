import type { Service } from '#api/kinds/core/service.ts';
import { cidrWarnings, ipWarnings } from '#api/meta/ip-warnings.ts';

const HINTS = 'service.kubernetes.io/topology-aware-hints';
const TOPOLOGY_MODE = 'service.kubernetes.io/topology-mode';

/** What is allowed in a Service but will hardly be meant (upstream: pkg/api/service). */
export function serviceWarnings({ metadata, spec = {} }: Service): string[] {
  const warnings: string[] = [];
  if (metadata.annotations?.[HINTS] !== undefined)
    warnings.push(`annotation ${HINTS} is deprecated, please use ${TOPOLOGY_MODE} instead`);
  const isExternalName = spec.type === 'ExternalName';
  for (const field of ['clusterIPs', 'externalIPs'] as const)
    for (const [index, ip] of (spec[field] ?? []).entries())
      warnings.push(...ipWarnings(ip, `spec.${field}[${index}]`));
  warnings.push(...ipWarnings(spec.loadBalancerIP ?? '', 'spec.loadBalancerIP'));
  for (const [index, range] of (spec.loadBalancerSourceRanges ?? []).entries())
    warnings.push(...cidrWarnings(range, `spec.loadBalancerSourceRanges[${index}]`));
  if (isExternalName && (spec.externalIPs ?? []).length > 0)
    warnings.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (!isExternalName && spec.externalName)
    warnings.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  return warnings;
}
