import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type KubectlServer, startKubectlServer } from '#test/support/kubectl.ts';

/** What kubectl changes in place: labels, annotations, set, scale, autoscale, rollout, taint, cordon, drain, rights, certificates. */
let kubectl: KubectlServer;
beforeAll(async () => {
  kubectl = await startKubectlServer();
  await kubectl.out('create deployment web --image=example/web:1 --replicas=2');
  await kubectl.out('create -f -', { stdin: { apiVersion: 'v1', kind: 'Node', metadata: { name: 'box' } } });
}, 60_000);
afterAll(() => kubectl?.stop());

const jsonpath = (what: string, path: string): Promise<string> =>
  kubectl.out(['get', ...what.split(' '), '-o', `jsonpath=${path}`]);

describe('label and annotate', () => {
  test('set, refuse to overwrite, overwrite, take away, list', async () => {
    await kubectl.out('create configmap l');
    expect(await kubectl.out('label configmap l a=1 b=2')).toBe('configmap/l labeled\n');
    expect(await kubectl.refusal('label configmap l a=3')).toContain(
      "'a' already has a value (1), and --overwrite is false",
    );
    expect(await kubectl.out('label configmap l a=3 --overwrite')).toBe('configmap/l labeled\n');
    expect(await kubectl.out('label configmap l a=3 --overwrite')).toBe('configmap/l not labeled\n');
    expect(await kubectl.out('label configmap l a-')).toBe('configmap/l unlabeled\n');
    expect((await kubectl.out('label configmap l --list')).trim()).toBe('b=2');
    expect(await kubectl.refusal('label configmap l c=not/valid')).toContain(
      'a valid label must be an empty string or consist of alphanumeric characters',
    );
    expect(await kubectl.refusal('label configmap l d=1 --resource-version=1')).toContain(
      'the object has been modified',
    );
    expect(await kubectl.out(['annotate', 'configmap', 'l', 'note=two words'])).toBe('configmap/l annotated\n');
    expect(await kubectl.out('annotate configmap l note-')).toBe('configmap/l annotated\n');
    expect(await jsonpath('configmap l', '{.metadata.annotations}')).toBe('');
  });
});

describe('set', () => {
  test('image, env, resources, selector, service account, subject', async () => {
    expect(await kubectl.out('set image deployment/web web=example/web:2')).toBe('deployment.apps/web image updated\n');
    expect(await kubectl.refusal('set image deployment/web nobody=x')).toContain(
      'unable to find container named "nobody"',
    );
    expect(await kubectl.out('set env deployment/web A=1 B=2')).toBe('deployment.apps/web env updated\n');
    expect(await kubectl.out('set env deployment/web A-')).toBe('deployment.apps/web env updated\n');
    expect(await kubectl.out('set env deployment/web --list')).toBe('# Deployment web, container web\nB=2\n');
    expect(await kubectl.out('set resources deployment/web --requests=cpu=10m,memory=8Mi')).toBe(
      'deployment.apps/web resource requirements updated\n',
    );
    expect(await kubectl.out('set serviceaccount deployment/web robot')).toBe(
      'deployment.apps/web serviceaccount updated\n',
    );
    expect(
      await jsonpath('deployment web', '{..image} {..env[0].name} {..requests.memory} {..serviceAccountName}'),
    ).toBe('example/web:2 B 8Mi robot');
    await kubectl.out('create service clusterip chosen --tcp=80');
    expect(await kubectl.out('set selector service chosen app=web')).toBe('service/chosen selector updated\n');
    await kubectl.out('create role r --verb=get --resource=pods');
    await kubectl.out('create rolebinding rb --role=r --user=a');
    expect(await kubectl.out('set subject rolebinding rb --user=b --group=c')).toBe(
      'rolebinding.rbac.authorization.k8s.io/rb subjects updated\n',
    );
    expect(await jsonpath('rolebinding rb', '{.subjects[*].name}')).toBe('a b c');
  });
});

