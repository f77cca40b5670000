import type { Pod } from '#api/kinds/core/pod.ts';
import type { Container } from '#api/podspec/container.ts';

/** The ConfigMaps and Secrets that a pod names, as `configmaps/name` and `secrets/name`. */
export function podReferences(pod: Pod): Set<string> {
  const found = new Set<string>();
  const configMap = (name: string | undefined): unknown => name !== undefined && found.add(`configmaps/${name}`);
  const secret = (name: string | undefined): unknown => name !== undefined && found.add(`secrets/${name}`);
  const { spec } = pod;
  for (const { name } of spec?.imagePullSecrets ?? []) secret(name);
  for (const volume of spec?.volumes ?? []) {
    configMap(volume.configMap?.name);
    secret(volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      configMap(source.configMap?.name);
      secret(source.secret?.name);
    }
  }
  const containers: readonly Container[] = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  for (const { env = [], envFrom = [] } of containers) {
    for (const { configMapRef, secretRef } of envFrom) {
      configMap(configMapRef?.name);
      secret(secretRef?.name);
    }
    for (const { valueFrom } of env) {
      configMap(valueFrom?.configMapKeyRef?.name);
      secret(valueFrom?.secretKeyRef?.name);
    }
  }
  return found;
}
