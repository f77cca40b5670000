import type { Pod } from '#api/kinds/core/pod.ts';

const HEADER = '# Kubernetes-managed hosts file';

/** The host name a pod sees: `spec.hostname`, else its name, at most 63 characters; on the host network the node's own. */
export function podHostname(pod: Pod, nodeHostname: string): string {
  if (pod.spec?.hostNetwork === true) return nodeHostname;
  const { hostname = '' } = pod.spec ?? {};
  return (hostname === '' ? (pod.metadata.name ?? '') : hostname).slice(0, 63).replace(/[-.]+$/, '');
}

/**
 * The /etc/hosts of a pod (kubelet: managedHostsFileContent, nodeHostsFileContent). `nodeHosts` is the node's own file, for pods on the
 * host network.
 */
export function hostsFile(pod: Pod, podIPs: readonly string[], clusterDomain: string, nodeHosts: string): string {
  if (pod.spec?.hostNetwork === true) return `${HEADER} (host network).\n${nodeHosts}${aliases(pod)}`;
  const lines = [
    `${HEADER}.`,
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    'fe00::0\tip6-localnet',
    'fe00::0\tip6-mcastprefix',
    'fe00::1\tip6-allnodes',
    'fe00::2\tip6-allrouters',
  ];
  const hostname = podHostname(pod, '');
  const { subdomain = '' } = pod.spec ?? {};
  const domain = `${hostname}.${subdomain}.${pod.metadata.namespace ?? ''}.svc.${clusterDomain}`;
  for (const ip of podIPs) lines.push(subdomain === '' ? `${ip}\t${hostname}` : `${ip}\t${domain}\t${hostname}`);
  return `${lines.join('\n')}\n${aliases(pod)}`;
}

function aliases(pod: Pod): string {
  const { hostAliases = [] } = pod.spec ?? {};
  if (hostAliases.length === 0) return '';
  const lines = hostAliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}`);
  return `\n# Entries added by HostAliases.\n${lines.join('\n')}\n`;
}
