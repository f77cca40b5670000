import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type KubectlServer, startKubectlServer } from '#test/support/kubectl.ts';

/** kubectl create, run, expose and delete: each generator, its output and its refusals. */
let kubectl: KubectlServer;
beforeAll(async () => {
  kubectl = await startKubectlServer();
}, 60_000);
afterAll(() => kubectl?.stop());

const jsonpath = (what: string, path: string): Promise<string> =>
  kubectl.out(['get', ...what.split(' '), '-o', `jsonpath=${path}`]);

describe('create', () => {
  /** What is made, by which words, and something that is then true of it. */
  const GENERATORS: readonly (readonly [string, string, string, string, string])[] = [
    ['create namespace one', 'namespace/one created', 'namespace one', '{.status.phase}', 'Active'],
    [
      'create configmap c1 --from-literal=a=1 --from-literal=b=2',
      'configmap/c1 created',
      'configmap c1',
      '{.data.a}{.data.b}',
      '12',
    ],
    [
      'create secret generic s1 --from-literal=key=value',
      'secret/s1 created',
      'secret s1',
      '{.type} {.data.key}',
      'Opaque dmFsdWU=',
    ],
    [
      'create secret docker-registry s2 --docker-server=r.example --docker-username=u --docker-password=p',
      'secret/s2 created',
      'secret s2',
      '{.type}',
      'kubernetes.io/dockerconfigjson',
    ],
    [
      'create serviceaccount robot',
      'serviceaccount/robot created',
      'serviceaccount robot',
      '{.metadata.name}',
      'robot',
    ],
    [
      'create deployment web --image=example/web:1 --replicas=2 --port=80',
      'deployment.apps/web created',
      'deployment web',
      '{.spec.replicas} {.spec.selector.matchLabels.app} {.spec.template.spec.containers[0].ports[0].containerPort}',
      '2 web 80',
    ],
    [
      'create service clusterip plain --tcp=80:8080',
      'service/plain created',
      'service plain',
      '{.spec.type} {.spec.ports[0].targetPort}',
      'ClusterIP 8080',
    ],
    [
      'create service nodeport outside --tcp=80 --node-port=30123',
      'service/outside created',
      'service outside',
      '{.spec.ports[0].nodePort}',
      '30123',
    ],
    [
      'create service loadbalancer balanced --tcp=443',
      'service/balanced created',
      'service balanced',
      '{.spec.type}',
      'LoadBalancer',
    ],
    [
      'create service externalname away --external-name=example.org',
      'service/away created',
      'service away',
      '{.spec.externalName}',
      'example.org',
    ],
    [
      'create role reader --verb=get,list --resource=pods,deployments.apps',
      'role.rbac.authorization.k8s.io/reader created',
      'role reader',
      '{.rules[*].apiGroups} {.rules[*].verbs}',
      '[""] ["apps"] ["get","list"] ["get","list"]',
    ],
    [
      'create rolebinding reads --role=reader --user=jane --serviceaccount=default:robot',
      'rolebinding.rbac.authorization.k8s.io/reads created',
      'rolebinding reads',
      '{.roleRef.name} {.subjects[*].name}',
      'reader jane robot',
    ],
    [
      'create clusterrole prober --verb=get --non-resource-url=/probe',
      'clusterrole.rbac.authorization.k8s.io/prober created',
      'clusterrole prober',
      '{.rules[0].nonResourceURLs[0]}',
      '/probe',
    ],
    [
      'create clusterrolebinding probes --clusterrole=prober --group=probers',
      'clusterrolebinding.rbac.authorization.k8s.io/probes created',
      'clusterrolebinding probes',
      '{.subjects[0].kind}',
      'Group',
    ],
    [
      'create job once --image=example/job -- work',
      'job.batch/once created',
      'job once',
      '{.spec.completions} {.spec.completionMode}',
      '1 NonIndexed',
    ],
    [
      'create cronjob nightly --image=example/job --schedule=0~1~*~*~*',
      'cronjob.batch/nightly created',
      'cronjob nightly',
      '{.spec.schedule} {.spec.concurrencyPolicy}',
      '0 1 * * * Allow',
    ],
    [
      'create job by-hand --from=cronjob/nightly',
      'job.batch/by-hand created',
      'job by-hand',
      '{.metadata.ownerReferences[0].kind}',
      'CronJob',
    ],
    [
      'create ingress front --rule=example.org/=plain:80 --class=own',
      'ingress.networking.k8s.io/front created',
      'ingress front',
      '{.spec.rules[0].host} {.spec.rules[0].http.paths[0].pathType} {.spec.ingressClassName}',
      'example.org Exact own',
    ],
    [
      'create poddisruptionbudget calm --selector=app=web --min-available=1',
      'poddisruptionbudget.policy/calm created',
      'pdb calm',
      '{.spec.minAvailable}',
      '1',
    ],
    [
      'create priorityclass urgent --value=1000',
      'priorityclass.scheduling.k8s.io/urgent created',
      'priorityclass urgent',
      '{.value} {.preemptionPolicy}',
      '1000 PreemptLowerPriority',
    ],
    [
      'create quota small --hard=configmaps=20',
      'resourcequota/small created',
      'quota small',
      '{.spec.hard.configmaps}',
      '20',
    ],
  ];
  test.each(GENERATORS)('%s', async (line, said, what, path, value) => {
    const words = line.split(' ').map((word) => word.replaceAll('~', ' '));
    expect(await kubectl.out(words)).toBe(`${said}\n`);
    expect(await jsonpath(what, path)).toBe(value);
    expect(await kubectl.refusal(words)).toMatch(/already (exists|allocated)/);
  });

  test('a token of a service account that the server takes', async () => {
    const token = (await kubectl.out('create token robot --duration=1h')).trim();
    expect(token.split('.')).toHaveLength(3);
    const whoami = await kubectl.out(
      ['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}', `--token=${token}`],
      {
        environment: { KUBECONFIG: await anonymousConfig() },
      },
    );
    expect(whoami).toBe('system:serviceaccount:default:robot');
  });

  /** A kubeconfig that knows the server and nobody. */
  async function anonymousConfig(): Promise<string> {
    const config = JSON.parse(await kubectl.out('config view --raw -o json')) as {
      users: { user: Record<string, unknown> }[];
    };
    for (const user of config.users) user.user = {};
    return kubectl.file('nobody.kubeconfig', config);
  }

  test('configmaps from files, directories and env files', async () => {
    await kubectl.file('dir/one.txt', 'first\n');
    await kubectl.file('dir/two.txt', 'second\n');
    await kubectl.file('settings.env', 'A=1\n# no\nB=two words\n');
    await kubectl.out(`create configmap files --from-file=${kubectl.directory}/dir`);
    expect(JSON.parse(await jsonpath('configmap files', '{.data}'))).toEqual({
      'one.txt': 'first\n',
      'two.txt': 'second\n',
    });
    await kubectl.out(`create configmap env --from-env-file=${kubectl.directory}/settings.env`);
    expect(JSON.parse(await jsonpath('configmap env', '{.data}'))).toEqual({ A: '1', B: 'two words' });
  });

  test('--dry-run=client sends nothing; --dry-run=server asks and stores nothing', async () => {
    expect(await kubectl.out('create configmap dry --from-literal=a=1 --dry-run=client -o name')).toBe(
      'configmap/dry\n',
    );
    expect(await kubectl.out('create configmap dry --from-literal=a=1 --dry-run=server')).toBe(
      'configmap/dry created (server dry run)\n',
    );
    expect(await kubectl.refusal('get configmap dry')).toBe(
      'Error from server (NotFound): configmaps "dry" not found\n',
    );
    expect(await kubectl.refusal('create configmap Not_Valid --dry-run=server')).toContain(
      'ConfigMap "Not_Valid" is invalid: metadata.name: Invalid value: "Not_Valid": a lowercase RFC 1123 subdomain',
    );
  });

  test('many objects of one file, a List, and what becomes of a bad one among them', async () => {
    const config = (name: string, data: unknown = {}) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name },
      data,
    });
    const documents = [config('m1'), config('m2')].map((one) => JSON.stringify(one)).join('\n---\n');
    expect(await kubectl.out('create -f -', { stdin: documents })).toBe('configmap/m1 created\nconfigmap/m2 created\n');
    const list = { apiVersion: 'v1', kind: 'List', items: [config('m3'), config('m4')] };
    expect(await kubectl.out('create -f -', { stdin: list })).toBe('configmap/m3 created\nconfigmap/m4 created\n');
    const mixed = { apiVersion: 'v1', kind: 'List', items: [config('m5', { a: 1 }), config('m6')] };
    const { code, stdout, stderr } = await kubectl.result('create -f -', { stdin: mixed });
    expect(code).toBe(1);
    expect(stdout).toBe('configmap/m6 created\n');
    expect(stderr).toContain('cannot unmarshal number into Go struct field ConfigMap.data of type string');
  });

  test('unknown fields are refused, warned of or let pass, as asked', async () => {
    const stdin = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'odd' }, date: {}, data: {} };
    expect(await kubectl.refusal('create -f -', { stdin })).toBe(
      'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: unknown field "date"\n',
    );
    const warned = await kubectl.result('create --validate=warn -f -', { stdin });
    expect(warned.stdout).toBe('configmap/odd created\n');
    expect(warned.stderr).toBe('Warning: unknown field "date"\n');
    const ignored = await kubectl.result('replace --validate=ignore -f -', { stdin });
    expect(ignored).toEqual({ code: 0, stdout: 'configmap/odd replaced\n', stderr: '' });
  });

  test('an unknown kind, and a namespace that is not there', async () => {
    expect(
      await kubectl.refusal('create -f -', { stdin: { apiVersion: 'v1', kind: 'Widget', metadata: { name: 'x' } } }),
    ).toContain('no matches for kind "Widget" in version "v1"');
    expect(await kubectl.refusal('create configmap x -n nowhere')).toBe(
      'error: failed to create configmap: namespaces "nowhere" not found\n',
    );
  });
});

