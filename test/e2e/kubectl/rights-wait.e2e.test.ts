import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { chmod } from 'node:fs/promises';
import { type KubectlServer, startKubectlServer } from '#test/support/kubectl.ts';

/** Roles as kubectl writes them, another person's eyes, credentials from a program, kubectl's own proxy, nodes that are drained, and waiting. */
let kubectl: KubectlServer;
beforeAll(async () => {
  kubectl = await startKubectlServer();
}, 60_000);
afterAll(() => kubectl?.stop());

const jsonpath = (what: string, path: string): Promise<string> =>
  kubectl.out(['get', ...what.split(' '), '-o', `jsonpath=${path}`]);

describe('roles', () => {
  test.each([
    ['--verb=* --resource=pods', '{"apiGroups":[""],"resources":["pods"],"verbs":["*"]}'],
    ['--verb=get --resource=pods/status', '{"apiGroups":[""],"resources":["pods/status"],"verbs":["get"]}'],
    ['--verb=get --resource=rs.apps/scale', '{"apiGroups":["apps"],"resources":["replicasets/scale"],"verbs":["get"]}'],
    [
      '--verb=get --resource=pods --resource-name=one',
      '{"apiGroups":[""],"resourceNames":["one"],"resources":["pods"],"verbs":["get"]}',
    ],
  ])('create role %s', async (flags, rule) => {
    await kubectl.out(`create role shaped ${flags}`);
    expect(await jsonpath('role shaped', '{.rules[0]}')).toBe(rule);
    await kubectl.out('delete role shaped');
  });

  test('what no server has is refused', async () => {
    expect(await kubectl.refusal('create role x --verb=get --resource=nonsense')).toContain(
      'the server doesn\'t have a resource type "nonsense"',
    );
    expect(await kubectl.refusal('create role x --verb=get --resource=deployments.nonsense')).toContain(
      'the server doesn\'t have a resource type "deployments" in group "nonsense"',
    );
  });

  test('subjects are added to many bindings at once', async () => {
    await kubectl.out('create rolebinding one --clusterrole=view --group=readers');
    await kubectl.out('create rolebinding two --role=any --serviceaccount=other:robot');
    expect(await jsonpath('rolebinding one', '{.roleRef.kind}')).toBe('ClusterRole');
    await kubectl.out('set subject rolebinding --all --user=all');
    expect(await jsonpath('rolebindings one two', '{.items[*].subjects[*].name}')).toBe('readers all robot all');
    expect(await jsonpath('rolebinding two', '{.subjects[0].namespace}')).toBe('other');
    expect(await kubectl.out('describe clusterrole view')).toMatch(/configmaps +\[\] +\[\] +\[get list watch\]/);
  });
});

describe('as another', () => {
  test('needs a user; groups, UID and what is made show it', async () => {
    expect(await kubectl.refusal('get pods --as-group=devs')).toContain('without impersonating a user');
    expect(await kubectl.refusal('get pods --as-uid=1')).toContain('without impersonating a user');
    const asked = [
      'auth',
      'whoami',
      '--as=jane',
      '--as-uid=u1',
      '--as-group=b',
      '--as-group=a',
      '-o',
      'jsonpath={.status.userInfo}',
    ];
    expect(JSON.parse(await kubectl.out(asked))).toEqual({
      username: 'jane',
      uid: 'u1',
      groups: ['b', 'a', 'system:authenticated'],
    });
  });
});

