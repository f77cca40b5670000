import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '#base/logger.ts';
import { PAUSE_IMAGE } from './containerd-config.ts';
import { resetContainerd } from './containerd-reset.ts';
import { ContainerdSupervisor } from './containerd-supervisor.ts';
import { CrictlRuntime } from './crictl.ts';
import { ensureImage } from './images.ts';
import { containerRuntimeSuite, eventually } from './runtime.suite.ts';
import type { ContainerConfig, RuntimeProcess, SandboxConfig } from './runtime.ts';

const crictl = Bun.which('crictl') ?? '';
const needs = [
  [process.getuid?.() === 0, 'root'],
  [Bun.which('containerd') !== null, 'containerd'],
  [crictl !== '', 'crictl'],
  [existsSync('/usr/lib/cni/bridge') || existsSync('/opt/cni/bin/bridge'), 'the CNI plugin bridge'],
  [existsSync('/bin/busybox'), 'busybox-static'],
] as const;
const missing = needs.filter(([there]) => !there).map(([, need]) => need);
const BUSYBOX = 'localhost/skep-test:1';
const CGROUP = `/skep-suite-${process.pid}`;

/** A docker-save archive of one layer with busybox in it. */
function busyboxArchive(directory: string, reference: string, entrypoint: readonly string[]): Uint8Array {
  const root = mkdtempSync(join(directory, 'image-'));
  mkdirSync(join(root, 'layer/bin'), { recursive: true });
  mkdirSync(join(root, 'layer/tmp'));
  copyFileSync('/bin/busybox', join(root, 'layer/bin/busybox'));
  chmodSync(join(root, 'layer/bin/busybox'), 0o755);
  for (const applet of [
    'sh',
    'sleep',
    'cat',
    'echo',
    'true',
    'false',
    'stty',
    'tail',
    'seq',
    'sha256sum',
    'head',
    'ls',
  ])
    symlinkSync('busybox', join(root, 'layer/bin', applet));
  run(['tar', '-C', join(root, 'layer'), '-cf', join(root, 'layer.tar'), '.']);
  const digest = new Bun.CryptoHasher('sha256').update(readFileSync(join(root, 'layer.tar'))).digest('hex');
  const config = JSON.stringify({
    architecture: process.arch === 'arm64' ? 'arm64' : 'amd64',
    os: 'linux',
    config: { Entrypoint: entrypoint, Env: ['PATH=/bin'] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  });
  writeFileSync(join(root, 'config.json'), config);
  const manifest = [{ Config: 'config.json', RepoTags: [reference], Layers: ['layer.tar'] }];
  writeFileSync(join(root, 'manifest.json'), JSON.stringify(manifest));
  run(['tar', '-C', root, '-cf', join(root, 'image.tar'), 'manifest.json', 'config.json', 'layer.tar']);
  return readFileSync(join(root, 'image.tar'));
}

function run(argv: string[]): string {
  const result = Bun.spawnSync(argv);
  if (!result.success) throw new Error(`${argv.join(' ')}: ${result.stderr.toString()}`);
  return result.stdout.toString();
}

async function startNode() {
  const directory = mkdtempSync(join(tmpdir(), 'skep-crictl-'));
  const cni = join(directory, 'cni');
  mkdirSync(cni);
  const network = {
    cniVersion: '0.4.0',
    name: 'skep-suite',
    plugins: [
      {
        type: 'ptp',
        ipam: { type: 'host-local', ranges: [[{ subnet: '10.199.7.0/24' }]], dataDir: join(directory, 'ipam') },
      },
    ],
  };
  writeFileSync(join(cni, '10-suite.conflist'), JSON.stringify(network));
  const logger = createLogger({ name: 'test', level: 'warn' });
  const options = { dataDirectory: directory, logger, crictl, cniConfigDirectory: cni };
  const supervisor = new ContainerdSupervisor(options);
  void supervisor.run();
  await supervisor.ready();
  const { socket, taskDirectory } = supervisor.paths;
  const runtime = new CrictlRuntime({ crictl, ctr: 'ctr', socket, taskDirectory, logger });
  await ensureImage(runtime, PAUSE_IMAGE, () => busyboxArchive(directory, PAUSE_IMAGE, ['/bin/sleep', '1000000']));
  await ensureImage(runtime, BUSYBOX, () => busyboxArchive(directory, BUSYBOX, []));
  return {
    directory,
    options,
    supervisor,
    runtime,
    close: async () => {
      runtime.close();
      await supervisor.stop();
      await resetContainerd({ dataDirectory: directory, logger, crictl, cgroupPaths: [CGROUP] });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

// A skip names what is missing; test/run.ts counts it as a failure.
if (missing.length > 0) test.skip(`CrictlRuntime (missing here: ${missing.join(', ')})`, () => undefined);
else {
  containerRuntimeSuite('CrictlRuntime', async () => {
    const node = await startNode();
    return {
      runtime: node.runtime,
      image: BUSYBOX,
      exitImage: BUSYBOX,
      logDirectory: join(node.directory, 'logs'),
      close: node.close,
    };
  });

  describe('containerd of the agent', () => {
    let node: Awaited<ReturnType<typeof startNode>>;
    let sandboxId = '';
    let id = '';
    const none = {
      privileged: false,
      supplementalGroups: [],
      readOnlyRootFilesystem: false,
      noNewPrivileges: false,
      addCapabilities: [],
      dropCapabilities: [],
      seccomp: 'Unconfined',
    } as const;
    let sandbox: SandboxConfig;
    const container: ContainerConfig = {
      name: 'c',
      attempt: 0,
      image: BUSYBOX,
      command: ['sh', '-c', "trap 'exit 143' TERM; echo out; echo err >&2; while :; do sleep 0.05; done"],
      args: [],
      workingDir: '/tmp',
      env: [],
      mounts: [],
      labels: {},
      annotations: {},
      logPath: 'c/0.log',
      stdin: false,
      stdinOnce: false,
      tty: false,
      resources: { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryLimitBytes: 0, oomScoreAdj: 0 },
      security: none,
    };

    beforeAll(async () => {
      node = await startNode();
      sandbox = {
        metadata: { name: 'p', namespace: 'default', uid: 'u', attempt: 0 },
        hostname: 'p',
        logDirectory: join(node.directory, 'logs'),
        portMappings: [],
        labels: {},
        annotations: {},
        cgroupParent: `${CGROUP}/p`,
        hostNetwork: false,
        hostPID: false,
        hostIPC: false,
        shareProcessNamespace: false,
        sysctls: {},
        security: none,
      };
      sandboxId = await node.runtime.runSandbox(sandbox);
      id = await node.runtime.createContainer(sandboxId, container, sandbox);
      await node.runtime.startContainer(id);
    }, 60_000);
    afterAll(() => node.close(), 60_000);

    const collect = async (process: RuntimeProcess) =>
      Promise.all([new Response(process.stdout).text(), new Response(process.stderr).text(), process.exitCode]);

    test('exec() keeps stdout, stderr and the exit code apart, without the words of crictl', async () => {
      const process = await node.runtime.exec(
        id,
        ['sh', '-c', 'echo out; echo time=\\"x >&2; printf err >&2; exit 9'],
        {
          stdin: false,
          tty: false,
        },
      );
      expect(await collect(process)).toEqual(['out\n', 'time="x\nerr', 9]);
    });

    test('exec() of a program that is not there rejects with the reason', async () => {
      const process = await node.runtime.exec(id, ['nosuchprogram'], { stdin: false, tty: false });
      const { exitCode } = process;
      exitCode.catch(() => undefined);
      expect(await Promise.all([new Response(process.stdout).text(), new Response(process.stderr).text()])).toEqual([
        '',
        '',
      ]);
      expect(exitCode).rejects.toThrow(/"nosuchprogram": executable file not found in \$PATH/);
    });

    test('exec() carries megabytes both ways unchanged', async () => {
      const process = await node.runtime.exec(id, ['cat'], { stdin: true, tty: false });
      const sent = crypto.getRandomValues(new Uint8Array(3_000_000).subarray(0, 65_536));
      const writer = process.stdin?.getWriter();
      const feeding = (async () => {
        for (let round = 0; round < 48; round++) await writer?.write(sent);
        await writer?.close();
      })();
      const received = new Uint8Array(await new Response(process.stdout).arrayBuffer());
      await feeding;
      expect(received.length).toBe(48 * sent.length);
      expect(Buffer.from(received.subarray(47 * sent.length)).equals(Buffer.from(sent))).toBe(true);
      expect(await process.exitCode).toBe(0);
    });

    test('exec() with a terminal gives it the size it is resized to', async () => {
      const process = await node.runtime.exec(
        id,
        ['sh', '-c', 'while ! stty size | head -1 | cat; do :; done; read line; stty size; exit 4'],
        {
          stdin: true,
          tty: true,
        },
      );
      let output = '';
      const reading = (async () => {
        for await (const chunk of process.stdout) output += Buffer.from(chunk).toString();
      })();
      await eventually(() => output.includes('\r\n'));
      process.resize(133, 44);
      const writer = process.stdin?.getWriter();
      await Bun.sleep(150);
      await writer?.write(Buffer.from('go\r'));
      expect(await process.exitCode).toBe(4);
      await reading;
      expect(output).toContain('44 133');
      expect(output).not.toContain('level=fatal');
    });

    test('execSync() ends a command that is too slow, inside the container too', async () => {
      const command = ['sleep', '98765'];
      const call = node.runtime.execSync(id, command, 300);
      expect(call).rejects.toThrow('command timed out: "sleep 98765" timed out after 0.3s');
      await call.catch(() => undefined);
      const left = run([
        'sh',
        '-c',
        'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " " | grep -c "sleep 98765" || true',
      ]);
      // The shell that looks has the words in its own command line.
      expect(Number(left)).toBeLessThanOrEqual(1);
    });

    test('a killed supervisor leaves containerd and containers running, and the next adopts them', async () => {
      const before = readFileSync(node.supervisor.paths.pidFile, 'utf8');
      await node.supervisor.stop();
      expect((await node.runtime.containerStatus(id)).state).toBe('running');
      const next = new ContainerdSupervisor(node.options);
      const running = next.run();
      await next.ready();
      expect(readFileSync(next.paths.pidFile, 'utf8')).toBe(before);
      await next.stop();
      await running;
      expect((await node.runtime.containerStatus(id)).state).toBe('running');
    });

    test('a containerd that is killed is started again, and its containers never noticed', async () => {
      const { pid, startedAt } = await node.runtime.containerStatus(id);
      const next = new ContainerdSupervisor(node.options);
      const running = next.run();
      await next.ready();
      const containerd = Number(readFileSync(next.paths.pidFile, 'utf8'));
      process.kill(containerd, 'SIGKILL');
      await eventually(() => readFileSync(next.paths.pidFile, 'utf8') !== `${containerd}`);
      const status = await eventually(() => node.runtime.containerStatus(id).catch(() => undefined));
      expect(status).toMatchObject({ state: 'running', pid, startedAt });
      await next.stop();
      await running;
    }, 20_000);

    test('resetContainerd() leaves no process, mount, cgroup or run directory', async () => {
      const { runDirectory, root } = node.supervisor.paths;
      await resetContainerd({
        dataDirectory: node.directory,
        logger: node.options.logger,
        crictl,
        cgroupPaths: [CGROUP],
      });
      expect(existsSync(runDirectory)).toBe(false);
      const mounts = readFileSync('/proc/self/mountinfo', 'utf8');
      expect(mounts.includes(runDirectory) || mounts.includes(root)).toBe(false);
      expect(Bun.spawnSync(['pgrep', '-f', runDirectory]).stdout.toString()).toBe('');
      expect(existsSync(join('/sys/fs/cgroup/memory', CGROUP)) || existsSync(join('/sys/fs/cgroup', CGROUP))).toBe(
        false,
      );
    }, 30_000);
  });
}
