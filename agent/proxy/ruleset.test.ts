import { expect, test } from 'bun:test';
import type { Service } from '#api/kinds/core/service.ts';
import type { EndpointSlice } from '#api/kinds/discovery/endpointslice.ts';
import { updateTable } from './nft-table.ts';
import { proxyTable, ruleset } from './ruleset.ts';

const place = {
  nodeName: 'a',
  podCIDR: '10.42.0.0/24',
  clusterCIDR: '10.42.0.0/16',
  serviceCIDR: '10.43.0.0/16',
  dnsAddress: '10.43.0.10',
};
const service = (name: string, spec: NonNullable<Service['spec']>, status?: Service['status']): Service => ({
  kind: 'Service',
  apiVersion: 'v1',
  metadata: { name, namespace: 'default' },
  spec,
  ...(status === undefined ? {} : { status }),
});
type Endpoints = NonNullable<EndpointSlice['endpoints']>;
const slice = (name: string, endpoints: Endpoints, port = 8080): EndpointSlice => ({
  kind: 'EndpointSlice',
  apiVersion: 'discovery.k8s.io/v1',
  metadata: { name: `${name}-1`, namespace: 'default', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  ports: [{ name: '', port, protocol: 'TCP' }],
  endpoints,
});
const on = (nodeName: string, address: string, conditions: Endpoints[number]['conditions'] = { ready: true }) => ({
  addresses: [address],
  nodeName,
  conditions,
});
const web = service('web', { clusterIP: '10.43.0.7', ports: [{ port: 80, protocol: 'TCP' }] });
/** The lines that come from Services: not the base chains, which every table has. */
const lines = (services: readonly Service[], slices: readonly EndpointSlice[]): string[] => {
  const base = new Set(ruleset(place, { services: [], slices: [] }).split('\n'));
  return ruleset(place, { services, slices })
    .split('\n')
    .filter((line) => !base.has(line))
    .map((line) => line.replaceAll(' ip skep', ''));
};

test('ruleset() without Services is the base of the table, replaced as a whole', () => {
  expect(ruleset(place, { services: [], slices: [] })).toMatchInlineSnapshot(`
    "add table ip skep
    delete table ip skep
    add table ip skep
    add map ip skep services { type ipv4_addr . inet_proto . inet_service : verdict ; }
    add map ip skep nodeports { type inet_proto . inet_service : verdict ; }
    add map ip skep hostports { type inet_proto . inet_service : ipv4_addr . inet_service ; }
    add map ip skep hostports-at { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service ; }
    add set ip skep hairpin { type ipv4_addr . ipv4_addr ; }
    add set ip skep refused { type ipv4_addr . inet_proto . inet_service ; }
    add set ip skep refused-nodeports { type inet_proto . inet_service ; }
    add set ip skep gone { type ipv4_addr . inet_proto . inet_service ; flags timeout ; timeout 60s ; }
    add chain ip skep refuse
    add chain ip skep dispatch
    add chain ip skep nat-prerouting { type nat hook prerouting priority -100 ; policy accept ; }
    add chain ip skep nat-output { type nat hook output priority -100 ; policy accept ; }
    add chain ip skep nat-postrouting { type nat hook postrouting priority 100 ; policy accept ; }
    add chain ip skep filter-input { type filter hook input priority 0 ; policy accept ; }
    add chain ip skep filter-forward { type filter hook forward priority 0 ; policy accept ; }
    add chain ip skep filter-output { type filter hook output priority 0 ; policy accept ; }
    add rule ip skep refuse meta l4proto tcp reject with tcp reset
    add rule ip skep refuse reject
    add rule ip skep dispatch ip daddr 10.43.0.10 meta l4proto { tcp, udp } th dport 53 accept
    add rule ip skep dispatch ip daddr . meta l4proto . th dport vmap @services
    add rule ip skep dispatch ip daddr != 127.0.0.0/8 fib daddr type local meta l4proto . th dport vmap @nodeports
    add rule ip skep dispatch ip daddr != 127.0.0.0/8 fib daddr type local dnat ip to ip daddr . meta l4proto . th dport map @hostports-at
    add rule ip skep dispatch ip daddr != 127.0.0.0/8 fib daddr type local dnat ip to meta l4proto . th dport map @hostports
    add rule ip skep nat-prerouting jump dispatch
    add rule ip skep nat-output jump dispatch
    add rule ip skep nat-postrouting meta mark & 0x4000 == 0x4000 meta mark set meta mark xor 0x4000 masquerade fully-random
    add rule ip skep nat-postrouting ct original ip daddr 10.43.0.0/16 ct status dnat ip saddr != 10.42.0.0/16 masquerade fully-random
    add rule ip skep nat-postrouting ct status dnat ip saddr . ip daddr @hairpin masquerade fully-random
    add rule ip skep nat-postrouting ip saddr 10.42.0.0/24 ip daddr != { 10.42.0.0/16, 10.43.0.0/16, 224.0.0.0/4, 255.255.255.255 } masquerade fully-random
    add rule ip skep filter-input ct state new ip daddr != 127.0.0.0/8 fib daddr type local meta l4proto . th dport @refused-nodeports goto refuse
    add rule ip skep filter-input ct state new ip daddr . meta l4proto . th dport @refused goto refuse
    add rule ip skep filter-input ct state new ip daddr 10.43.0.10 meta l4proto { tcp, udp } th dport != { 53 } goto refuse
    add rule ip skep filter-forward ct state new ct status dnat ip daddr . meta l4proto . th dport @gone goto refuse
    add rule ip skep filter-forward ct state new ip daddr . meta l4proto . th dport @refused goto refuse
    add rule ip skep filter-forward ct state new ip daddr 10.43.0.0/16 ip daddr != 10.43.0.10 goto refuse
    add rule ip skep filter-output ct state new ct status dnat ip daddr . meta l4proto . th dport @gone goto refuse
    add rule ip skep filter-output ct state new ip daddr . meta l4proto . th dport @refused goto refuse
    add rule ip skep filter-output ct state new ip daddr 10.43.0.0/16 ip daddr != 10.43.0.10 goto refuse
    "
  `);
});

test('ruleset() spreads a ClusterIP over its ready endpoints', () => {
  const endpoints = [on('a', '10.42.0.5'), on('b', '10.42.1.5'), on('b', '10.42.1.6', { ready: false })];
  expect(lines([web], [slice('web', endpoints)])).toMatchInlineSnapshot(`
    [
      "add chain svc/default/web/tcp/80",
      "add rule svc/default/web/tcp/80 meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.42.0.5 . 8080, 1 : 10.42.1.5 . 8080 }",
      "add element services { 10.43.0.7 . tcp . 80 : goto svc/default/web/tcp/80 }",
      "add element hairpin { 10.42.0.5 . 10.42.0.5 }",
    ]
  `);
});

test('ruleset() refuses a Service without endpoints, on every address it has', () => {
  const exposed = service('web', {
    type: 'NodePort',
    clusterIP: '10.43.0.7',
    externalIPs: ['192.0.2.9'],
    ports: [{ port: 80, nodePort: 30_080 }],
  });
  expect(lines([exposed], [])).toMatchInlineSnapshot(`
    [
      "add element refused { 10.43.0.7 . tcp . 80, 192.0.2.9 . tcp . 80 }",
      "add element refused-nodeports { tcp . 30080 }",
    ]
  `);
});

test('ruleset() uses endpoints that end but still serve only where none is ready', () => {
  const ending = { ready: false, serving: true, terminating: true };
  const one = lines([web], [slice('web', [on('a', '10.42.0.5', ending)])]);
  expect(one.filter((line) => line.includes('dnat'))).toEqual([
    'add rule svc/default/web/tcp/80 meta l4proto tcp dnat ip to 10.42.0.5:8080',
  ]);
  const both = lines([web], [slice('web', [on('a', '10.42.0.5', ending), on('a', '10.42.0.6')])]);
  expect(both.filter((line) => line.includes('dnat'))).toEqual([
    'add rule svc/default/web/tcp/80 meta l4proto tcp dnat ip to 10.42.0.6:8080',
  ]);
});

test('ruleset() with externalTrafficPolicy Local and a load balancer with source ranges', () => {
  const balanced = service(
    'web',
    {
      type: 'LoadBalancer',
      clusterIP: '10.43.0.7',
      externalTrafficPolicy: 'Local',
      loadBalancerSourceRanges: ['192.0.2.0/24', '192.0.2.128/25'],
      ports: [{ port: 80, nodePort: 30_080 }],
    },
    { loadBalancer: { ingress: [{ ip: '198.51.100.1' }] } },
  );
  expect(lines([balanced], [slice('web', [on('a', '10.42.0.5'), on('b', '10.42.1.5')])])).toMatchInlineSnapshot(`
    [
      "add chain svc/default/web/tcp/80",
      "add chain local/default/web/tcp/80",
      "add chain ext/default/web/tcp/80",
      "add chain lb/default/web/tcp/80",
      "add rule svc/default/web/tcp/80 meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.42.0.5 . 8080, 1 : 10.42.1.5 . 8080 }",
      "add rule local/default/web/tcp/80 meta l4proto tcp dnat ip to 10.42.0.5:8080",
      "add rule ext/default/web/tcp/80 ip saddr 10.42.0.0/24 goto svc/default/web/tcp/80",
      "add rule ext/default/web/tcp/80 fib saddr type local meta mark set meta mark or 0x4000 goto svc/default/web/tcp/80",
      "add rule ext/default/web/tcp/80 goto local/default/web/tcp/80",
      "add rule lb/default/web/tcp/80 ip saddr 192.0.2.0/24 goto ext/default/web/tcp/80",
      "add rule lb/default/web/tcp/80 ip saddr 192.0.2.128/25 goto ext/default/web/tcp/80",
      "add rule lb/default/web/tcp/80 drop",
      "add element services { 10.43.0.7 . tcp . 80 : goto svc/default/web/tcp/80, 198.51.100.1 . tcp . 80 : goto lb/default/web/tcp/80 }",
      "add element nodeports { tcp . 30080 : goto ext/default/web/tcp/80 }",
      "add element hairpin { 10.42.0.5 . 10.42.0.5 }",
    ]
  `);
});

test('ruleset() with session affinity keeps a set of clients for each endpoint', () => {
  const sticky = service('web', { ...web.spec, sessionAffinity: 'ClientIP' });
  expect(lines([sticky], [slice('web', [on('b', '10.42.1.5'), on('b', '10.42.1.6')])])).toMatchInlineSnapshot(`
    [
      "add set affinity/10800/default/web/tcp/80/10.42.1.5/8080 { type ipv4_addr ; flags dynamic,timeout ; timeout 10800s ; size 65535 ; }",
      "add set affinity/10800/default/web/tcp/80/10.42.1.6/8080 { type ipv4_addr ; flags dynamic,timeout ; timeout 10800s ; size 65535 ; }",
      "add chain ep/default/web/tcp/80/10.42.1.5/8080",
      "add chain ep/default/web/tcp/80/10.42.1.6/8080",
      "add chain svc/default/web/tcp/80",
      "add rule ep/default/web/tcp/80/10.42.1.5/8080 update @affinity/10800/default/web/tcp/80/10.42.1.5/8080 { ip saddr }",
      "add rule ep/default/web/tcp/80/10.42.1.5/8080 meta l4proto tcp dnat ip to 10.42.1.5:8080",
      "add rule ep/default/web/tcp/80/10.42.1.6/8080 update @affinity/10800/default/web/tcp/80/10.42.1.6/8080 { ip saddr }",
      "add rule ep/default/web/tcp/80/10.42.1.6/8080 meta l4proto tcp dnat ip to 10.42.1.6:8080",
      "add rule svc/default/web/tcp/80 ip saddr @affinity/10800/default/web/tcp/80/10.42.1.5/8080 goto ep/default/web/tcp/80/10.42.1.5/8080",
      "add rule svc/default/web/tcp/80 ip saddr @affinity/10800/default/web/tcp/80/10.42.1.6/8080 goto ep/default/web/tcp/80/10.42.1.6/8080",
      "add rule svc/default/web/tcp/80 numgen random mod 2 vmap { 0 : goto ep/default/web/tcp/80/10.42.1.5/8080, 1 : goto ep/default/web/tcp/80/10.42.1.6/8080 }",
      "add element services { 10.43.0.7 . tcp . 80 : goto svc/default/web/tcp/80 }",
    ]
  `);
});

test('ruleset() leaves out what has no packets to direct or could not be said safely', () => {
  const services = [
    service('headless', { clusterIP: 'None', ports: [{ port: 80 }] }),
    service('alias', { type: 'ExternalName', externalName: 'example.org' }),
    service('a } ; flush ruleset', { clusterIP: '10.43.0.8', ports: [{ port: 80 }] }),
    service('odd', { clusterIP: '10.43.0.9; drop', ports: [{ port: 80 }] }),
  ];
  expect(lines(services, [])).toEqual([]);
});

test('ruleset() leaves port 53 of the DNS address to the node', () => {
  const dns = service('kube-dns', { clusterIP: '10.43.0.10', ports: [{ port: 53, protocol: 'TCP' }] });
  const added = lines([dns], [slice('kube-dns', [on('b', '10.42.1.5')])]);
  expect(added.filter((line) => line.includes('services {'))).toEqual([]);
  expect(lines([dns], [])).toEqual([]);
});

test('updateTable() says only what differs: one endpoint of one Service is one chain', () => {
  const other = service('other', { clusterIP: '10.43.0.8', ports: [{ port: 80 }] });
  const state = (...web1: Endpoints) => ({
    services: [web, other],
    slices: [slice('web', web1), slice('other', [on('b', '10.42.1.9')])],
  });
  const before = proxyTable(place, state(on('b', '10.42.1.5')));
  const after = proxyTable(place, state(on('b', '10.42.1.5'), on('b', '10.42.1.6')));
  expect(updateTable(before, after)).toBe(
    'flush chain ip skep svc/default/web/tcp/80\n' +
      'add rule ip skep svc/default/web/tcp/80 meta l4proto tcp dnat ip to numgen random mod 2 map { 0 : 10.42.1.5 . 8080, 1 : 10.42.1.6 . 8080 }\n',
  );
  expect(updateTable(after, after)).toBe('');
});

test('updateTable() takes a Service away in an order that nft accepts: references first', () => {
  const state = { services: [web], slices: [slice('web', [on('b', '10.42.1.5')])] };
  const commands = updateTable(proxyTable(place, state), proxyTable(place, { services: [], slices: [] }));
  expect(commands).toMatchInlineSnapshot(`
    "flush chain ip skep svc/default/web/tcp/80
    delete element ip skep services { 10.43.0.7 . tcp . 80 }
    delete chain ip skep svc/default/web/tcp/80
    "
  `);
});
