import { expect, test } from 'bun:test';
import type { Pod } from '#api/kinds/core/pod.ts';
import type { PodSpec } from '#api/podspec/pod-spec.ts';
import { parseResolvConf, podDns } from './dns.ts';
import { hostsFile, podHostname } from './hosts-file.ts';

const place = {
  clusterDNS: ['10.43.0.10'],
  clusterDomain: 'cluster.local',
  host: parseResolvConf('# by hand\nnameserver 9.9.9.9\nsearch home.lan .\noptions timeout:1\n'),
};
const pod = (spec: Partial<PodSpec>): Pod => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name: 'p', namespace: 'ns' },
  spec: { containers: [], ...spec },
});
const cluster = {
  servers: ['10.43.0.10'],
  searches: ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'home.lan'],
  options: ['ndots:5'],
};
const host = { servers: ['9.9.9.9'], searches: ['home.lan'], options: ['timeout:1'] };

test.each([
  [{}, cluster],
  [{ dnsPolicy: 'ClusterFirst', hostNetwork: true }, host],
  [{ dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }, cluster],
  [{ dnsPolicy: 'Default' }, host],
  [
    {
      dnsPolicy: 'None',
      dnsConfig: {
        nameservers: ['1.1.1.1'],
        searches: ['x.y'],
        options: [{ name: 'ndots', value: '2' }, { name: 'edns0' }],
      },
    },
    { servers: ['1.1.1.1'], searches: ['x.y'], options: ['ndots:2', 'edns0'] },
  ],
  [{ dnsConfig: { options: [{ name: 'ndots', value: '1' }] } }, { ...cluster, options: ['ndots:1'] }],
])('podDns() of %j', (spec, dns) => {
  expect(podDns(pod(spec), place)).toEqual(dns);
});

test('hostsFile() names the pod with its subdomain, and its aliases', () => {
  const spec = { hostname: 'h', subdomain: 'sub', hostAliases: [{ ip: '9.9.9.9', hostnames: ['a.b', 'c'] }] };
  const lines = hostsFile(pod(spec), ['10.42.0.5'], 'cluster.local', '').split('\n');
  expect(lines).toContain('10.42.0.5\th.sub.ns.svc.cluster.local\th');
  expect(lines).toContain('9.9.9.9\ta.b\tc');
});

test("hostsFile() on the host network is the node's own with the aliases", () => {
  expect(hostsFile(pod({ hostNetwork: true }), ['192.168.0.10'], 'cluster.local', '127.0.0.1\tlocalhost\n')).toBe(
    '# Kubernetes-managed hosts file (host network).\n127.0.0.1\tlocalhost\n',
  );
});

test('podHostname() is at most 63 characters and does not end in a dash', () => {
  expect(podHostname({ ...pod({}), metadata: { name: `${'a'.repeat(62)}-${'b'.repeat(9)}` } }, 'node1')).toBe(
    'a'.repeat(62),
  );
  expect(podHostname(pod({ hostNetwork: true }), 'node1')).toBe('node1');
});
