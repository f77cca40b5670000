import type { Pod } from '#api/kinds/core/pod.ts';

/** The configuration objects that a pod names, in its own namespace. */
export interface PodReferences {
  readonly configmaps: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
}

/** Every ConfigMap and Secret by which a pod's node must know it: environment, volumes, projected volumes, pull secrets. Names, without namespace. */
export function podReferences(pod: Pod): PodReferences {
  const configmaps = new Set<string>();
  const secrets = new Set<string>();
  const add = (names: Set<string>, name: string | undefined) => {
    if (name !== undefined && name !== '') names.add(name);
  };
  const { spec } = pod;
  const containers = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  for (const { env = [], envFrom = [] } of containers) {
    for (const { valueFrom } of env) {
      add(configmaps, valueFrom?.configMapKeyRef?.name);
      add(secrets, valueFrom?.secretKeyRef?.name);
    }
    for (const source of envFrom) {
      add(configmaps, source.configMapRef?.name);
      add(secrets, source.secretRef?.name);
    }
  }
  for (const volume of spec?.volumes ?? []) {
    add(configmaps, volume.configMap?.name);
    add(secrets, volume.secret?.secretName);
    for (const source of volume.projected?.sources ?? []) {
      add(configmaps, source.configMap?.name);
      add(secrets, source.secret?.name);
    }
  }
  for (const reference of spec?.imagePullSecrets ?? []) add(secrets, reference.name);
  return { configmaps, secrets };
}
