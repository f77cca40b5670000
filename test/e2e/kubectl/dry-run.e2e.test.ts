import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type KubectlServer, startKubectlServer } from '#test/support/kubectl.ts';

/** What kubectl would do and does not (--dry-run), what it prints of it (--template), and who it says it was (managers, --save-config, --record). */
let kubectl: KubectlServer;
beforeAll(async () => {
  kubectl = await startKubectlServer();
  await kubectl.out('create -f -', { stdin: POD });
  await kubectl.out('create deployment web --image=example/web:1');
  await kubectl.out('create -f -', {
    stdin: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'box', annotations: { kept: 'yes' } } },
  });
  await kubectl.out(['create', 'cronjob', 'nightly', '--image=example/job', '--schedule=0 1 * * *']);
  await kubectl.out('create clusterrole reader --verb=get --resource=pods');
  await kubectl.out('create rolebinding reads --clusterrole=reader --user=jane');
  await kubectl.out('create service clusterip plain --tcp=80');
}, 60_000);
afterAll(() => kubectl?.stop());

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'valid', labels: { name: 'valid' } },
  spec: { containers: [{ name: 'main', image: 'example/main:1' }] },
};

/** What is asked for (`~` is a space within a word), and the name of what comes out. */
const MAKES: readonly (readonly [string, string])[] = [
  ['create clusterrole x --verb=get --resource=pods', 'x'],
  ['create clusterrole x --aggregation-rule=a=b', 'x'],
  ['create clusterrolebinding x --clusterrole=reader', 'x'],
  ['create configmap x --from-literal=a=1', 'x'],
  ['create cronjob x --image=example/job --schedule=1~*~*~*~*', 'x'],
  ['create deployment x --image=example/x -- sleep 1', 'x'],
  ['create ingress x --rule=a.example/=s:80', 'x'],
  ['create job x --image=example/job', 'x'],
  ['create job x --from=cronjob/nightly', 'x'],
  ['create namespace x', 'x'],
  ['create poddisruptionbudget x --selector=a=b --max-unavailable=50%', 'x'],
  ['create priorityclass x --value=7 --preemption-policy=Never', 'x'],
  ['create quota x', 'x'],
  ['create role x --verb=* --resource=pods/status,deployments.apps --resource-name=one', 'x'],
  ['create rolebinding x --clusterrole=reader', 'x'],
  ['create secret docker-registry x --docker-username=u --docker-password=p', 'x'],
  ['create secret generic x --from-literal=a=1 --type=own', 'x'],
  ['create service clusterip x --tcp=80', 'x'],
  ['create service clusterip x --clusterip=None', 'x'],
  ['create service externalname x --external-name=a.example', 'x'],
  ['create service loadbalancer x --tcp=80', 'x'],
  ['create service nodeport x --tcp=80', 'x'],
  ['create serviceaccount x', 'x'],
  ['run x --image=example/x --restart=OnFailure -- work', 'x'],
  ['expose deployment web --port=80 --name=x', 'x'],
  ['autoscale deployment web --max=2', 'web'],
];

/** What changes something that is there. */
const CHANGES: readonly (readonly [string, string])[] = [
  ['annotate pod valid a=1', 'valid'],
  ['label pod valid a=1', 'valid'],
  ['patch pod valid -p {"metadata":{"labels":{"a":"1"}}}', 'valid'],
  ['scale deployment web --replicas=9', 'web'],
  ['set env pod/valid A=B --local=false', 'valid'],
  ['set image deployment/web web=example/web:9', 'web'],
  ['set resources deployment/web --limits=memory=8Mi', 'web'],
  ['set selector service plain a=b', 'plain'],
  ['set serviceaccount deployment/web robot', 'web'],
  ['set subject rolebinding/reads --user=john', 'reads'],
  ['taint node box a=b:NoSchedule', 'box'],
];

