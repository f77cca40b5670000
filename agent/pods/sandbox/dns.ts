import type { Pod } from '#api/kinds/core/pod.ts';

/** What a resolver is told: the lines of a resolv.conf. */
export interface DnsConfig {
  readonly servers: readonly string[];
  readonly searches: readonly string[];
  readonly options: readonly string[];
}

/** The cluster's resolver and the node's own. */
export interface DnsPlace {
  /** Empty when the cluster has none. */
  readonly clusterDNS: readonly string[];
  readonly clusterDomain: string;
  readonly host: DnsConfig;
}

/** Reads a resolv.conf; later `search` and `options` lines replace earlier ones. */
export function parseResolvConf(text: string): DnsConfig {
  const servers: string[] = [];
  let searches: string[] = [];
  let options: string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line.trim().split(/\s+/);
    if (keyword === 'nameserver' && values[0] !== undefined) servers.push(values[0]);
    if (keyword === 'search')
      searches = values.filter((value) => value !== '.').map((value) => value.replace(/\.$/, ''));
    if (keyword === 'options') options = values;
  }
  return { servers, searches, options };
}

/** The resolver of a pod after its dnsPolicy and dnsConfig (kubelet: pkg/kubelet/network/dns). */
export function podDns(pod: Pod, place: DnsPlace): DnsConfig {
  const base = policyDns(pod, place);
  const extra = pod.spec?.dnsConfig;
  if (extra === undefined) return base;
  return {
    servers: unique([...base.servers, ...(extra.nameservers ?? [])]),
    searches: unique([...base.searches, ...(extra.searches ?? [])]),
    options: mergeOptions(base.options, extra.options ?? []),
  };
}

function policyDns(pod: Pod, { clusterDNS, clusterDomain, host }: DnsPlace): DnsConfig {
  const policy = pod.spec?.dnsPolicy ?? 'ClusterFirst';
  if (policy === 'None') return { servers: [], searches: [], options: [] };
  const onHost = pod.spec?.hostNetwork === true && policy !== 'ClusterFirstWithHostNet';
  if (policy === 'Default' || onHost || clusterDNS.length === 0) return host;
  const namespace = pod.metadata.namespace ?? 'default';
  return {
    servers: clusterDNS,
    searches: unique([`${namespace}.svc.${clusterDomain}`, `svc.${clusterDomain}`, clusterDomain, ...host.searches]),
    options: ['ndots:5'],
  };
}

function mergeOptions(base: readonly string[], extra: readonly { name?: string; value?: string }[]): string[] {
  const options = new Map(base.map((option) => [option.split(':')[0] ?? '', option]));
  for (const { name = '', value } of extra)
    options.set(name, value === undefined || value === '' ? name : `${name}:${value}`);
  return [...options.values()];
}

const unique = (values: readonly string[]): string[] => [...new Set(values)];