describe('scale and autoscale', () => {
  test('scales when what it expects holds', async () => {
    expect(await kubectl.out('scale deployment web --replicas=3')).toBe('deployment.apps/web scaled\n');
    expect(await kubectl.refusal('scale deployment web --replicas=1 --current-replicas=9')).toContain(
      'Expected replicas to be 9, was 3',
    );
    expect(await kubectl.out('scale deployment web --replicas=2 --current-replicas=3')).toBe(
      'deployment.apps/web scaled\n',
    );
    expect(await kubectl.refusal('scale configmap l --replicas=1')).toContain('could not find the requested resource');
    expect(await kubectl.refusal('scale deployment web --replicas=-1')).toContain('--replicas=COUNT flag is required');
  });

  test('an autoscaler, in both versions', async () => {
    expect(await kubectl.out('autoscale deployment web --min=1 --max=4 --cpu-percent=60')).toBe(
      'horizontalpodautoscaler.autoscaling/web autoscaled\n',
    );
    expect(
      await jsonpath(
        'horizontalpodautoscalers.v2.autoscaling web',
        '{.apiVersion} {.spec.metrics[0].resource.target.averageUtilization}',
      ),
    ).toBe('autoscaling/v2 60');
    expect(
      await jsonpath(
        'horizontalpodautoscalers.v1.autoscaling web',
        '{.apiVersion} {.spec.targetCPUUtilizationPercentage}',
      ),
    ).toBe('autoscaling/v1 60');
    expect(await kubectl.out('get hpa')).toMatch(
      /NAME +REFERENCE +TARGETS +MINPODS +MAXPODS +REPLICAS +AGE\nweb +Deployment\/web +cpu: <unknown>\/60% +1 +4 +0 +\d+s\n/,
    );
    await kubectl.out('delete hpa web');
  });
});

describe('rollout', () => {
  test('history, pause, resume, undo, restart, status', async () => {
    await kubectl.out('create deployment roll --image=example/roll:1');
    await kubectl.out('annotate deployment/roll kubernetes.io/change-cause=first');
    await kubectl.out('wait deployment/roll --for=jsonpath={.status.observedGeneration}=1 --timeout=10s');
    await kubectl.out('set image deployment/roll roll=example/roll:2');
    await kubectl.out([
      'wait',
      'deployment/roll',
      '--for=jsonpath={.metadata.annotations.deployment\\.kubernetes\\.io/revision}=2',
      '--timeout=10s',
    ]);
    expect(await kubectl.out('rollout history deployment/roll')).toMatch(/REVISION +CHANGE-CAUSE\n1 +\S+\n2 +\S+\n/);
    expect(await kubectl.out('rollout history deployment/roll --revision=1')).toContain('example/roll:1');
    expect(await kubectl.refusal('rollout undo deployment/roll --to-revision=9')).toContain(
      'unable to find specified revision 9 in history',
    );
    expect(await kubectl.out('rollout undo deployment/roll')).toBe('deployment.apps/roll rolled back\n');
    expect(await jsonpath('deployment roll', '{..image}')).toBe('example/roll:1');
    expect(await kubectl.out('rollout pause deployment/roll')).toBe('deployment.apps/roll paused\n');
    expect(await kubectl.refusal('rollout pause deployment/roll')).toContain('is already paused');
    expect(await kubectl.refusal('rollout restart deployment/roll')).toContain(
      "can't restart paused deployment (run rollout resume first)",
    );
    expect(await kubectl.out('rollout resume deployment/roll')).toBe('deployment.apps/roll resumed\n');
    expect(await kubectl.out('rollout restart deployment/roll')).toBe('deployment.apps/roll restarted\n');
    expect(await kubectl.out('rollout status deployment/roll --watch=false')).toMatch(/^Waiting for deployment/);
    await kubectl.out('delete deployment roll');
  });
});

describe('nodes', () => {
  test('taint, cordon, uncordon and drain', async () => {
    expect(await kubectl.out('taint nodes box dedicated=x:NoSchedule')).toBe('node/box tainted\n');
    expect(await kubectl.refusal('taint nodes box dedicated=x:NoSchedule')).toContain(
      'already has dedicated taint(s) with same effect(s)',
    );
    expect(await kubectl.out('taint nodes box dedicated=y:NoSchedule --overwrite')).toBe('node/box modified\n');
    expect(await kubectl.out('taint nodes box dedicated-')).toBe('node/box untainted\n');
    expect(await kubectl.out('cordon box')).toBe('node/box cordoned\n');
    expect(await kubectl.out('cordon box')).toBe('node/box already cordoned\n');
    expect(await jsonpath('node box', '{.spec.unschedulable}')).toBe('true');
    expect(await kubectl.out('uncordon box')).toBe('node/box uncordoned\n');
    const drained = await kubectl.result('drain box');
    expect(drained.stdout).toBe('node/box cordoned\nnode/box drained\n');
    expect(await kubectl.refusal('cordon nowhere')).toContain('nodes "nowhere" not found');
  });
});