describe.each(['client', 'server'])('--dry-run=%s', (where) => {
  const dry = (line: string): string[] => {
    const words = line.split(' ').map((word) => word.replaceAll('~', ' '));
    const end = words.indexOf('--');
    const flags = [`--dry-run=${where}`, '--template={{.metadata.name}}:'];
    return end < 0 ? [...words, ...flags] : [...words.slice(0, end), ...flags, ...words.slice(end)];
  };
  const everything = (): Promise<string> =>
    kubectl.out([
      'get',
      'clusterroles,clusterrolebindings,configmaps,cronjobs,deployments,hpa,ingresses,jobs,namespaces,nodes,pods,pdb,priorityclasses,quota,roles,rolebindings,secrets,services,serviceaccounts',
      '-A',
      '-o',
      'jsonpath={range .items[*]}{.kind} {.metadata.name} {.metadata.generation} {.metadata.labels} {.metadata.annotations.a}{"\\n"}{end}',
    ]);

  test('makes and changes nothing, and prints what would be', async () => {
    await kubectl.out('rollout status deployment web --watch=false');
    await kubectl.out('wait deployment/web --for=jsonpath={.status.replicas}=1 --timeout=10s');
    const before = await everything();
    const wrong: string[] = [];
    for (const [line, name] of [...MAKES, ...CHANGES.filter(([change]) => !change.startsWith('set env'))]) {
      // A pod's own environment cannot change, which only the server knows.
      const { code, stdout, stderr } = await kubectl.result(dry(line));
      if (code !== 0 || stdout !== `${name}:`) wrong.push(`${line}: ${stdout}${stderr}`);
    }
    expect(wrong).toEqual([]);
    expect(await everything()).toBe(before);
  }, 60_000);

  test('says so', async () => {
    const said = where === 'client' ? 'dry run' : 'server dry run';
    const flag = `--dry-run=${where}`;
    expect(await kubectl.out(`create configmap x ${flag}`)).toBe(`configmap/x created (${said})\n`);
    expect(await kubectl.out(`delete pod valid ${flag}`)).toMatch(
      new RegExp(`^pod "valid" deleted( from default namespace)? \\(${said}\\)\\n$`),
    );
    expect(await kubectl.out(`scale deployment web --replicas=9 ${flag}`)).toBe(
      `deployment.apps/web scaled (${said})\n`,
    );
    expect(await kubectl.out(`cordon box ${flag}`)).toBe(`node/box cordoned (${said})\n`);
    expect(await kubectl.out(`drain box ${flag}`)).toBe(`node/box cordoned (${said})\nnode/box drained (${said})\n`);
    expect(await kubectl.out(`replace ${flag} -f -`, { stdin: POD }).catch(String)).toMatch(
      where === 'client' ? `pod/valid replaced (${said})` : /replaced|Forbidden/,
    );
    expect(await kubectl.out(['get', 'node', 'box', '-o', 'jsonpath={.spec}'])).not.toContain('unschedulable');
    expect(await kubectl.out('get pod valid -o name')).toBe('pod/valid\n');
  });
});

describe('what a server dry run knows and a client does not', () => {
  test('names that are taken, namespaces that are not there, faults, defaults', async () => {
    expect(await kubectl.out('create deployment web --image=x --dry-run=client')).toContain('created (dry run)');
    expect(await kubectl.refusal('create deployment web --image=x --dry-run=server')).toBe(
      'error: failed to create deployment: deployments.apps "web" already exists\n',
    );
    expect(await kubectl.refusal('create configmap x -n nowhere --dry-run=server')).toContain(
      'namespaces "nowhere" not found',
    );
    expect(await kubectl.refusal('run A --image=x --dry-run=server')).toMatch(
      /^The Pod "A" is invalid: \n\* metadata\.name: Invalid value: "A"/,
    );
    expect(
      await kubectl.out([
        'run',
        'x',
        '--image=x',
        '--dry-run=server',
        '-o',
        'jsonpath={.spec.dnsPolicy} {.metadata.uid}',
      ]),
    ).toMatch(/^ClusterFirst [0-9a-f-]{36}$/);
    expect(await kubectl.refusal('create configmap x --dry-run=never')).toContain(
      'Invalid dry-run value (never). Must be "none", "server", or "client".',
    );
  });

  test('a client dry run works without a server', async () => {
    const away = ['--server=https://127.0.0.1:1', '--dry-run=client', '-o', 'yaml'];
    expect(await kubectl.out(['create', 'secret', 'generic', 'x', '--from-literal=a=1', ...away])).toContain(
      'data:\n  a: MQ==\nkind: Secret\n',
    );
  });
});

