import { expect, test } from 'bun:test';
import { cgroupParent } from './cgroup.ts';
import {
  type ContainerdConfigOptions,
  containerdConfig,
  containerdPaths,
  parseContainerdVersion,
} from './containerd-config.ts';

const options = (version: readonly [number, number]): ContainerdConfigOptions => ({
  paths: containerdPaths('/var/lib/skep'),
  version,
  cniConfigDirectory: '/var/lib/skep/cni',
  cniPluginDirectories: ['/a', '/b'],
  cgroupDriver: 'systemd',
  snapshotter: 'overlayfs',
  registryDirectory: '/etc/skep/registries',
});

const parsed = (version: readonly [number, number]): unknown => Bun.TOML.parse(containerdConfig(options(version)));

test("containerdConfig() is version 2 with the keys of 1.x's one CRI plugin", () => {
  expect(parsed([1, 7])).toMatchObject({
    version: 2,
    plugins: {
      'io.containerd.grpc.v1.cri': {
        sandbox_image: 'localhost/skep-pause:1',
        restrict_oom_score_adj: true,
        containerd: { snapshotter: 'overlayfs', runtimes: { runc: { options: { SystemdCgroup: true } } } },
        cni: { bin_dir: '/a', conf_dir: '/var/lib/skep/cni' },
      },
    },
  });
});

test('containerdConfig() is version 3 for 2.x, whose images and runtime are plugins of their own', () => {
  expect(parsed([2, 0])).toMatchObject({
    version: 3,
    plugins: {
      'io.containerd.cri.v1.images': { snapshotter: 'overlayfs', pinned_images: { sandbox: 'localhost/skep-pause:1' } },
      'io.containerd.cri.v1.runtime': { restrict_oom_score_adj: true, cni: { bin_dir: '/a' } },
    },
  });
  expect(parsed([2, 1])).toMatchObject({
    plugins: { 'io.containerd.cri.v1.runtime': { cni: { bin_dirs: ['/a', '/b'] } } },
  });
});

test('containerdPaths() keeps sockets short, and apart for each data directory', () => {
  const long = containerdPaths(`/${'x'.repeat(200)}`);
  expect(`${long.socket}.ttrpc`.length).toBeLessThan(107);
  expect(long.socket).not.toBe(containerdPaths('/var/lib/skep').socket);
});

test('parseContainerdVersion() reads releases of distributions too', () => {
  expect(parseContainerdVersion('containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3')).toEqual(
    [1, 6],
  );
  expect(parseContainerdVersion('containerd github.com/containerd/containerd/v2 v2.1.4 75cb2b7193e4')).toEqual([2, 1]);
  expect(() => parseContainerdVersion('nothing')).toThrow('Cannot read the version');
});

test('cgroupParent() is a slice for systemd, a path for cgroupfs', () => {
  expect(cgroupParent('/skep/burstable/pod1-2', 'systemd')).toBe('skep-burstable-pod1_2.slice');
  expect(cgroupParent('/skep/burstable/pod1-2', 'cgroupfs')).toBe('/skep/burstable/pod1-2');
});
