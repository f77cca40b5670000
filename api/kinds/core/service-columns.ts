import type { Column } from '#api/kind.ts';
import { ageColumn, formatLabels, nameColumn, orNone, textColumn, wide } from '#api/kinds/columns.ts';
import type { Service } from '#api/kinds/core/service.ts';

function externalIP({ spec, status }: Service): string {
  const external = spec?.externalIPs ?? [];
  switch (spec?.type ?? '') {
    case 'ClusterIP':
    case 'NodePort':
      return orNone(external.join(','));
    case 'LoadBalancer': {
      const ingress = (status?.loadBalancer?.ingress ?? []).map((one) => one.ip || one.hostname || '');
      const given = [...new Set(ingress.filter((one) => one !== ''))].sort();
      return [...given, ...external].join(',') || '<pending>';
    }
    case 'ExternalName':
      return spec?.externalName ?? '';
    default:
      return '<unknown>';
  }
}

const ports = ({ spec }: Service): string =>
  orNone(
    (spec?.ports ?? [])
      .map(({ port, nodePort, protocol }) => `${nodePort ? `${port}:${nodePort}` : port}/${protocol ?? 'TCP'}`)
      .join(','),
  );

/** The columns of `kubectl get services`. */
export const serviceColumns: readonly Column<Service>[] = [
  nameColumn,
  textColumn('Type', 'How the service is reached.', (service) => service.spec?.type ?? ''),
  textColumn('Cluster-IP', 'Its address inside the cluster.', (service) =>
    orNone(service.spec?.clusterIPs?.[0] ?? service.spec?.clusterIP),
  ),
  textColumn('External-IP', 'Its addresses, or its name, outside the cluster.', externalIP),
  textColumn('Port(s)', 'Its ports, with the node port after a colon.', ports),
  ageColumn,
  wide(textColumn('Selector', 'The labels of the pods behind it.', (service) => formatLabels(service.spec?.selector))),
];