describe('credentials', () => {
  test.each(['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'])(
    'from a program, %s',
    async (version) => {
      const answer = { apiVersion: version, kind: 'ExecCredential', status: { token: kubectl.server.adminToken } };
      const program = await kubectl.file('credentials.sh', `#!/bin/sh\necho '${JSON.stringify(answer)}'\n`);
      await chmod(program, 0o755);
      const config = (command: string) =>
        kubectl.file('exec.kubeconfig', {
          apiVersion: 'v1',
          kind: 'Config',
          clusters: [{ name: 'c', cluster: { server: kubectl.server.url, 'insecure-skip-tls-verify': true } }],
          users: [{ name: 'u', user: { exec: { apiVersion: version, command, interactiveMode: 'IfAvailable' } } }],
          contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
          'current-context': 'x',
        });
      const get = 'get namespace kube-system -o name';
      const environment = { KUBECONFIG: await config(program) };
      expect(await kubectl.out(get, { environment })).toBe('namespace/kube-system\n');
      await config('/bin/ls');
      expect(await kubectl.refusal(get, { environment })).toContain('json parse error');
    },
  );

  test('that are wrong are refused', async () => {
    const environment = {
      KUBECONFIG: await kubectl.file('wrong.kubeconfig', {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server: kubectl.server.url, 'insecure-skip-tls-verify': true } }],
        users: [{ name: 'u', user: { token: 'wrong' } }],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      }),
    };
    expect(await kubectl.refusal('get pods', { environment })).toContain('You must be logged in to the server');
  });
});

describe('nodes', () => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'box', labels: { disk: 'fast' } } };
  const pod = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { which: name } },
    spec: { nodeName: 'box', containers: [{ name: 'main', image: 'example/x' }] },
  });

  test('are drained of the pods that a label picks; what nobody would make anew needs --force', async () => {
    await kubectl.out('create -f -', { stdin: node });
    for (const name of ['goes', 'stays']) await kubectl.out('create -f -', { stdin: pod(name) });
    expect(await kubectl.refusal('drain box')).toContain(
      'cannot delete cannot delete Pods that declare no controller (use --force to override): default/goes, default/stays',
    );
    expect(await kubectl.refusal('drain box --selector disk=fast')).toContain(
      'error: cannot specify both a node name and a --selector option',
    );
    const drained = await kubectl.out('drain box --force --pod-selector which=goes --dry-run=server');
    expect(drained).toContain('evicting pod default/goes (server dry run)');
    const really = await kubectl.result('drain box --force --pod-selector which=goes --grace-period=0 --timeout=20s');
    expect(really.stdout + really.stderr).toContain('evicting pod default/goes');
    expect(await jsonpath('pod stays', '{.metadata.deletionTimestamp}')).toBe('');
    expect(await kubectl.out('uncordon --selector disk=fast')).toBe('node/box uncordoned\n');
    expect(await kubectl.refusal('cordon')).toContain('USAGE: cordon NODE');
    expect(await kubectl.out('patch node box -p {"spec":{"unschedulable":true}}')).toBe('node/box patched\n');
    expect(await kubectl.out('get node box --no-headers')).toMatch(/^box +\w+,SchedulingDisabled +<none>/);
    await kubectl.out('delete pod stays --grace-period=0 --force');
    await kubectl.out('delete node box');
  });
});

describe('wait', () => {
  test('for what comes to be, by name and by label', async () => {
    expect(await kubectl.refusal('wait --for=create deployment/later --timeout=1s')).toContain(
      'timed out waiting for the condition',
    );
    const waiting = kubectl.out('wait --for=create deployment/later --timeout=20s');
    await kubectl.out('create deployment later --image=example/x');
    expect(await waiting).toBe('deployment.apps/later condition met\n');
    expect(await kubectl.out(['wait', 'deployment/later', '--for=jsonpath={.status.replicas}', '--timeout=10s'])).toBe(
      'deployment.apps/later condition met\n',
    );
    const byImage = '--for=jsonpath=spec.template.spec.containers[?(@.name=="x")].image=example/x';
    expect(await kubectl.out(['wait', 'deployment/later', byImage, '--timeout=10s'])).toContain('condition met');
    expect(await kubectl.refusal('wait pod -l app=later --for=condition=Never --timeout=1s')).toContain(
      'timed out waiting for the condition on pods/later-',
    );
    const gone = kubectl.out('wait deployment --all --for=delete --timeout=20s');
    await kubectl.out('delete deployment later');
    expect(await gone).toMatch(/^(deployment\.apps\/later condition met\n)?$/);
  });
});
