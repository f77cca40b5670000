import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type Cluster, startCluster } from '#test/support/cluster.ts';
import { waitFor } from '#test/support/hosts.ts';

/** What kubectl does with pods that run: exec, attach, cp, logs, port-forward, run -i, and the proxy to them. */
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
  await cluster.kubectl('create -f -', { stdin: JSON.stringify(POD) });
  await cluster.kubectl('create configmap some');
  await cluster.kubectl('wait --for=condition=Ready pod/web --timeout=30s');
}, 180_000);
afterAll(() => cluster?.stop(), 120_000);

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [
      {
        name: 'web',
        image: 'localhost/bb:1',
        command: [
          'sh',
          '-c',
          'mkdir /www && echo hello > /www/index.html && echo started && exec httpd -f -p 8080 -h /www',
        ],
        ports: [{ containerPort: 8080 }],
      },
      { name: 'side', image: 'localhost/bb:1', command: ['sh', '-c', 'echo one; echo two; exec sleep 77777'] },
    ],
  },
};
const refusal = async (line: string): Promise<string> => {
  const { code, stdout, stderr } = await cluster.kubectlResult(line);
  if (code === 0) throw new Error(`Not refused: ${line}: ${stdout}`);
  return stderr;
};
/** A line of a shell on the host, with kubectl set up. */
const shell = (line: string) =>
  cluster.first.run(['sh', '-c', line], {
    environment: { KUBECONFIG: cluster.kubeconfig, HOME: cluster.first.directory },
  });

describe('exec', () => {
  test('gives back output, errors, input and the exit code', async () => {
    expect(await cluster.kubectl('exec web -- cat /www/index.html')).toBe('hello\n');
    const both = await cluster.kubectlResult([
      'exec',
      'web',
      '-c',
      'side',
      '--',
      'sh',
      '-c',
      'echo out; echo err >&2; exit 7',
    ]);
    expect(both).toEqual({ code: 7, stdout: 'out\n', stderr: 'err\ncommand terminated with exit code 7\n' });
    expect(await cluster.kubectl('exec -i web -- wc -c', { stdin: 'x'.repeat(100_000) })).toMatch(/^ *100000\n$/);
    const first = await cluster.kubectlResult('exec web -- true');
    expect(first.stderr).toBe('Defaulted container "web" out of: web, side\n');
  });

  test('refuses what is not there or cannot be entered', async () => {
    expect(await refusal('exec nobody -- true')).toBe('Error from server (NotFound): pods "nobody" not found\n');
    expect(await refusal('exec web -c never -- true')).toContain('container never is not valid for pod web');
    expect(await refusal('exec deployment/never -- true')).toContain('deployments.apps "never" not found');
    expect(await refusal('exec configmap/some -- true')).toContain('not implemented');
    expect(await refusal('exec web -- /no/such/program')).toMatch(/no such file or directory|not found/);
  });
});

describe('logs', () => {
  test('of one container, of all, the last lines, with prefixes', async () => {
    expect(await cluster.kubectl('logs web -c side')).toBe('one\ntwo\n');
    expect(await cluster.kubectl('logs web -c side --tail=1')).toBe('two\n');
    const all = await cluster.kubectl('logs -l app=web --all-containers --prefix');
    expect(all.split('\n').filter(Boolean).sort()).toEqual([
      '[pod/web/side] one',
      '[pod/web/side] two',
      '[pod/web/web] started',
    ]);
    expect(await cluster.kubectl('logs web -c side --timestamps')).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d) one\n/,
    );
  });

  test('refusals', async () => {
    expect(await refusal('logs web -c never')).toContain('container never is not valid for pod web');
    expect(await refusal('logs web -c side --previous')).toContain(
      'previous terminated container "side" in pod "web" not found',
    );
    expect(await refusal('logs nobody')).toContain('pods "nobody" not found');
  });
});

describe('cp', () => {
  test('there and back, a file and a directory', async () => {
    const { code, stderr } = await shell(
      'mkdir -p $HOME/there/deep && echo a > $HOME/there/one && echo b > $HOME/there/deep/two && kubectl cp $HOME/there web:/tmp/there -c side && kubectl cp web:/tmp/there $HOME/back -c side && diff -r $HOME/there $HOME/back',
    );
    expect(`${code} ${stderr}`).toMatch(/^0 /);
    expect(await cluster.kubectl('exec web -c side -- cat /tmp/there/deep/two')).toBe('b\n');
    expect(await refusal('cp /no/such/file web:/tmp/x -c side')).toContain("doesn't exist in local filesystem");
  });
});

describe('port-forward and proxy', () => {
  test('a forwarded port answers as the pod does', async () => {
    const { stdout } = await shell(
      'kubectl port-forward pod/web 18080:8080 > $HOME/forward.log & pid=$!; for i in $(seq 50); do curl -s http://127.0.0.1:18080/index.html && break; sleep 0.1; done; kill $pid',
    );
    expect(stdout).toBe('hello\n');
    expect(await refusal('port-forward pod/nobody 18081:80')).toContain('pods "nobody" not found');
  });

  test('the API passes requests on to a pod', async () => {
    expect(await cluster.kubectl('get --raw /api/v1/namespaces/default/pods/web:8080/proxy/index.html')).toBe(
      'hello\n',
    );
  });
});

describe('run and attach', () => {
  test('run -i --rm gives in and out and takes the pod away', async () => {
    const { stdout, stderr } = await shell(
      "(sleep 3; echo from me; sleep 2) | kubectl run talk -i --rm --restart=Never --image=localhost/bb:1 --pod-running-timeout=30s -- sh -c 'read line; echo got $line'",
    );
    expect(`${stdout}${stderr}`).toContain('got from me');
    expect(stdout).toContain('pod "talk" deleted');
    await waitFor('the pod is gone', async () => (await cluster.kubectlResult('get pod talk')).code !== 0);
  }, 60_000);

  test('attach sees what the main process says', async () => {
    await cluster.kubectl([
      'run',
      'tick',
      '--image=localhost/bb:1',
      '--',
      'sh',
      '-c',
      'while true; do echo tick; sleep 1; done',
    ]);
    await cluster.kubectl('wait --for=condition=Ready pod/tick --timeout=30s');
    const { stdout } = await shell('timeout 4 kubectl attach tick');
    expect(stdout).toContain('tick\n');
    await cluster.kubectl('delete pod tick --now');
  }, 60_000);
});