describe('who made it', () => {
  const managers = async (what: string): Promise<string> =>
    kubectl.out([
      'get',
      ...what.split(' '),
      '--show-managed-fields',
      '-o',
      'jsonpath={.metadata.managedFields[*].manager}',
    ]);

  test('each command is a manager of its own', async () => {
    await kubectl.out('create configmap made --from-literal=b=1');
    await kubectl.out('label configmap made a=1');
    await kubectl.out('annotate configmap made a=1');
    await kubectl.out(['patch', 'configmap', 'made', '-p', '{"data":{"a":"1"}}']);
    for (const manager of ['kubectl-create', 'kubectl-label', 'kubectl-annotate', 'kubectl-patch']) {
      expect(await managers('configmap made')).toContain(manager);
    }
    await kubectl.out('set env deployment/web A=1');
    await kubectl.out('rollout restart deployment/web');
    expect(await managers('deployment web')).toMatch(/kubectl-create.*kubectl-set|kubectl-set.*kubectl-create/);
    expect(await managers('deployment web')).toContain('kubectl-rollout');
    await kubectl.out('taint node box a=b:PreferNoSchedule');
    expect(await managers('node box')).toContain('kubectl-taint');
    await kubectl.out('taint node box a-');
    await kubectl.out('create configmap own --from-literal=b=1 --field-manager=me');
    expect(await managers('configmap own')).toBe('me');
    await kubectl.out('run made --image=example/x');
    expect(await managers('pod made')).toContain('kubectl-run');
    await kubectl.out('expose pod made --port=80');
    expect(await managers('service made')).toContain('kubectl-expose');
    await kubectl.out('autoscale deployment web --max=2');
    expect(await managers('hpa web')).toContain('kubectl-autoscale');
    expect(await kubectl.out('get configmap made -o yaml')).not.toContain('managedFields');
  });

  test('--save-config keeps what was given; --record the command', async () => {
    const kept = (what: string): Promise<string> =>
      kubectl.out(['get', ...what.split(' '), '-o', 'jsonpath={.metadata.annotations}']);
    const LAST = 'kubectl.kubernetes.io/last-applied-configuration';
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'kept' } };
    await kubectl.out('create -f -', { stdin: config });
    expect(await kept('configmap kept')).not.toContain(LAST);
    await kubectl.out('replace --save-config -f -', { stdin: config });
    expect(await kept('configmap kept')).toContain(LAST);
    await kubectl.out('create --save-config -f -', { stdin: { ...config, metadata: { name: 'kept2' } } });
    expect(await kept('configmap kept2')).toContain(LAST);
    await kubectl.out('run kept --image=example/x --save-config');
    expect(await kept('pod kept')).toContain(LAST);
    await kubectl.out('expose pod kept --port=80 --save-config');
    expect(await kept('service kept')).toContain(LAST);
    await kubectl.out('label configmap kept a=1 --record');
    expect(await kept('configmap kept')).toContain('kubectl label configmap kept a=1 --record=true');
    await kubectl.out('label configmap kept b=1 --record=false');
    expect(await kept('configmap kept')).toContain('kubectl label configmap kept a=1 --record=true');
  });
});
