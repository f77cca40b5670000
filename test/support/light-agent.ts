import { mkdir } from 'node:fs/promises';
import type { EventFrame } from '#api/wire/frames.ts';
import { keepCredentials } from '#agent/link/credentials.ts';
import { Link } from '#agent/link/link.ts';
import { NodeStatus } from '#agent/node/node-status.ts';
import { PodManager } from '#agent/pods/pod-manager.ts';
import { FakeRuntime } from '#agent/runtime/fake.ts';
import { DesiredState } from '#agent/state/desired-state.ts';
import type { TokenAnswer } from '#agent/volumes/service-account-tokens.ts';
import { unmountBelow } from '#agent/volumes/mounts.ts';
import { Volumes } from '#agent/volumes/volumes.ts';
import { systemClock } from '#base/clock.ts';
import type { Service } from '#base/service.ts';
import { GIT_VERSION } from '#base/version.ts';
import type { Hub } from '#server/hub.ts';
import { silentLog } from './database.ts';

/** The image that every light agent has; its containers run until they are stopped. */
export const LIGHT_IMAGE = 'localhost/run:1';

/**
 * An agent without containers: link, node status, desired state and pod workers are those of a real one, the runtime is in memory, and there is
 * no network of its own. For tests of what many agents do to a server.
 */
export async function startLightAgent(hub: Hub, nodeName: string, dataDir: string): Promise<Service> {
  await mkdir(dataDir, { recursive: true });
  keepCredentials(dataDir, { ca: hub.authority.caCertificate, token: await hub.nodeToken(nodeName) });
  const log = silentLog;
  const runtime = new FakeRuntime({ images: { [LIGHT_IMAGE]: {} } });
  const state = new DesiredState({ dataDir, log });
  await state.load();
  const link = new Link({
    server: hub.url,
    nodeName,
    agentVersion: GIT_VERSION,
    dataDirectory: dataDir,
    log,
    state,
    node: () => status.node(),
    welcomed: () => undefined,
    openStream: (_request, stream) => stream.close(),
  });
  const sendEvent = (frame: EventFrame): void => link.event(frame);
  const nodeIPs = (): readonly string[] => ['192.0.2.10'];
  const status = new NodeStatus({
    runtime,
    nodeName,
    nodeIPs,
    dataDir,
    sendStatus: (frame) => link.nodeStatus(frame.status),
    sendEvent,
    log,
  });
  const volumes = new Volumes({
    dataDir,
    state,
    requestToken: async (params) => (await link.request('serviceAccountToken', params)) as TokenAnswer,
    clock: systemClock,
    log,
  });
  const pods = new PodManager({
    runtime,
    state,
    volumes,
    dataDir,
    nodeName,
    nodeIPs,
    clusterDNS: () => ['10.43.0.10'],
    clusterDomain: () => 'cluster.local',
    allocatable: () => status.allocatable(),
    sendStatus: ({ namespace, name, uid, status: podStatus }) => link.podStatus({ namespace, name, uid }, podStatus),
    sendGone: ({ namespace, name, uid }) => link.podGone({ namespace, name, uid }),
    sendEvent,
    log,
  });
  state.onSynced(() => pods.resend());
  const services = [status, pods, link];
  const ends = Promise.all(services.map((service) => service.run()));
  return {
    name: `light agent ${nodeName}`,
    run: async () => void (await ends),
    async stop() {
      for (const service of services.toReversed()) await service.stop();
      await state.flush();
      runtime.close();
      await unmountBelow(dataDir);
      await ends;
    },
  };
}
