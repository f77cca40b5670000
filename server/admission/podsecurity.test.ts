import { describe, expect, test } from 'bun:test';
import { podKind } from '#api/kinds/core/pod.ts';
import { deploymentKind } from '#api/kinds/apps/deployment.ts';
import { namespaceKind } from '#api/kinds/core/namespace.ts';
import { admit, requestOf, storeOf } from '#test/support/admission.ts';
import { PodSecurity } from './podsecurity.ts';

const PREFIX = 'pod-security.kubernetes.io/';
const labelled = (labels: Record<string, string>): object => ({
  metadata: {
    name: 'ns',
    labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [`${PREFIX}${key}`, value])),
  },
});
const plugin = (labels: Record<string, string>, ...pods: object[]): PodSecurity =>
  new PodSecurity(storeOf({ namespaces: [labelled(labels)], pods }));
const pod = (spec: object = {}, container: object = {}, annotations = {}): object => ({
  metadata: { name: 'p', namespace: 'ns', annotations },
  spec: { containers: [{ name: 'c', image: 'i:1', ...container }], ...spec },
});
const TIGHT = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
const CONFINED = { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } };
const refusal = async (labels: Record<string, string>, given: object): Promise<string> =>
  (await admit(plugin(labels), requestOf(podKind, given))).replace(/^.*PodSecurity /, '');

describe('PodSecurity', () => {
  test.each([
    [{ hostNetwork: true, hostPID: true }, {}, 'host namespaces (hostNetwork=true, hostPID=true)'],
    [
      {},
      { securityContext: { capabilities: { add: ['NET_ADMIN', 'CHOWN'] } }, ports: [{ hostPort: 80 }] },
      'non-default capabilities (container "c" must not include "NET_ADMIN" in securityContext.capabilities.add), hostPort (container "c" uses hostPort 80)',
    ],
    [
      {},
      { securityContext: { privileged: true } },
      'privileged (container "c" must not set securityContext.privileged=true)',
    ],
    [{ volumes: [{ name: 'h', hostPath: { path: '/' } }] }, {}, 'hostPath volumes (volume "h")'],
    [
      {},
      { securityContext: { procMount: 'Unmasked' } },
      'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      { securityContext: { seLinuxOptions: { type: 'x', user: 'u' } } },
      {},
      'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "x"; user may not be set)',
    ],
    [
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      'seccompProfile (pod and container "c" must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [{ securityContext: { sysctls: [{ name: 'kernel.msgmax' }] } }, {}, 'forbidden sysctls (kernel.msgmax)'],
    [
      { securityContext: { appArmorProfile: { type: 'Unconfined' } } },
      {},
      'forbidden AppArmor profile (pod must not set AppArmor profile type to "Unconfined")',
    ],
    [
      { securityContext: { windowsOptions: { hostProcess: true } } },
      {},
      'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
    ],
  ])('refuses under baseline: %j %j', async (spec, container, text) => {
    expect(await refusal({ enforce: 'baseline' }, pod(spec, container))).toBe(`"baseline:latest": ${text}`);
  });

  test('refuses under restricted what is not confined, and says all of it', async () => {
    expect(await refusal({ enforce: 'restricted' }, pod({ volumes: [{ name: 'h', nfs: {} }] }))).toBe(
      '"restricted:latest": allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), restricted volume types (volume "h" uses restricted volume type "nfs"), runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    );
    expect(await refusal({ enforce: 'restricted' }, pod(CONFINED, { securityContext: TIGHT }))).toBe('admitted');
    expect(
      await refusal({ enforce: 'restricted' }, pod(CONFINED, { securityContext: { ...TIGHT, runAsUser: 0 } })),
    ).toBe('"restricted:latest": runAsUser=0 (container "c" must not set runAsUser=0)');
  });

  test('judges by the checks of the version that the label names', async () => {
    const keepalive = pod({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_keepalive_time' }] } });
    expect(await refusal({ enforce: 'baseline', 'enforce-version': 'v1.29' }, keepalive)).toBe('admitted');
    expect(await refusal({ enforce: 'baseline', 'enforce-version': 'v1.28' }, keepalive)).toBe(
      '"baseline:v1.28": forbidden sysctls (net.ipv4.tcp_keepalive_time)',
    );
  });

  test('warns of what the label for warnings or, without one, the enforced level forbids', async () => {
    const request = requestOf(podKind, pod({ hostPID: true }));
    expect(await admit(plugin({ enforce: 'privileged', warn: 'baseline' }), request)).toBe('admitted');
    expect(request.context.warnings).toEqual([
      'would violate PodSecurity "baseline:latest": host namespaces (hostPID=true)',
    ]);
    const deployment = { metadata: { name: 'd', namespace: 'ns' }, spec: { template: pod({ hostIPC: true }) } };
    const indirect = requestOf(deploymentKind, deployment);
    expect(await admit(plugin({ enforce: 'baseline' }), indirect)).toBe('admitted');
    expect(indirect.context.warnings).toEqual([
      'would violate PodSecurity "baseline:latest": host namespaces (hostIPC=true)',
    ]);
  });

  test('judges an update of a pod only when it brings another image', async () => {
    const old = pod({ hostPID: true });
    const update = (object: object): Promise<string> =>
      admit(plugin({ enforce: 'baseline' }), requestOf(podKind, object, { operation: 'UPDATE', old: old as never }));
    expect(await update(pod({ hostPID: true }))).toBe('admitted');
    expect(await update(pod({ hostPID: true }, { image: 'i:2' }))).toContain('violates PodSecurity "baseline:latest"');
  });

  test('refuses labels of a namespace that mean nothing', async () => {
    const request = requestOf(namespaceKind, labelled({ enforce: 'bogus', 'warn-version': 'x' }));
    expect(await admit(plugin({}), request)).toBe(
      '422 Namespace "ns" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "bogus": must be one of privileged, baseline, restricted, metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "x": must be "latest" or "v1.x"]',
    );
  });

  test('warns of the pods that a new level of a namespace would not let in', async () => {
    const named = (name: string, spec: object): object => ({ ...pod(spec), metadata: { name, namespace: 'ns' } });
    const pods = [named('a', { hostPID: true }), named('b', {}), named('c', { hostPID: true })];
    const old = labelled({}) as never;
    const request = requestOf(namespaceKind, labelled({ enforce: 'baseline' }), { operation: 'UPDATE', old });
    expect(await admit(plugin({}, ...pods), request)).toBe('admitted');
    expect(request.context.warnings).toEqual([
      'existing pods in namespace "ns" violate the new PodSecurity enforce level "baseline:latest"',
      'a (and 1 other pod): host namespaces',
    ]);
  });
});