describe('run and expose', () => {
  test('run makes a pod; its overrides and labels hold', async () => {
    expect(
      await kubectl.out(
        'run probe --image=example/probe --labels=app=probe,tier=x --env=A=1 --restart=Never -- sleep 5',
      ),
    ).toBe('pod/probe created\n');
    expect(
      await jsonpath('pod probe', '{.metadata.labels.tier} {.spec.restartPolicy} {.spec.containers[0].args}'),
    ).toBe('x Never ["sleep","5"]');
    expect(await kubectl.refusal('run Bad_Name --image=example/probe')).toContain('Invalid value: "Bad_Name"');
  });

  test('expose takes selector and port from what it exposes', async () => {
    expect(await kubectl.out('expose deployment web --name=web --port=80 --target-port=8080')).toBe(
      'service/web exposed\n',
    );
    expect(await jsonpath('service web', '{.spec.selector.app} {.spec.ports[0].targetPort}')).toBe('web 8080');
    expect(await kubectl.refusal('expose pod probe --name=second')).toContain(
      "couldn't find port via --port flag or introspection",
    );
    expect(await kubectl.refusal('expose configmap c1 --port=1')).toContain('cannot expose a ConfigMap');
  });
});

describe('delete', () => {
  const make = async (...names: string[]): Promise<void> => {
    for (const name of names) await kubectl.out(`create configmap ${name} -n one`);
    await kubectl.out(['label', 'configmap', '-n', 'one', ...names, 'gone=yes']);
  };

  test('by name, by file, by label, all of a kind', async () => {
    await make('d1', 'd2', 'd3', 'd4');
    expect(await kubectl.out('delete configmap d1 -n one')).toMatch(/^configmap "d1" deleted( from one namespace)?\n$/);
    await kubectl.out('delete -n one -f -', {
      stdin: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'd2' } },
    });
    await kubectl.out('delete configmaps -n one -l gone=yes');
    expect(await kubectl.out('get configmaps -n one -l gone=yes -o name')).toBe('');
    await make('d5');
    await kubectl.out('delete configmaps --all -n one');
    expect(await kubectl.out('get configmaps -n one -l gone=yes -o name')).toBe('');
  });

  test('what is not there', async () => {
    expect(await kubectl.refusal('delete configmap never')).toBe(
      'Error from server (NotFound): configmaps "never" not found\n',
    );
    expect(await kubectl.out('delete configmap never --ignore-not-found')).toBe('');
    expect(await kubectl.out('delete configmap -l no=body')).toBe('No resources found\n');
    expect(await kubectl.refusal('delete configmap')).toContain('resource(s) were provided, but no name was specified');
  });

  test('a Deployment and what it owns; or only itself', async () => {
    const owned = (): Promise<string> => kubectl.out('get replicasets,pods -l app=web -o name');
    await kubectl.out('wait --for=jsonpath={.status.replicas}=2 deployment/web --timeout=20s');
    await kubectl.out('delete deployment web --cascade=orphan');
    expect((await owned()).split('\n').filter((name) => name.startsWith('pod/'))).toHaveLength(2);
    await kubectl.out('delete replicaset -l app=web --cascade=foreground');
    expect(await owned()).toBe('');
  });

  test('a pod at once, with a warning', async () => {
    const { stdout, stderr } = await kubectl.result('delete pod probe --grace-period=0 --force');
    expect(stderr).toContain('Warning: Immediate deletion does not wait for confirmation');
    expect(stdout).toMatch(/^pod "probe" force deleted/);
    expect(await kubectl.refusal('get pod probe')).toContain('NotFound');
  });

  test('a namespace with all that is in it', async () => {
    await make('d6');
    await kubectl.out('delete namespace one --timeout=30s');
    expect(await kubectl.refusal('get namespace one')).toContain('NotFound');
    expect(await kubectl.out('get configmaps -n one -o name')).toBe('');
    expect(await kubectl.refusal('delete namespace kube-system')).toContain(
      'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    );
  });
});