describe('auth', () => {
  test('can-i for oneself and for others, whoami, reconcile', async () => {
    expect(await kubectl.out('auth can-i create pods')).toBe('yes\n');
    await kubectl.out('create role seer --verb=get,list --resource=configmaps');
    await kubectl.out('create rolebinding sees --role=seer --user=jane');
    expect(await kubectl.out('auth can-i get configmaps --as=jane')).toBe('yes\n');
    expect(await kubectl.result('auth can-i delete configmaps --as=jane')).toMatchObject({ code: 1, stdout: 'no\n' });
    expect(await kubectl.out('auth can-i --list --as=jane')).toMatch(/configmaps +\[\] +\[\] +\[get list\]/);
    expect(await kubectl.refusal('get secrets --as=jane')).toBe(
      'Error from server (Forbidden): secrets is forbidden: User "jane" cannot list resource "secrets" in API group "" in the namespace "default"\n',
    );
    expect(await kubectl.out(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'])).toBe('system:admin');
    expect(
      await kubectl.out(['auth', 'whoami', '--as=jane', '--as-group=devs', '-o', 'jsonpath={.status.userInfo.groups}']),
    ).toBe('["devs","system:authenticated"]');
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'seer', namespace: 'default' },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
    };
    expect(await kubectl.out('auth reconcile -f -', { stdin: role })).toContain(
      'role.rbac.authorization.k8s.io/seer reconciled',
    );
    expect(await jsonpath('role seer', '{.rules[*].resources}')).toBe('["configmaps"] ["secrets"]');
  });
});

describe('certificate', () => {
  test('a request is approved and signed; another is denied', async () => {
    const key = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
    await import('reflect-metadata');
    const { Pkcs10CertificateRequestGenerator } = await import('@peculiar/x509');
    const request = await Pkcs10CertificateRequestGenerator.create({
      name: 'CN=jane,O=devs',
      keys: key,
      signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    });
    const object = (name: string) => ({
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name },
      spec: {
        request: btoa(request.toString('pem')),
        signerName: 'kubernetes.io/kube-apiserver-client',
        usages: ['client auth'],
      },
    });
    await kubectl.out('create -f -', { stdin: object('jane') });
    await kubectl.out('create -f -', { stdin: object('john') });
    expect(await kubectl.out('get csr jane --no-headers')).toMatch(
      /kubernetes.io\/kube-apiserver-client +system:admin +<none> +Pending\n$/,
    );
    expect(await kubectl.out('certificate approve jane')).toBe(
      'certificatesigningrequest.certificates.k8s.io/jane approved\n',
    );
    expect(await kubectl.out('certificate deny john')).toBe(
      'certificatesigningrequest.certificates.k8s.io/john denied\n',
    );
    await kubectl.out(['wait', 'csr/jane', '--for=jsonpath={.status.certificate}', '--timeout=10s']);
    expect(await kubectl.out('get csr jane --no-headers')).toMatch(/Approved,Issued\n$/);
    expect(atob(await jsonpath('csr jane', '{.status.certificate}'))).toContain('BEGIN CERTIFICATE');
    expect(await kubectl.out('get csr john --no-headers')).toMatch(/Denied\n$/);
  });
});

describe('config and top', () => {
  test('contexts, users and clusters are kept in the file', async () => {
    const file = `${kubectl.directory}/other.kubeconfig`;
    const own = (line: string): Promise<string> => kubectl.out(line, { environment: { KUBECONFIG: file } });
    expect(await own('config set-cluster c --server=https://127.0.0.1:1')).toBe('Cluster "c" set.\n');
    expect(await own('config set-credentials u --token=t')).toBe('User "u" set.\n');
    expect(await own('config set-context x --cluster=c --user=u --namespace=n')).toBe('Context "x" created.\n');
    expect(await own('config use-context x')).toBe('Switched to context "x".\n');
    expect(await own('config view --minify -o jsonpath={..namespace}')).toBe('n');
    expect(await own('config delete-context x')).toContain('deleted context x');
  });
});
